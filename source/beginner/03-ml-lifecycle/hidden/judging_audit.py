"""What the judge cells of maturity share: teams, and the evidence in their repositories."""

import json
from pathlib import Path

from colleagues import PIPELINE, make_team, pipeline_files, published, workflow_text
from lifecycle import committed, files, git, workflow
from ridetime import sha256

LEVEL_1 = ["pipeline", "data check", "model check", "trigger", "record", "no hands"]
LEVEL_2 = ["tests", "delivery"]
TRAIN = ".github/workflows/train.yml"
CI = ".github/workflows/ci.yml"
ORDER = ["check-data", "train", "check-model", "publish"]


def evidence_of(repo):
    """Return for each criterion that holds which texts may stand for it: {criterion: set of paths and commits}."""
    tree = {path: text for path, text in files(repo).items() if text.strip()}
    found = {}
    pipeline = json.loads(tree.get("pipeline.json", "{}"))
    steps, runner = pipeline.get("steps", []), pipeline.get("runner")
    kinds = [step["kind"] for step in steps]
    scripts = {step["script"] for step in steps}
    if runner in tree and scripts <= set(tree) and {"train", "publish"} <= set(kinds):
        found["pipeline"] = {"pipeline.json", runner, *scripts}
        train, publish = kinds.index("train"), kinds.index("publish")
        if "check-data" in kinds[:train]:
            found["data check"] = {"pipeline.json", *scripts}
        if "check-model" in kinds[train:publish]:
            found["model check"] = {"pipeline.json", *scripts}
    flows = {
        path: workflow(text)
        for path, text in tree.items()
        if Path(path).parent == Path(".github/workflows") and path.endswith((".yml", ".yaml"))
    }
    for path, flow in flows.items():
        commands = [words for job in flow["jobs"].values() for words in job["commands"]]
        if (
            flow["on"] & {"schedule", "repository_dispatch"}
            and any(words[:2] == ["python", runner] for words in commands)
            and runner in tree
        ):
            found.setdefault("trigger", set()).add(path)
        testing = {name for name, job in flow["jobs"].items() if any(_tests(words) for words in job["commands"])}
        tests = {
            name for name, text in tree.items() if Path(name).name.startswith("test_") and name.endswith(".py") and "def test_" in text
        }
        if flow["on"] & {"push", "pull_request"} and testing and tests:
            found.setdefault("tests", set()).update({path, *tests})
        for job in flow["jobs"].values():
            if (
                "push" in flow["on"]
                and job["needs"] & testing
                and any(words[:2] == ["python", "deploy.py"] for words in job["commands"])
                and "deploy.py" in tree
            ):
                found.setdefault("delivery", set()).add(path)
    model = committed(repo, "model.skops")
    if model is not None:
        records = {
            path
            for path, text in tree.items()
            if path.startswith("runs/") and path.endswith(".json") and json.loads(text).get("model") == sha256(model)
        }
        if records:
            found["record"] = records
        last, author = git(repo, "log", "-1", "--format=%H %ae", "--", "model.skops").split()
        if author == PIPELINE:
            found["no hands"] = {last, "model.skops"}
    return found


def _tests(words):
    return words[:1] == ["pytest"] or words[:3] == ["python", "-m", "pytest"]


def level_of(found):
    return 0 if not set(LEVEL_1) <= set(found) else 1 if not set(LEVEL_2) <= set(found) else 2


