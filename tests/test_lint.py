"""Each rule over a lab's source is broken by a fault of its own; the good lab breaks none."""

import shutil
from dataclasses import dataclass, field

import pytest

from autograder.lint import LEAK_CHARACTERS, MAX_FILES_BYTES, RULES, Finding, lint
from autograder.source import read_lab
from tests.conftest import Edit, MakeProject, lab_path

HINT = "It is a plus."
END = "That is all."
EXAMPLE = "print(start + 1)"
REPORT = '{"grade": false, "grade_id": "report", "locked": true, "points": 20, "schema_version": 3, "solution": false, "task": true}'
TASK = """# %% [markdown]
# ### Exercise 5 — Report
# *Difficulty ●●● · about 60 minutes*

# %% [markdown] nbgrader=REPORT
# Write a report.

# %% [markdown]
# ## Putting it together""".replace("REPORT", REPORT)


@dataclass(frozen=True)
class Fault:
    """A mistake in a lab: the edits that make it, and what lint must say."""

    rule: str
    where: str
    what: str
    todo: str
    edits: tuple[Edit, ...]
    answers: tuple[Edit, ...] = ()
    others: frozenset[str] = field(default_factory=frozenset)


def fault(rule: str, where: str, what: str, todo: str, *edits: Edit, answers: tuple[Edit, ...] = (), others: str = "") -> Fault:
    """Return a fault; `others` are the codes of rules that it breaks besides."""
    return Fault(rule, where, what, todo, edits, answers, frozenset(others.split()))


