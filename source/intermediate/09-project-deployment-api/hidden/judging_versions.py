"""The judge of the versions: switches, refusals and rollbacks, and what must be live after each."""

import hashlib
import json
from pathlib import Path

from judging import FOUND_KEY, body_of, once, same_number, was_started

from judgekit import drawn

# Put behind found/demand.py. Loads take time here; what happens meanwhile, the judge decides by the version's name.
SLOW_DEMAND = """
import time
_init, _trips, _read, ASKED, LOADING = Model.__init__, Model.trips, read_model, [], []

def _wait(condition, seconds):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)

def _slow_init(self, table):
    version, before = str(table["version"]), len(ASKED)
    if version == "BUSY":
        time.sleep(0.07)
    if version == "SLOW":  # until a forecast was asked for
        _wait(lambda: len(ASKED) > before, 2)
    if version in ("ONE", "OTHER"):  # until the other one is being loaded, too
        LOADING.append(version)
        _wait(lambda: len(LOADING) > 1, 0.3)
    _init(self, table)

def _noted_trips(self, *row, **named):
    ASKED.append(self.version)
    return _trips(self, *row, **named)

def read_model(file):
    if not isinstance(file, bytes) and Path(file).stem == "SWAPPED":  # somebody writes it, just before it is read
        Path(file).write_text(Path(file).read_text().replace(" 10.", " 20."))
    return _read(file)

Model.__init__, Model.trips = _slow_init, _noted_trips
"""


def _a_model(chance, version, bad=False):
    table = {str(station): [round(chance.uniform(1, 9), 2) for _ in range(168)] for station in (1, 2, 3)}
    table["1"][8] = round(chance.uniform(10, 10.9), 2)  # what is asked for, and what a hand may change
    if bad:
        table["2"][5] = "many"
    return json.dumps({"version": version, "weather": {"temperature_c": 0.0, "rain_mm": 0.0, "wind_mps": 0.0}, "trips": table})


def play_versions(play):
    """Play switches and requests to the learner's versions; return the record, the script's labels and the truth."""
    return once("versions", lambda: _play_versions(play))


def _play_versions(play):
    chance = drawn("versions")
    first, second, third = names = [f"{year}-{chance.randint(10, 12)}" for year in (2023, 2024, 2025)]
    slow, one, other, late, swapped = more = [f"{name}-{chance.randint(10, 99)}" for name in ("slow", "one", "other", "late", "swapped")]
    texts = {version: _a_model(chance, version) for version in (*names, *more, "secret")}
    texts["half"] = _a_model(chance, "half", bad=True)
    index = {version: hashlib.sha256(text.encode()).hexdigest() for version, text in texts.items() if version != "secret"}
    truth = {version: json.loads(text)["trips"]["1"][8] for version, text in texts.items()}
    texts["touched"] = _a_model(chance, "touched")
    index |= {"touched": hashlib.sha256(texts["touched"].replace("1", "2").encode()).hexdigest(), "gone": "0" * 64}
    grown = {"models/index.json": json.dumps(index), f"models/{late}.json": texts.pop(late)}
    index.pop(late)
    files = {f"models/{version}.json": text for version, text in texts.items() if version != "secret"}
    files |= {"models/index.json": json.dumps(index), "secret.json": texts["secret"], "models/unlisted.json": _a_model(chance, "unlisted")}
    slow_demand = SLOW_DEMAND
    for word, version in {"BUSY": second, "SLOW": slow, "ONE": one, "OTHER": other, "SWAPPED": swapped}.items():
        slow_demand = slow_demand.replace(f'"{word}"', f'"{version}"')
    files["demand.py"] = Path("found/demand.py").read_text() + slow_demand
    hour = {"station_id": 1, "time": "2025-10-06T08:00:00Z", "temperature_c": 10, "rain_mm": 0, "wind_mps": 1}  # a Monday
    asks = {"ask": ["POST", "/v1/predict", {"hours": [hour]}], "key": FOUND_KEY + "ana"}
    put = lambda version: {"ask": ["PUT", "/v1/model", {"model_version": version}], "key": FOUND_KEY + "noor"}  # noqa: E731
    back = {"ask": ["POST", "/v1/model/rollback"], "key": FOUND_KEY + "noor"}
    ready = {"ask": ["GET", "/ready"]}
    steps = [
        ("/ready", ready, 200, first),
        ("a rollback before any switch", back, 409, None),
        ("a forecast", asks, 200, first),
        ("a switch to a version whose file is not what the index says", put("touched"), 409, None),
        ("a switch to a version whose file is there with the right hash, but holds a text among its numbers", put("half"), 409, None),
        ("a switch to a version that is in the index, and whose file is gone", put("gone"), 409, None),
        ("a switch to a version that the index does not name", put("1999-01"), 404, None),
        ("a switch to '../secret', a file outside the folder", put("../secret"), 404, None),
        ("a switch to a file that lies in the folder, and is not in the index", put("unlisted"), 404, None),
        ("a forecast after refused switches", asks, 200, first),
        ("a switch", put(second), 200, second),
        ("a forecast after a switch", asks, 200, second),
        ("a switch to the version that is live", put(second), 200, second),
        ("another switch", put(third), 200, third),
        ("a rollback", back, 200, second),
        ("a forecast after a rollback", asks, 200, second),
        ("a second rollback", back, 200, first),
        ("/ready after rollbacks", ready, 200, first),
        ("a rollback with nothing left to go back to", back, 409, None),
    ]
    script = [step for _, step, *_ in steps]
    script.append({"together": [put(second), *[{**asks, "times": 12} for _ in range(3)]]})
    script += [{"write": {f"models/{second}.json": "{}", f"models/{first}.json": "{}"}}, asks, back, asks]
    script.append({"together": [put(slow), {"steps": [{"pause": 0.2}, asks]}]})
    script += [{"together": [put(one), put(other)]}, back, back]
    script += [{"write": grown}, put(late), asks, put(swapped), asks]
    settings = {"MODELS": "{place}/models", "MODEL_VERSION": first}
    record = play(["versions"], script, files, settings)
    broken = play(["versions"], [ready], files, {**settings, "MODEL_VERSION": "touched"})
    return record, broken, steps, truth, {"first": first, "second": second, "slow": slow, "pair": {one, other}, "late": late}


