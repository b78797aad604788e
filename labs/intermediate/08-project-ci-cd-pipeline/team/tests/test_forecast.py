"""python -m unittest discover tests: what must hold of the forecast's code, whatever the data."""

import unittest

from features import features
from predict import predict
from train import train


def row(**changes):
    """Return a row of the table."""
    plain = {"day": "2026-04-01", "shift": "early", "district": "Harbour", "temperature_c": "10", "rain_mm": "0", "workday": "1"}
    return {**plain, "trips_last_week": "20", "trips": "20", "returns": "30", **changes}


class Forecast(unittest.TestCase):
    def test_each_row_has_equally_many_features(self):
        rows = [row(), row(shift="late", workday="0"), row(district="Hillside", rain_mm="3.5")]
        self.assertEqual(len({len(line) for line in features(rows)}), 1)

    def test_shift_counts(self):
        early, late = features([row(), row(shift="late")])
        self.assertNotEqual(early, late)

    def test_training_finds_a_simple_rule(self):
        rows = [row(trips_last_week=str(n), trips=str(2 * n)) for n in range(10, 60)]
        self.assertAlmostEqual(predict(train(rows), [row(trips_last_week="30")])[0], 60, delta=2)

    def test_no_forecast_is_below_zero(self):
        model = train([row(trips_last_week=str(n), trips=str(n - 30)) for n in range(10, 60)])
        self.assertGreaterEqual(min(predict(model, [row(trips_last_week="1"), row()])), 0)


if __name__ == "__main__":
    unittest.main()