FAULTS = {
    # The header
    "two-outcomes": fault("L01", "header", "2 outcomes", "write 3 to 5", ("#     - Read a plot of a sum\n", "")),
    "six-outcomes": fault(
        "L01", "header", "6 outcomes", "write 3 to 5", ("- Add two numbers", "- Add\n" + "#     - Add\n" * 2 + "#     - Add")
    ),
    "an-outcome-in-lower-case": fault(
        "L01", "header", "'add two numbers' does not start", "say what one can do", ("- Add two", "- add two")
    ),
    "an-outcome-without-a-verb": fault(
        "L01", "header", "'The sum' does not start", "say what one can do", ("- Add two numbers", "- The sum")
    ),
    "an-unknown-role": fault("L01", "header", "role 'Wizard' is not known", "choose from MLOps Engineer", ("- MLOps Engineer", "- Wizard")),
    "too-short": fault("L01", "header", "29 minutes", "a lab takes 30 to 150", ("minutes: 30", "minutes: 29")),
    "too-long": fault("L01", "header", "151 minutes", "a lab takes 30 to 150", ("minutes: 30", "minutes: 151")),
    "too-long-for-the-last-level": fault(
        "L01",
        "header",
        "211 minutes",
        "an advanced lab takes 30 to 210",
        ("minutes: 30", "minutes: 211"),
        ("level: beginner", "level: advanced"),
    ),
    "a-short-project": fault(
        "L01", "header", "90 minutes", "a project takes 120 to 240", ("minutes: 30", "minutes: 90\n#     project: true"), others="L03"
    ),
    "another-title": fault(
        "L01", "cell 1", "starts with '# A tiny lab'", "start with '# A small lab'", ("# # A small lab", "# # A tiny lab")
    ),
    # Points
    "a-point-too-many": fault("L02", "points", "they sum to 101", "let them sum to 100", ('"points": 10', '"points": 11'), others="L10"),
    "too-little-is-judged": fault(
        "L02",
        "points",
        "45 of 100 come from judge cells",
        "at least half",
        ('"task": false} tags=["judge"]', '"task": false}'),
        ("### BEGIN HIDDEN TESTS\n", ""),
        ("### END HIDDEN TESTS\n", ""),
    ),
    # Exercises
    "too-few-exercises": fault(
        "L03",
        "exercises",
        "there are 3",
        "make 4 to 8",
        ('"test-share"', '"test-double-2"'),
        ('"judge-share"', '"judge-double-2"'),
        others="L10",
    ),
    "an-answer-that-nothing-judges": fault(
        "L03",
        "cell share",
        "no test cell judges this answer",
        "add test-… or judge-… cells",
        ('"test-share"', '"test-double-2"'),
        ('"judge-share"', '"judge-double-2"'),
        others="L10",
    ),
    "a-project-without-a-written-part": fault(
        "L03", "exercises", "without a written part", "add a manually graded task", ("minutes: 30", "minutes: 120\n#     project: true")
    ),
    # Headings
    "another-heading": fault("L04", "headings", "Why this matters, Set-up, Part 1", "let them be", ("## Setup", "## Set-up")),
    "a-heading-too-many": fault("L04", "headings", "That is all", "let them be", (f"# {END}", "# ## That is all")),
    "no-parts": fault(
        "L04", "headings", "they are", "let them be", ("## Part 1 · Adding", "### Adding"), ("## Part 2 · Showing", "### Showing")
    ),
    "a-part-is-left-out": fault("L04", "headings", "Part 3", "let them be", ("## Part 2", "## Part 3")),
    "two-titles": fault("L04", "headings", "not exactly one first-level", "keep the title", (f"# {END}", "# # The end")),
    "a-heading-jumps": fault(
        "L04", "headings", "'Deep' jumps from level 2 to 4", "one level at a time", (f"# {END}", f"# {END}\n#\n# #### Deep")
    ),
    # Descriptions
    "an-exercise-without-a-heading": fault("L05", "cell add", "no heading '### Exercise", "add it", ("### Exercise 1 — Add", "### Add")),
    "an-exercise-without-a-difficulty": fault(
        "L05", "cell add", "no line '*Difficulty", "add it", ("*Difficulty ●○○ · about 5 minutes*", "*About 5 minutes*")
    ),
    "an-exercise-without-minutes": fault(
        "L05", "cell add", "no line '*Difficulty", "add it", ("*Difficulty ●○○ · about 5 minutes*", "*Difficulty ●○○*")
    ),
    "an-exercise-with-one-hint": fault(
        "L05", "cell add", "1 hints before it", "write two", (f"# <details><summary>Hint 2</summary>{HINT}</details>\n", "")
    ),
    # Ground
    "a-test-on-a-plain-cell": fault(
        "L06",
        "cell test-add",
        "uses 'offset', which only a plain cell binds",
        "bind it in a locked cell",
        (EXAMPLE, f"offset = 1\n{EXAMPLE}"),
        ("add(1, 1) == 2", "add(1, offset) == 2"),
    ),
    "a-judge-that-uses-a-value": fault(
        "L06",
        "cell judge-add",
        "uses 'start', which does not cross",
        "import or compute it in the cell",
        ("add(20, 22) == 42", "add(start, 1) == 42"),
    ),
    "a-judge-that-uses-an-import": fault(
        "L06",
        "cell judge-add",
        "uses 'json', which does not cross",
        "only functions cross",
        ("add(20, 22) == 42", "add(20, 22) == json.loads('42')"),
    ),
    # Hidden tests
    "a-silent-judge": fault(
        "L07",
        "cell judge-add",
        "is empty in the release",
        "say in a comment what will be judged",
        ("# Judged when you hand in: add, on other numbers.\n", ""),
    ),
    "a-hidden-test-is-a-copy": fault(
        "L08",
        "cell judge-add",
        "hidden test is a copy of a visible one (add(1, 1) == 2)",
        "test it on fresh inputs",
        ("add(20, 22) == 42", "add(1,1)==2"),
    ),
    # Leaks
    "a-solution-line-in-a-hint": fault(
        "L09",
        "cell double",
        "its line 'return [2 * value for value in values]' is in the release",
        "keep it out of hints and files",
        (HINT, "<code>return [2 * value for value in values]</code>"),
    ),
    "a-short-solution-line-of-its-own": fault(
        "L09", "cell add", "its line 'the_sum_of_both = a + b' is in the release", "keep it out", (END, "the_sum_of_both = a + b")
    ),
    "an-escaped-solution-line": fault(
        "L09", "cell share", "is in the release", "keep it out", (END, "return part &#47; whole if whole else 0.0")
    ),
    "a-hidden-test-in-the-text": fault(
        "L09", "cell judge-double", "'assert double([]) == []", "keep it out", (END, 'assert double([]) == [], "no values have no doubles"')
    ),
    # Answers
    "too-few-wrong-answers": fault(
        "L10",
        "answers.py",
        "exercise 'add' has 2 wrong answers",
        "write at least 3",
        answers=(('points=0 message="the sum of 1 and 1 is 2" why="joins', 'points=25 why="joins'),),
    ),
    "no-other-right-answer": fault(
        "L10",
        "answers.py",
        "exercise 'add' has no other right answer",
        "in another style",
        answers=(('grade_id="add" points=25', 'grade_id="add" points=24 message="x"'),),
    ),
    "a-wrong-answer-without-a-message": fault(
        "L10", "answers.py line 8", "without a message", "what its learner must read", answers=((' message="the sum of 1 and 1 is 2"', ""),)
    ),
    "an-answer-to-nothing": fault(
        "L10",
        "answers.py line 3",
        "there is no exercise 'ad'",
        "choose from add, write, double, share",
        answers=(('grade_id="add"', 'grade_id="ad"'),),
    ),
    "an-answer-without-a-reason": fault(
        "L10", "answers.py line 3", "no reason", "which mistake or style", answers=((' why="another style"', ""),)
    ),
    # Pictures and links
    "a-picture-without-alt-text": fault("L11", "cell 22", "a picture without alt text", "say in the alt text", (END, "![](start.png)")),
    "a-picture-with-an-empty-alt-text": fault(
        "L11", "cell 22", "a picture without alt text", "say in the alt text", (END, '<img src="x.png" alt="">')
    ),
    "a-picture-in-html-without-alt-text": fault(
        "L11", "cell 22", "a picture without alt text", "say in the alt text", (END, '<img src="x.png">')
    ),
    "a-link-says-here": fault("L11", "cell 22", "link text 'here' does not say", "name the page", ("[Python's tutorial]", "[here]")),
    "a-link-says-its-address": fault(
        "L11", "cell 22", "link text 'https://docs.python.org'", "name the page", ("[Python's tutorial]", "[https://docs.python.org]")
    ),
    # What a notebook cannot keep
    "an-attachment": fault("L12", "cell 22", "has an attachment", "put the picture into files/", (END, "![A sum](attachment:sum.png)")),
    "a-cell-magic": fault("L12", "cell 4", "is a cell magic", "ship the text as a file", (EXAMPLE, "# %%bash\n# ls")),
    "an-unknown-tag": fault(
        "L12", "cell 4", "tag 'jugde' is not known", "choose from judge, nbval-", ("# %%\nprint", '# %% tags=["jugde"]\nprint')
    ),
    # What has changed
    "no-box-on-older-tutorials": fault(
        "L13", "text", "no box '**In older tutorials**'", "which interfaces have changed", ("- Python", "- MLflow")
    ),
    "no-picture": fault(
        "L13",
        "text",
        "no picture that the learner makes",
        "show a plot",
        (', alt="A straight line from 0 to 8: each value\'s double.")', ")"),
    ),
    # What its words mean
    "a-term-that-the-text-does-not-explain": fault(
        "L14", "header", "the term 'addend'", "as *addend*", ("minutes: 30", "minutes: 30\n#     terms:\n#       addend: What is added.")
    ),
}


