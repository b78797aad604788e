"""Tests of the alarm's own small parts."""

from alarm import load, save


def test_a_model_comes_back_from_its_file(tmp_path):
    model = {"fill": 3.5, "mean": [0.1, 2.0], "scale": [1.0, 3.0], "weights": [0.25, -0.75], "intercept": -2.5}
    path = tmp_path / "alarm.json"
    save(model, path)
    assert load(path) == model
