"""What several parts' judges use: the team's table, and lists that a check of the learner's returns."""

import csv
import io

from workbench import HERE

TEAM = HERE / "team"
DISTRICTS = ["Eastfield", "Harbour", "Hillside", "Old Town", "University"]


def lab_rows():
    """Return the rows of the team's table, as shipped."""
    return list(csv.DictReader((TEAM / "data" / "shifts.csv").read_text().splitlines()))


def as_text(rows):
    """Return rows as the text of a CSV file."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def asked(function, *words):
    """Return what a check of the learner's says: a list of texts. Raises AssertionError where it is none."""
    found = function(*words)
    if not isinstance(found, (list, tuple, set)):
        raise AssertionError(f"{function.__name__} returned {found!r}, expected a list: empty where nothing is wrong.")
    return [str(problem) for problem in found]
