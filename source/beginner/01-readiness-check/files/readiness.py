"""Your readiness card: what you expected, what the checks in the notebook saw, and where to repair what is weak.

The card is one small file beside the notebook, `readiness.json`. It is yours: delete it to begin again.
"""

import json
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.patches import Patch

CARD = Path("readiness.json")
MANY_TRIES = 4

# name: how many checks the notebook has, what to repair it with, and the labs of this course that lean on it most
PREREQUISITES = {
    "Bash": (
        2,
        "[The Unix Shell, by Software Carpentry](https://swcarpentry.github.io/shell-novice/): the lessons on pipes and on scripts",
        "ci-cd-for-ml, containers",
    ),
    "Python": (
        2,
        "[The Python tutorial, chapter 4, on functions and their defaults](https://docs.python.org/3/tutorial/controlflow.html#default-argument-values)",
        "every lab",
    ),
    "Git": (
        2,
        "[Pro Git, by Scott Chacon and Ben Straub](https://git-scm.com/book/en/v2): chapter 2, and Reset Demystified in chapter 7",
        "model-versioning, data-versioning, ci-cd-for-ml",
    ),
    "Environments": (
        2,
        "[The Python packaging guide, on pip and virtual environments](https://packaging.python.org/en/latest/guides/installing-using-pip-and-virtual-environments/)",
        "reproducibility, containers",
    ),
    "REST APIs": (
        2,
        "[MDN, an overview of HTTP](https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/Overview), then the quickstart of requests",
        "model-serving, online-vs-batch",
    ),
    "Testing": (
        2,
        "[pytest, Get started](https://docs.pytest.org/en/stable/getting-started.html), then its page on parametrising tests",
        "ci-cd-for-ml, project-ci-cd-pipeline",
    ),
    "Machine learning": (
        2,
        "[scikit-learn, common pitfalls and recommended practices](https://scikit-learn.org/stable/common_pitfalls.html)",
        "why-models-fail, experiment-tracking, drift",
    ),
    "Cloud": (
        2,
        "[The Missing Semester of Your CS Education, by MIT](https://missing.csail.mit.edu/) for working on remote machines; "
        "the price list and calculator of your own provider for costs",
        "containers, kubernetes-for-ml, online-vs-batch",
    ),
}


def expect(**sure):
    """Note how sure you are of each prerequisite before you begin, from 0 (not at all) to 100 (entirely). Use _ for a space."""
    card = _read()
    for word, percent in sure.items():
        name = next((name for name in PREREQUISITES if name.lower() == word.replace("_", " ").lower()), None)
        if name is None:
            raise ValueError(f"there is no prerequisite {word!r}: choose from {', '.join(PREREQUISITES)}")
        if not 0 <= percent <= 100:
            raise ValueError(f"{name}: {percent} given, expected a number from 0 to 100")
        card["expected"][name] = percent
    _write(card)


def trying(name, number):
    """Note that a check begins. Until it has passed once, each time is a try."""
    card = _read()
    check = card["checks"].setdefault(f"{name} {number}", {"tries": 0, "passed": False, "ever": False})
    check["tries"] += not check["ever"]
    check["passed"] = False
    _write(card)


def passed(name, number):
    """Note that a check has come to its end."""
    card = _read()
    card["checks"][f"{name} {number}"].update(passed=True, ever=True)
    _write(card)


def results():
    """Return a row for each prerequisite: name, checks, passed, tries (the most that one of its checks took), expected (or None)."""
    card, rows = _read(), []
    for name, (count, _, _) in PREREQUISITES.items():
        checks = [card["checks"].get(f"{name} {number}", {}) for number in range(1, count + 1)]
        rows.append(
            {
                "name": name,
                "checks": count,
                "passed": sum(check.get("passed", False) for check in checks),
                "tries": max(check.get("tries", 0) for check in checks),
                "expected": card["expected"].get(name),
            }
        )
    return rows


def in_words(row):
    """Return what to say of a prerequisite: not tried yet, not yet, passed at once, or passed after so many tries."""
    if not row["tries"]:
        return "not tried yet"
    if row["passed"] < row["checks"]:
        return f"{row['passed']} of {row['checks']} checks"
    return "passed at once" if row["tries"] == 1 else f"passed after {row['tries']} tries"


def draw(file):
    """Draw your card into a picture file, and return its alternative text."""
    rows = results()[::-1]
    fig, ax = plt.subplots(figsize=(8, 4))
    for place, row in enumerate(rows):
        share = 100 * row["passed"] / row["checks"]
        weak = needs_repair(row)
        ax.barh(place, share, color="white" if weak else "lightsteelblue", edgecolor="steelblue", hatch="//" if weak else None)
        ax.text(102, place, in_words(row), va="center")
    known = [(row["expected"], place) for place, row in enumerate(rows) if row["expected"] is not None]
    diamonds = ax.plot(*zip(*known, strict=True), "kD", label="how sure you were") if known else []
    plain = Patch(facecolor="lightsteelblue", edgecolor="steelblue", label="passed here")
    hatched = Patch(facecolor="white", edgecolor="steelblue", hatch="//", label="worth a repair")
    ax.set_yticks(range(len(rows)), [row["name"] for row in rows])
    ax.set(xlim=(0, 145), xticks=range(0, 101, 25), xlabel="checks passed in this notebook; how sure you were (%)", ylabel="prerequisite")
    ax.legend(handles=[plain, hatched, *diamonds], loc="upper center", bbox_to_anchor=(0.45, -0.16), ncols=3, frameon=False)
    ax.set_title("Your readiness card", loc="left")
    fig.savefig(file, dpi=100, bbox_inches="tight")
    plt.close(fig)
    said = "; ".join(f"{row['name']} {in_words(row)}" for row in rows[::-1])
    return f"Bar chart of the checks passed by prerequisite, with how sure you were as a diamond: {said}"


def needs_repair(row):
    """Return whether a prerequisite is worth a repair: not all of its checks pass, or one of them took many tries."""
    return row["passed"] < row["checks"] or row["tries"] >= MANY_TRIES


def repair_plan():
    """Return a table, as Markdown text: what to repair, with what, and which labs lean on it. What fails stands first."""
    rows = sorted(filter(needs_repair, results()), key=lambda row: (row["passed"] / row["checks"], -row["tries"]))
    lines = ["| Repair | what the card says | with what | before you come to |", "|:--|:--|:--|:--|"]
    for row in rows:
        _, repair, labs = PREREQUISITES[row["name"]]
        lines.append(f"| {row['name']} | {in_words(row)} | {repair} | {labs} |")
    for row in results():
        if not needs_repair(row) and row["expected"] is not None and row["expected"] < 50:
            lines.append(
                f"| nothing for {row['name']} | {in_words(row)}; you were {row['expected']} % sure | trust yourself a little more | |"
            )
    return "\n".join(lines) if len(lines) > 2 else "Nothing on this card asks for a repair."


def _read():
    try:
        return json.loads(CARD.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"expected": {}, "checks": {}}


def _write(card):
    CARD.write_text(json.dumps(card, indent=1), encoding="utf-8")