def read_edited(make_project: MakeProject, *edits: Edit, answers: tuple[Edit, ...] = ()) -> list[Finding]:
    """Return what lint finds in the small lab after the edits."""
    return lint(read_lab(lab_path(make_project(*edits, answers=answers))))


def test_the_good_lab_has_no_findings(make_project: MakeProject) -> None:
    """A lab that keeps the rules is left in peace."""
    assert read_edited(make_project) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(make_project: MakeProject, name: str) -> None:
    """Under its rule's code, with where, what, and what to do; and no rule complains that was not broken."""
    expected = FAULTS[name]

    findings = read_edited(make_project, *expected.edits, answers=expected.answers)

    found = [f for f in findings if f.rule == expected.rule and f.where == expected.where and expected.what in f.what]
    assert len(found) == 1, findings
    assert expected.todo in found[0].todo
    assert found[0].lab == "small-lab"
    assert {expected.rule} | expected.others == {f.rule for f in findings}


def test_every_rule_is_broken_by_a_fault() -> None:
    """No rule is without its test."""
    assert list(RULES) == sorted({fault.rule for fault in FAULTS.values()})


def test_a_finding_is_one_line() -> None:
    """Code, lab, where, what, and what to do."""
    assert (
        str(Finding("L02", "small-lab", "points", "they sum to 101", "let them sum to 100"))
        == "L02 small-lab: points: they sum to 101 – let them sum to 100"
    )


