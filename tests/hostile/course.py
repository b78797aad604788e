"""The hostile cohort: one course folder with a submission for each case, graded by the command line."""

import subprocess
import sys
from pathlib import Path

from autograder.cohort import new_cohort
from autograder.source import Lab, read_lab
from tests.hostile.case import Case, filled, submission
from tests.hostile.host import Host
from tests.hostile.not_a_notebook import PLACED
from tests.hostile.pages import NAMES, STUDENTS

LAB = Path(__file__).parent / "lab" / "lab.py"
CELL_SECONDS = 10
HONEST = Case("honest", "Right answers.")
VICTIMS = ("victim", "aa-first", "zz-last")


def read() -> Lab:
    """Return the small lab."""
    return read_lab(LAB)


def hand_in(cohort: Path, lab: Lab, case: Case, places: dict[str, str], student: str = "") -> Path:
    """Write the case's submission; return its folder."""
    folder = cohort / "submitted" / (student or case.name) / lab.slug
    folder.mkdir(parents=True, exist_ok=True)
    (folder / case.notebook).write_bytes(submission(lab, case, places))
    for name, data in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(data, Path):
            path.symlink_to(filled(str(data), places))
        else:
            path.write_bytes(filled(data, places).encode() if isinstance(data, str) else data)
    return folder


def make(cohort: Path, lab: Lab, cases: list[Case], host: Host) -> None:
    """Write the cohort with all cases, with honest neighbours, and with students whose names are hostile."""
    names = {case.name: case.about for case in cases} | NAMES | dict.fromkeys([*VICTIMS, *PLACED], "")
    new_cohort(cohort, [lab], {name: {"first_name": about, "last_name": "", "email": ""} for name, about in names.items()})
    for case in cases:
        hand_in(cohort, lab, case, host.places)
    for student in (*VICTIMS, *STUDENTS, *NAMES):
        hand_in(cohort, lab, HONEST, host.places, student)
    for student, (place, _, _) in PLACED.items():
        folder = cohort / "submitted" / student / lab.slug
        folder.mkdir(parents=True)
        place(folder, host.places)


def grade(cohort: Path, host: Host, *options: str) -> "subprocess.CompletedProcess[str]":
    """Grade the cohort by the command line, in a process whose environment holds a secret."""
    command = [str(Path(sys.executable).with_name("autograder")), "grade", str(cohort), "--jobs", "4", "--cell-seconds", str(CELL_SECONDS)]
    return subprocess.run([*command, *options], env=host.environ, capture_output=True, text=True, timeout=1200)