def judge_switches(play):
    """Fail where a switch, a rollback or a refusal did not come out as it should."""
    record, broken, steps, truth, names = play_versions(play)
    was_started(record, "versions")
    for (name, step, status, version), answer in zip(steps, record["answers"], strict=False):
        assert answer["status"] == status, f"{name} was answered with {answer['status']}, expected {status}: {str(answer['body'])[:160]}"
        said = body_of(answer)
        assert version is None or said.get("model_version") == version, (
            f"{name} was answered with the model_version {said.get('model_version')!r}, expected {version!r}."
        )
        if "hours" in str(step) and version:
            assert same_number(said["predictions"][0], truth[version]), (
                f"{name}: it says {version}, but that model would have predicted {truth[version]}, not {said['predictions'][0]}."
            )
    switch, asked, _, swapped = record["answers"][-4:]
    assert switch["status"] == 200 and body_of(asked).get("model_version") == names["late"], (
        f"A version that was released while the service ran, with its line in the index, was answered with {switch['status']}, and forecasts come from {body_of(asked).get('model_version')!r}. When is the index read?"
    )
    said = body_of(swapped)
    assert swapped["status"] == 200 and same_number(said["predictions"][0], truth.get(said.get("model_version"))), (
        f"A version's file was changed just after its hash had been taken. Then a forecast was answered with {swapped['status']} {str(swapped['body'])[:100]}: that is not what was released. Read the file once, and use the bytes that you have checked."
    )
    is_ready = [answer for answer in broken["answers"] if answer["status"] == 200]
    assert not is_ready, "A service that was started with a version whose file is not what the index says answers 200 at /ready."


def judge_switching_live(play):
    """Fail where requests met a switch, or a changed file, and were not answered by one whole model."""
    record, _, steps, truth, names = play_versions(play)
    was_started(record, "versions")
    first, second, answers = names["first"], names["second"], record["answers"][len(steps) + 1 :]
    met, last, (slow, meanwhile, one, other, back, again) = answers[:36], answers[36:39], answers[39:45]
    assert record["answers"][len(steps)]["status"] == 200, "The switch under load did not succeed."
    for answer in met:
        assert answer["status"] == 200, (
            f"While a version was being loaded, a request was answered with {answer['status']}. The old one must answer until the new one is ready."
        )
        said = body_of(answer)
        version = said.get("model_version")
        assert version in (first, second) and same_number(said["predictions"][0], truth[version]), (
            f"While a version was being loaded, an answer said {version!r} and {said['predictions'][0]}: that model would have predicted {truth.get(version)}."
        )
    for answer, version, when in zip(
        last,
        (second, None, first),
        ("after the files on the disk had been changed", "", "after a rollback to a version whose file on the disk had been changed"),
        strict=True,
    ):
        assert version is None or (answer["status"] == 200 and body_of(answer).get("model_version") == version), (
            f"A forecast {when} was answered with {answer['status']} {str(answer['body'])[:120]}. What is loaded stays in memory, the one before it too."
        )
    said = body_of(meanwhile).get("model_version")
    assert slow["status"] == 200, (
        f"A switch to a version that takes a while to load was answered with {slow['status']}: {str(slow['body'])[:120]}"
    )
    assert said == first, (
        f"A forecast that was asked for while another version was being loaded was answered by that one, {said!r}, after {meanwhile['seconds']:.1f} s: it had to wait for the switch. What stops the service while a file is read?"
    )
    statuses = [one["status"], other["status"]]
    assert 200 in statuses and not {0, 500} & {*statuses}, f"Two switches that came at once were answered with {statuses}."
    expected = [names["pair"], {names["slow"]}] if statuses == [200, 200] else [{names["slow"]}, {first}]
    went = [body_of(answer).get("model_version") for answer in (back, again)]
    assert all(version in allowed for version, allowed in zip(went, expected, strict=True)), (
        f"Two switches came at once, and were answered with {statuses}. Then two rollbacks went to {went}: a version that was live has been lost from the way back."
    )