def team(folder, rng, change="nothing", ci=True):
    """Make a team's repository of level 2 (or of level 1, without `ci`), but for one change that is named."""
    runner, machine = (
        "run_pipeline.py",
        (published(f"model {rng.integers(10**9)}\n", run=f"runs/{rng.integers(10**6)}.json"), "pipeline", PIPELINE),
    )
    kinds = {
        "checked too late": ["check-data", "train", "publish", "check-model"],
        "data unchecked": ORDER[1:],
        "checked after training": ["train", "check-data", *ORDER[2:]],
    }
    tree = pipeline_files(kinds.get(change, ORDER))
    event, command, path = ["repository_dispatch"] if rng.random() < 0.5 else ["schedule", "workflow_dispatch"], f"python {runner}", TRAIN
    event = ["workflow_dispatch"] if change == "a button" else event
    command = {"announced": f'echo "python {runner}"', "commented out": f"'true # python {runner}'"}.get(change, f"{command} --all")
    path = {
        "elsewhere": "workflows/train.yml",
        "too deep": ".github/workflows/old/train.yml",
        "switched off": f"{TRAIN}.disabled",
        "no workflow": ".github/workflows/.gitkeep",
    }.get(change, TRAIN)
    tree[path] = "" if change == "no workflow" else workflow_text(event, {"train": ([], ["pip install -r requirements.txt", command])})
    tree |= {
        "tests/test_features.py": "def test_climb():\n    assert True\n",
        "deploy.py": "print('pipeline deployed')\n",
        "README.md": "# A model\n\nFully automated, level 2.\n",
    }
    if ci:
        pytest = {"tests announced": "echo pytest"}.get(change, "python -m pytest -q" if rng.random() < 0.5 else "pytest tests")
        needs = [] if change == "nobody waits" else ["checks"]
        tree[CI] = workflow_text(
            ["push"], {"checks": ([], ["pip install pytest", pytest]), "roll-out": (needs, ["python deploy.py --to server"])}
        )
    if change == "no test":
        tree["tests/test_features.py"] = "# to do\n"
    if change == "step empty":
        tree["steps/check_data.py"] = "\n"
    if change == "step gone":
        del tree["steps/check_model.py"]
    if change == "no pipeline":
        tree = {path: text for path, text in tree.items() if path not in ("pipeline.json", TRAIN)}
    commits = [(tree, "Ada", "ada@metro-bikes.example"), machine]
    if change == "by hand":
        commits.append((published("model of a Friday\n", run="runs/friday.json"), "Cy", "cy@metro-bikes.example"))
    if change == "by a namesake":
        commits.append((published("model of a Sunday\n", run="runs/sunday.json"), "pipeline", "pipeline@cys-laptop.example"))
    if change == "no record":
        commits.append(({"model.skops": "model without a record\n"}, "pipeline", PIPELINE))
    if change == "other record":
        commits[1:] = [
            (machine[0], "Cy", "cy@metro-bikes.example"),
            ({**published("x\n", run="runs/later.json"), "model.skops": "y\n"}, "pipeline", PIPELINE),
        ]
    commits.append(({"README.md": "# A model\n"}, "Bo", "bo@metro-bikes.example"))
    repo = make_team(folder, commits)
    if change in ("no workflow", "elsewhere"):
        (repo / TRAIN).parent.mkdir(parents=True, exist_ok=True)
        (repo / TRAIN).write_text(workflow_text(["schedule"], {"train": ([], [f"python {runner}"])}))  # in the folder, never committed
    return repo


def compare_audit(said, right, what):
    """Raise AssertionError where an audit's level or evidence is not what `evidence_of` found in the repository."""
    assert isinstance(said, (tuple, list)) and len(said) == 2 and isinstance(said[1], dict), (
        f"{what}: audit returned {said!r}, expected two things: the level, and a dictionary."
    )
    level, evidence = said
    more, less = sorted(set(evidence) - set(right)), sorted(set(right) - set(evidence))
    assert not more, f"{what}: audit has evidence for {more[0]!r} ({str(evidence[more[0]])[:60]}), which does not hold there."
    assert not less, f"{what}: audit has no evidence for {less[0]!r}, which holds there: see {sorted(right[less[0]])[0]}."
    assert int(level) == level_of(right), (
        f"{what}: audit says level {level}, expected {level_of(right)}: the criteria that hold are {', '.join(sorted(right)) or 'none'}."
    )
    for criterion, shown in evidence.items():
        ones = [shown] if isinstance(shown, (str, Path)) else list(shown)
        fits = [
            str(one).removeprefix("./") in right[criterion]
            or any(len(str(one)) >= 7 and full.startswith(str(one)) for full in right[criterion])
            for one in ones
        ]
        assert any(fits), (
            f"{what}: the evidence for {criterion!r} is {shown!r}, expected a path or a commit that shows it, such as {sorted(right[criterion])[0]!r}."
        )