def test_findings_come_in_the_order_of_their_codes(make_project: MakeProject) -> None:
    """Whatever stands first in the lab."""
    findings = read_edited(make_project, (END, "![](x.png)"), ('"points": 10', '"points": 11'), ("minutes: 30", "minutes: 29"))

    assert list(dict.fromkeys(finding.rule for finding in findings)) == ["L01", "L02", "L10", "L11"]


def test_a_lab_without_answers_is_found(make_project: MakeProject) -> None:
    """Each exercise asks for its wrong and right ones."""
    path = lab_path(make_project())
    (path.parent / "answers.py").unlink()

    findings = lint(read_lab(path))

    expected = [
        f"exercise {name!r} has {what}"
        for name in ("add", "write", "double", "share")
        for what in ("0 wrong answers", "no other right answer")
    ]
    assert expected == [finding.what for finding in findings]


def test_large_files_are_found(make_project: MakeProject) -> None:
    """All files together count, but for links to what labs share; the limit itself is allowed."""
    path = lab_path(make_project())
    (path.parents[1] / "shared.csv").write_bytes(b"x" * MAX_FILES_BYTES)
    (path.parent / "files" / "shared.csv").symlink_to(path.parents[1] / "shared.csv")
    size = (path.parent / "files" / "start.json").stat().st_size
    (path.parent / "files" / "large.csv").write_bytes(b"x" * (MAX_FILES_BYTES - size))
    assert lint(read_lab(path)) == []
    (path.parent / "files" / "one.csv").write_bytes(b"x")

    (finding,) = lint(read_lab(path))

    assert (finding.rule, finding.where, finding.what, finding.todo) == ("L12", "files/", "300001 bytes", "keep them under 300000")


def test_a_solution_line_in_a_file_is_found(make_project: MakeProject) -> None:
    """Files are released too."""
    path = lab_path(make_project())
    (path.parent / "files" / "help.py").write_text("x = 1\nthe_sum_of_both = a + b\n")

    (finding,) = lint(read_lab(path))

    assert (finding.rule, finding.where) == ("L09", "cell add")


def test_a_file_that_is_no_text_leaks_nothing(make_project: MakeProject) -> None:
    """A picture is not read as text that fails."""
    path = lab_path(make_project())
    (path.parent / "files" / "picture.png").write_bytes(b"\x89PNG\xff\xfe")

    assert lint(read_lab(path)) == []


