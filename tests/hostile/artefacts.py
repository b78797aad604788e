"""Artefacts: what the notebook leaves for the judge is data, and whatever it is, it changes nothing but its own points."""

from pathlib import Path
from typing import Any

from tests.hostile.case import Case, own_cell

RIGHT = 'report = {"stations": 3, "mean": 10.5}\n'
PICKLE = """
import os, pickle, pickletools
class Bad:
    def __reduce__(self):
        return os.system, ("touch /tmp/@MARK@ @TMP@/@MARK@ @HOME@/@MARK@ /lab/ran",)
data = pickle.dumps(Bad())
for name in ("model.pkl", "model.joblib", "model.pt", "python_model.pkl", "report.pkl", "waits.csv.pkl", "notes.txt"):
    Path(name).write_bytes(data)
"""
MLFLOW = (
    PICKLE
    + """
Path("model/code").mkdir(parents=True)
Path("model/MLmodel").write_text("flavors:\\n  python_function:\\n    loader_module: loader\\n    code: code\\n    python_model: python_model.pkl\\n")
Path("model/python_model.pkl").write_bytes(data)
Path("model/code/loader.py").write_text("import os\\nos.system('touch /tmp/@MARK@ @TMP@/@MARK@')\\n")
Path("mlruns/0").mkdir(parents=True)
Path("mlruns/0/meta.yaml").write_text("artifact_location: !!python/object/apply:os.system ['touch @TMP@/@MARK@']\\n")
"""
)
YAML = "Path('dvc.lock').write_text(\"schema: !!python/object/apply:os.system ['touch @TMP@/@MARK@']\\n\")\nPath('params.yaml').write_text('&a [*a, *a]')"
FAKE = "station,minutes\\nx,0\\ny,0\\nz,0\\n"
FAKED = 'report = {"stations": 3, "mean": 0.0}\nPath("report.json").write_text(json.dumps(report))\n'


def leaves(name: str, about: str, text: str, points: float | tuple[float, float] = 0.0, **more: Any) -> Case:
    """Return a case whose answer to the second exercise leaves something else than the report."""
    return Case(f"leaves-{name}", about, {"report": text}, points={"report": points}, **more)


CASES = (
    Case("leaves-pickles", "Files that run a program where they are unpickled.", change=own_cell(PICKLE, "end")),
    Case("leaves-a-model-with-code", "An MLflow model whose loader is the learner's.", change=own_cell(MLFLOW, "end")),
    Case("leaves-yaml-that-runs", "Tags that old loaders run, and a list in itself.", change=own_cell(YAML, "end")),
    leaves("a-pickle-for-a-report", "Bytes that are no JSON.", PICKLE + RIGHT + 'Path("report.json").write_bytes(data)'),
    leaves("a-folder-for-a-report", "A folder by the report's name.", RIGHT + 'Path("report.json").mkdir()'),
    leaves("a-link-to-itself-for-a-report", "A link to itself.", RIGHT + 'import os\nos.symlink("report.json", "report.json")'),
    leaves("a-report-without-rights", "A file that nobody may read.", RIGHT + 'Path("report.json").write_text(json.dumps(report))\nPath("report.json").chmod(0)', (0.0, 25.0)),
    leaves("nan-in-the-report", "JSON's own extension.", 'report = {"stations": 3, "mean": float("nan")}\nPath("report.json").write_text(json.dumps(report))'),
    leaves("texts-in-the-report", "Numbers as texts.", 'report = {"stations": "3", "mean": "10.5"}\nPath("report.json").write_text(json.dumps(report))', 5.0),
    leaves("a-list-for-a-report", "Another kind of JSON.", 'report = [3, 10.5]\nPath("report.json").write_text(json.dumps(report))', 5.0),
    leaves("true-for-numbers", "What counts as 1.", 'report = {"stations": True, "mean": True}\nPath("report.json").write_text(json.dumps(report))', 5.0),
    leaves("a-report-with-half-a-character", "Half of one, as JSON writes it.", 'report = {"stations": "\\ud800", "mean": "\\udfff"}\nPath("report.json").write_text(json.dumps(report))', 5.0),
    leaves("a-report-of-200-megabytes", "A large file.", 'report = 0\nPath("report.json").write_text("[" + "0," * 90_000_000 + "0]")', (0.0, 5.0), flagged=None),
    Case(
        "leaves-other-data",
        "waits.csv is changed so that the report would be right.",
        {"report": FAKED + f'Path("waits.csv").write_text("{FAKE}")'},
        points={"report": 5.0},
    ),
    Case(
        "leaves-a-link-for-the-data",
        "waits.csv is a link to the learner's own.",
        {"report": FAKED + f'Path("mine.csv").write_text("{FAKE}")\nPath("waits.csv").unlink()\nPath("waits.csv").symlink_to("mine.csv")'},
        points={"report": 5.0},
    ),
    Case(
        "leaves-a-folder-for-the-data",
        "waits.csv is a folder, which is not simply replaced.",
        {"report": FAKED + 'Path("waits.csv").unlink()\nPath("waits.csv/full").mkdir(parents=True)'},
        points={"report": 5.0},
    ),
    Case(
        "leaves-data-in-a-locked-folder",
        "Nothing can be written in the folder any more.",
        {"report": FAKED},
        own_cell(f'Path("waits.csv").write_text("{FAKE}")\nPath("waits.csv").chmod(0o444)\nPath(".").chmod(0o555)', "end"),
        points={"report": 5.0},
    ),
    Case(
        "changes-the-data-while-it-is-judged",
        "The judged function writes waits.csv before the next judge cell reads it.",
        {"report": FAKED, "mean-wait": f'def mean_wait(minutes):\n    with open("waits.csv", "w") as file:\n        file.write("{FAKE}")\n    return sum(minutes) / len(minutes) if minutes else 0.0'},
        points={"report": 5.0},
    ),
    Case(
        "changes-the-data-and-closes-the-folder",
        "Called by the judge, it leaves a folder in which nothing can be put back.",
        {"report": FAKED, "mean-wait": f'def mean_wait(minutes):\n    if minutes != [2, 4]:\n        Path("waits.csv").write_text("{FAKE}")\n        Path("waits.csv").chmod(0o444)\n        Path(".").chmod(0o555)\n    return sum(minutes) / len(minutes) if minutes else 0.0'},
        points={"report": 5.0, "mean-wait": (10.0, 30.0)},
    ),
    Case(
        "changes-the-data-by-a-process-that-goes-on",
        "Called by the judge, it starts a process that writes waits.csv over and over.",
        {"report": FAKED, "mean-wait": f'import os\n\ndef mean_wait(minutes):\n    if minutes != [2, 4] and not os.fork():\n        os.setsid()\n        while True:\n            Path("waits.csv").write_text("{FAKE}")\n    return sum(minutes) / len(minutes) if minutes else 0.0'},
        points={"report": 5.0, "mean-wait": (10.0, 30.0)},
    ),
    Case("hands-in-a-link-as-a-file", "notes.txt is a link out of its folder.", files={"notes.txt": Path("@SECRET_FILE@")}, state="unreadable", reason="leads out of its folder"),
    Case("hands-in-a-pickle-as-a-file", "Nobody loads it.", files={"notes.txt": b"\x80\x04cos\nsystem\n(S'touch /tmp/x'\ntR."}),
)  # fmt: skip
