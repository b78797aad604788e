"""The lab `kubernetes-for-ml` on the real control plane, behind the grader's walls: its solution, the others, and some wrong answers.

`autograder check` runs the lab on the simulator where the real one's programs are not there. Takes about four minutes;
`make control-plane` brings the programs and runs it. Where kubectl is there, its kustomize must say what the lab's own renderer says.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from autograder.answers import read_answers, with_answers
from autograder.autograde import lab_imports
from autograder.execute import Limits, execute
from autograder.notebook import read_notebook, write_notebook
from autograder.release import make_solved
from autograder.score import score
from autograder.source import read_lab
from autograder.walled import close_servers

LAB = Path(__file__).resolve().parents[2] / "source" / "advanced" / "02-kubernetes-for-ml" / "lab.py"
LIMITS = Limits(cell_seconds=120, total_seconds=600)
# A part of each wrong answer's message: what is different on a real control plane would show here first.
WRONG = (
    "livenessProbe asks for /health",
    "did not end within 20 s",
    "its replicas are 1",
    "2 pods become 6",
    "Deployment belongs to somebody else",
    "Is the affinity a condition?",
)


def _why_not() -> str:
    from cluster import missing_programs

    if "PYTEST_XDIST_WORKER" in os.environ:
        return "minutes, and a gigabyte: run it alone, by `make control-plane`"
    return f"no {', '.join(missing_programs())} here: `make control-plane` brings them" if missing_programs() else ""


pytestmark = pytest.mark.skipif(bool(_why_not()), reason=_why_not() or "can run")


@pytest.fixture(scope="module")
def lab():
    """The lab. What forks its kernels ends with the module."""
    yield read_lab(LAB)
    close_servers()


def _run(lab, answers):
    """Run the lab with these answers in the place of solutions: return the scores by exercise, and what the set-up printed."""
    notebook = with_answers(make_solved(lab), {answer.exercise: answer.text for answer in answers})
    executed = read_notebook(execute(write_notebook(notebook), lab.files, lab.hidden, LIMITS, lab_imports(lab)))
    assert executed.metadata["autograder"]["left_running"] == []
    printed = "".join(output.get("text", "") for cell in executed.cells for output in cell.get("outputs", []))
    assert "<Cluster: real, v1." in printed
    return {each.exercise: each for each in score(lab, executed)}


def _right(lab):
    """Return the other right answers of each exercise: two."""
    points = {exercise.id: exercise.points for exercise in lab.exercises}
    right = {name: [each for each in read_answers(lab) if each.exercise == name and each.points == points[name]] for name in points}
    assert {len(answers) for answers in right.values()} == {2}
    return right


def test_the_solution_earns_every_point(lab):
    scores = _run(lab, [])
    assert [(name, each.points, each.message) for name, each in scores.items() if each.points != each.max_points] == []


@pytest.mark.parametrize("number", [0, 1])
def test_other_right_answers_earn_every_point(lab, number):
    scores = _run(lab, [answers[number] for answers in _right(lab).values()])
    assert [(name, each.points, each.message) for name, each in scores.items() if each.points != each.max_points] == []


def test_wrong_answers_lose_the_points_that_they_lose_on_the_simulator(lab):
    wrong = [answer for answer in read_answers(lab) if any(part in (answer.message or "") for part in WRONG)]
    assert len(wrong) == len(WRONG)
    scores = _run(lab, wrong)
    for answer in wrong:
        assert answer.message in scores[answer.exercise].message
        assert scores[answer.exercise].points == answer.points


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl here")
@pytest.mark.parametrize("number", [0, 1])
def test_kustomize_says_what_the_renderer_says(lab, number, tmp_path, monkeypatch):
    shutil.copytree(LAB.parent / "files" / "base", tmp_path / "base")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(LAB.parent / "files")
    from overlay import render

    exec(_right(lab)["canary"][number].text, {"Path": Path, "yaml": yaml})
    for name in ("stable", "canary"):
        folder = tmp_path / "overlays" / name
        said = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=True).stdout
        assert _by_name(yaml.safe_load_all(said)) == _by_name(render(folder))


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl here")
@pytest.mark.parametrize(
    ("resource", "why"),
    [("../../base/deployment.yaml", "is not in or below"), ("../../base/service/service.yaml", "is not in or below"), ("../..", "cycle")],
)
def test_kustomize_refuses_what_the_renderer_refuses(resource, why, tmp_path, monkeypatch):
    shutil.copytree(LAB.parent / "files" / "base", tmp_path / "base")
    monkeypatch.syspath_prepend(LAB.parent / "files")
    from overlay import render

    for folder in (tmp_path, tmp_path / "overlays" / "night"):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "kustomization.yaml").write_text("resources: []" if folder == tmp_path else f"resources: [{resource}]")
    said = subprocess.run(["kubectl", "kustomize", tmp_path / "overlays" / "night"], capture_output=True, text=True, check=False)
    assert said.returncode
    assert why in said.stderr
    with pytest.raises(ValueError, match=why):
        render(tmp_path / "overlays" / "night")


def _by_name(objects):
    return {(item["kind"], item["metadata"]["name"]): item for item in objects}