def test_a_project_with_a_written_part_is_left_in_peace(make_project: MakeProject) -> None:
    """It takes longer, and its written part is not asked for other answers."""
    findings = read_edited(
        make_project,
        ("minutes: 30", "minutes: 120\n#     project: true"),
        ("# %% [markdown]\n# ## Putting it together", TASK),
        *[('"points": 10', '"points": 5')] * 4,
        answers=(("points=20", "points=15"),),
    )

    assert findings == []


LEFT_IN_PEACE = {
    "a-heading-in-code": (END, "```text\n# Title\n## Setup\n```"),
    "a-picture-with-alt-text": (END, '![A sum](x.png) <img src="x.png" alt="A sum">'),
    "a-short-line-of-a-solution": (HINT, "`return a + b`"),
    "a-known-tag": ("# %%\nprint", '# %% tags=["nbval-skip"]\nprint'),
    "a-box-on-older-tutorials": (END, "**In older tutorials** it was called otherwise."),
    "parts-with-a-colon": ("## Part 1 · Adding", "## Part 1: Adding"),
    "a-name-that-the-judge-imports": ("assert add(20, 22) == 42,", "import math\nassert add(math.floor(20.5), 22) == 42,"),
    "a-builtin-in-a-judge": ("assert add(20, 22) == 42,", "assert add(sum([20]), int(22)) == 42,"),
    "a-test-on-the-set-up": ("assert add(1, 1) == 2,", "assert add(start, 1) == start + 1,"),
    "an-example-that-uses-the-set-up": (EXAMPLE, "offset = start\nprint(offset)"),
    "a-line-that-also-stands-in-the-open": (EXAMPLE, "the_sum_of_both = 1\na = b = 1\nthe_sum_of_both = a + b"),
}


@pytest.mark.parametrize("name", LEFT_IN_PEACE)
def test_what_is_no_fault_is_not_found(make_project: MakeProject, name: str) -> None:
    """A rule that complains of good labs is soon ignored."""
    assert read_edited(make_project, LEFT_IN_PEACE[name]) == []


def test_the_longest_line_that_tells_nothing() -> None:
    """The limit that `a-short-line-of-a-solution` stays below."""
    assert len("returna+b".replace("+", "")) < LEAK_CHARACTERS <= len("the_sum_of_bothab")


@pytest.mark.parametrize("hint", ["<code>the_sum_of_both = a + b</code>", "`the_sum_of_both = a + b`"], ids=["html", "markdown"])
def test_a_short_solution_line_in_a_hint_is_found(make_project: MakeProject, hint: str) -> None:
    """Marked as code, it is a line that stands only in the solution, however short it is."""
    assert [finding.rule for finding in read_edited(make_project, (HINT, hint))] == ["L09"]


@pytest.mark.parametrize(
    "heading", ["## Part 1. Adding", "## Part 1, adding", "## Part 1—Adding", "## Part 1/2 Adding", "## Part 1) Adding"]
)
def test_a_part_is_numbered_however_it_is_written(make_project: MakeProject, heading: str) -> None:
    """Lint may complain of the heading, and does not crash."""
    findings = read_edited(make_project, ("## Part 1 · Adding", heading))

    assert {finding.rule for finding in findings} <= {"L04"}


def test_an_indented_hidden_copy_is_found(make_project: MakeProject) -> None:
    """Hidden tests below a `with` or a `for` are read too."""
    copied = "for n in [1]:\n    ### BEGIN HIDDEN TESTS\n    assert add(1, 1) == 2\n    ### END HIDDEN TESTS\n    pass\n"
    begin = "### BEGIN HIDDEN TESTS\nassert add(20, 22) == 42,"

    findings = read_edited(make_project, (begin, copied + begin))

    assert [finding.rule for finding in findings] == ["L08"]


def test_each_lab_is_linted_alone(make_project: MakeProject) -> None:
    """A copy of the lab elsewhere changes nothing."""
    project = make_project()
    shutil.copytree(lab_path(project).parent, project / "source" / "beginner" / "02-small-lab")

    assert lint(read_lab(lab_path(project))) == []
