"""A learner's page says what was earned and why; hidden tests and what a submission would like to run are not on it."""

import base64
from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.feedback import TEXT_CHARACTERS, exercise_titles, write_feedback
from autograder.gradebook import Mark
from autograder.notebook import marks
from autograder.page import clean_html, clean_markdown, plain
from autograder.redact import LEFT_OUT, hidden_lines, redact
from autograder.release import make_release, make_solved
from autograder.restore import restore
from autograder.result import GRADED, MISSING, UNREADABLE, Result
from autograder.score import FULL, TO_MARK, WRONG, Score, score
from autograder.source import Lab, read_lab
from tests.conftest import MakeProject, lab_path

HIDDEN = 'assert add(20, 22) == 42, f"20 and 22 make 42, not {add(20, 22)}"'
ADD = "def add(a, b):\n    return a + b"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()
MANUAL = '"grade": true, "grade_id": "essay", "locked": false, "points": 20, "schema_version": 3'
WRITTEN = f"""
# %% [markdown] nbgrader={{{MANUAL}, "solution": true, "task": false}}
# Say why.

# %% [markdown]
# ## Putting it together"""


@pytest.fixture
def lab(make_project: MakeProject) -> Lab:
    """Return the good lab."""
    return read_lab(lab_path(make_project()))


def stream(text: str, name: str = "stdout") -> NotebookNode:
    """Return what a cell wrote."""
    return nbformat.v4.new_output("stream", name=name, text=text)


def shows(**data: object) -> NotebookNode:
    """Return what a cell displayed; a double underscore in a name stands for the slash of its MIME type."""
    metadata = data.pop("metadata", {})
    return nbformat.v4.new_output("display_data", {k.replace("__", "/"): v for k, v in data.items()}, metadata=metadata)


def fails(name: str, words: str, traceback: str = "") -> NotebookNode:
    """Return a cell's error."""
    return nbformat.v4.new_output("error", ename=name, evalue=words, traceback=[traceback or f"{name}: {words}"])


def run(
    lab: Lab,
    answers: Mapping[str, str] = {},
    outputs: Mapping[str, list[NotebookNode]] = {},
    own: NotebookNode | None = None,
) -> NotebookNode:
    """Return a submission as if executed: `answers` and `outputs` by grade_id, `own` a learner's own cell at the end."""
    submitted = make_release(lab)
    for cell in submitted.cells:
        cell.source = answers.get(marks(cell).get("grade_id", ""), cell.source)
    if own:
        submitted.cells.append(own)
    executed = restore(make_solved(lab), submitted)
    for cell in executed.cells:
        if cell.cell_type == "code":
            cell.outputs = list(outputs.get(marks(cell).get("grade_id", ""), cell.get("outputs", [])))
            broken = any(output.output_type == "error" for output in cell.outputs)
            cell.metadata["autograder"] = {"state": "failed" if broken else "ok", "seconds": 0.1}
    if own:
        executed.cells[-1].outputs = own.outputs if own.cell_type == "code" else []
    return executed


def own_cell(*outputs: NotebookNode, source: str = "look()") -> NotebookNode:
    """Return a learner's own code cell with what it showed."""
    cell: NotebookNode = nbformat.v4.new_code_cell(source)
    cell.outputs = list(outputs)  # a kernel may send what the schema does not know
    return cell


def graded(lab: Lab, executed: NotebookNode) -> Result:
    """Return the result of the submission."""
    scores = tuple(score(lab, executed))
    return Result("ada", lab.slug, GRADED, lab.points, points=sum(found.points for found in scores), scores=scores)


def page_of(lab: Lab, executed: NotebookNode, by_hand: Mapping[str, Mark] = {}) -> str:
    """Return the learner's page as text."""
    return write_feedback(lab, executed, graded(lab, executed), by_hand).decode()


def body_of(page: str) -> str:
    """Return the page without its head, in which styles stand."""
    return page.partition("<body>")[2]


# What the page says


def test_the_sum_and_each_exercise_with_its_title_points_and_outcome_come_first(lab: Lab) -> None:
    """The page begins with the points, then a row for each exercise; the outcome is a word."""
    body = body_of(page_of(lab, run(lab, {"add": ADD}, {"judge-add": [fails("AssertionError", "a negative number takes away")]})))
    summary = body.partition("Your notebook")[0]
    assert "<strong>85</strong> of 100 points" in summary
    row = next(row for row in summary.split("<tr>") if "Exercise 1 — Add" in row)
    assert "10 of 25" in row
    assert "</span> partial</span>" in row
    assert "a negative number takes away" in row


def test_a_test_cell_is_replaced_by_what_it_earned_and_why(lab: Lab) -> None:
    """In the place of a test cell stands its outcome, its points and its message, and not its text."""
    body = body_of(page_of(lab, run(lab, {"add": ADD}, {"test-add": [fails("AssertionError", "the sum is off")]})))
    box = next(box for box in body.split('<div class="test">')[1:] if "exercise 1" in box).partition("</div>")[0]
    assert "wrong" in box
    assert "0 of 10 points" in box
    assert "the sum is off" in box
    assert "assert add(1, 1)" not in body


def test_a_test_is_its_own_exercises_where_that_ends_in_a_number(make_project: MakeProject) -> None:
    """Beside `add` there is an exercise `add-2`: its tests are called those of exercise 2."""
    names = (('"write"', '"add-2"'), ('"test-write"', '"test-add-2"'), ('"judge-write"', '"judge-add-2"'))
    lab = read_lab(lab_path(make_project(*names)))

    boxes = body_of(page_of(lab, run(lab))).split('<div class="test">')[1:]

    assert [sum(f"exercise {number}" in box.partition("</div>")[0] for box in boxes) for number in (1, 2)] == [2, 2]


def test_an_exercise_that_was_not_attempted_is_not_called_wrong(lab: Lab) -> None:
    """The untouched release reads *not attempted*, in the table and at its tests."""
    untouched = [fails("NotImplementedError", "")]
    tests = {name: untouched for exercise in lab.exercises for name in exercise.tests}
    body = body_of(page_of(lab, run(lab, outputs=tests)))
    assert body.count("</span> not attempted</span>") == len(lab.exercises) + len(tests)
    assert "</span> wrong</span>" not in body


def test_a_result_that_gives_less_than_its_tests_decides(lab: Lab) -> None:
    """Where a submission is flagged and set to 0, no test on its page says that it passed, and the reason stands there."""
    executed = run(lab, {"add": ADD})
    scores = tuple(Score(e.id, 0.0, e.points, WRONG, "the kernel was changed") for e in lab.exercises)
    flagged = Result("ada", lab.slug, GRADED, lab.points, "an assertion that must fail passed", 0.0, scores)
    body = body_of(write_feedback(lab, executed, flagged).decode())
    assert "an assertion that must fail passed" in body
    assert "</span> full</span>" not in body


@pytest.mark.parametrize("state", [MISSING, UNREADABLE])
def test_a_submission_that_is_not_graded_says_why_and_has_no_points(lab: Lab, state: str) -> None:
    """A page without a run gives the state and the reason; it never shows 0 points of 100."""
    page = write_feedback(lab, None, Result("ada", lab.slug, state, lab.points, "it is no JSON")).decode()
    assert f"<strong>Not graded</strong>: {state}" in page
    assert "it is no JSON" in page
    assert "of 100 points" not in page


def test_a_mark_and_a_comment_from_form_grader_are_shown_and_counted(make_project: MakeProject) -> None:
    """A written part has a person's points and comment, and they are in the sum; before that it waits to be marked."""
    lab = read_lab(lab_path(make_project(("\n# %% [markdown]\n# ## Putting it together", WRITTEN))))
    executed = run(lab, {"add": ADD, "essay": "Because."})
    scores = (Score("add", 25.0, 25.0, FULL), Score("essay", 0.0, 20.0, TO_MARK))
    result = Result("ada", lab.slug, GRADED, lab.points, points=25.0, scores=scores)
    waiting = write_feedback(lab, executed, result).decode()
    marked = write_feedback(lab, executed, result, {"essay": Mark(12.0, 1.0, "Good <reasons>.")}).decode()
    assert "20 more points are still to be marked" in waiting
    assert "<strong>38</strong> of 120 points" in marked
    assert "Marked by a person: 13 points" in marked
    assert "Good &lt;reasons&gt;." in marked


def test_a_mark_that_a_person_gave_a_test_takes_the_place_of_its_points(lab: Lab) -> None:
    """Form grader can overrule a test: its points are the person's, the other tests keep theirs."""
    executed = run(lab, {"add": ADD}, {"judge-add": [fails("AssertionError", "off")]})
    page = page_of(lab, executed, {"judge-add": Mark(7.0, 0.0, "")})
    assert "<strong>92</strong> of 100 points" in page
    assert "17 of 25" in page


def test_a_cell_that_was_stopped_says_so(lab: Lab) -> None:
    """A learner sees which cell did not end."""
    executed = run(lab, own=own_cell(stream("x")))
    executed.cells[-1].metadata["autograder"]["state"] = "timed out"
    assert "This cell was stopped: it ran too long." in page_of(lab, executed)


def test_an_exercise_without_a_heading_is_called_by_its_id(make_project: MakeProject) -> None:
    """Titles come from '### Exercise n — title', without Markdown's marks; else from the exercise's id."""
    lab = read_lab(lab_path(make_project(("### Exercise 1 — Add", "### Exercise 1 — `Add` *up*"), ("### Exercise 4 — Share", "### Now"))))
    assert [exercise_titles(lab)["add"], exercise_titles(lab)["share"]] == ["Exercise 1 — Add up", "Exercise 4 — share"]


# Hidden tests


def test_neither_hidden_tests_nor_mark_schemes_nor_solutions_are_on_the_page(lab: Lab) -> None:
    """A page made from the executed notebook, which holds the hidden tests, holds none of their lines."""
    page = page_of(lab, run(lab, {"add": ADD}))
    assert "add(20, 22)" not in page
    assert "no values have no doubles" not in page
    assert "HIDDEN TESTS" not in page


def test_a_locked_cell_is_shown_as_it_was_released(lab: Lab) -> None:
    """Whatever the executed notebook holds in a given cell, the page has what learners were given."""
    executed = run(lab)
    setup = next(cell for cell in executed.cells if marks(cell).get("grade_id") == "setup")
    setup.source = "expected = 1234567"
    page = page_of(lab, executed)
    assert "import matplotlib.pyplot as plt" in page
    assert "1234567" not in page


def test_a_mark_scheme_is_not_on_the_page(make_project: MakeProject) -> None:
    """The mark scheme of a task is left out, even where the executed notebook holds the task as its author wrote it."""
    scheme = WRITTEN.replace('"grade": true', '"grade": false').replace(
        '"solution": true, "task": false', '"solution": false, "task": true'
    )
    scheme = scheme.replace("# Say why.", "# Say why.\n# ### BEGIN MARK SCHEME\n# Half for naming the leak.\n# ### END MARK SCHEME")
    lab = read_lab(lab_path(make_project(("\n# %% [markdown]\n# ## Putting it together", scheme))))
    executed = run(lab)
    essay = next(cell for cell in executed.cells if marks(cell).get("grade_id") == "essay")
    essay.source = next(cell for cell in lab.notebook.cells if marks(cell).get("grade_id") == "essay").source
    assert "Half for naming" not in page_of(lab, executed)


def test_what_a_test_cell_prints_and_its_traceback_are_not_on_the_page(lab: Lab) -> None:
    """Tracebacks quote the lines of a test; a test may print what it expects. Neither is shown."""
    outputs = {"judge-add": [stream("the truth is 1234567"), fails("AssertionError", "off", f"----> 3 {HIDDEN}")]}
    page = page_of(lab, run(lab, {"add": ADD}, outputs))
    assert "1234567" not in page
    assert "add(20, 22)" not in page


@pytest.mark.parametrize(
    "text",
    [
        HIDDEN,
        f"   {HIDDEN}   ",
        f"----> 3 {HIDDEN}",
        repr([f"# Judged\n{HIDDEN}\n"]),
        HIDDEN.replace(" add", "\nadd"),
        HIDDEN.replace("assert", "\x1b[1massert\x1b[0m"),
        HIDDEN.replace(" ", "  "),
    ],
    ids=["plain", "indented", "in-a-traceback", "in-a-repr", "broken-in-two", "coloured", "spaced-out"],
)
def test_a_hidden_line_that_the_learners_cell_prints_is_left_out(lab: Lab, text: str) -> None:
    """A hook can catch a hidden test's text; where a cell prints it, a note stands in its place, and other lines stay."""
    page = page_of(lab, run(lab, own=own_cell(stream(f"before\n{text}\nafter"))))
    assert "42, f" not in page
    assert "20 and 22 make 42" not in page
    assert LEFT_OUT in page
    assert "before\n" in page
    assert "\nafter" in page


@pytest.mark.parametrize(
    "output",
    [
        shows(text__html="<table><tr><td>assert add(-1, 1) <b>== 0</b>, &quot;a negative number takes away&quot;</td></tr></table>"),
        shows(text__html=f"<img src='data:image/png;base64,{PNG}' alt='assert add(-1, 1) == 0, \"a negative number takes away\"'>"),
        shows(text__markdown='# assert add(-1, 1) == 0, "a negative number takes away"'),
        shows(text__plain='assert add(-1, 1) == 0, "a negative number takes away"'),
        shows(image__png=PNG, metadata={"image/png": {"alt": 'assert add(-1, 1) == 0, "a negative number takes away"'}}),
        fails("ValueError", "x", 'assert add(-1, 1) == 0, "a negative number takes away"'),
    ],
    ids=["table", "alt-text-in-html", "markdown", "text", "alt-text", "traceback"],
)
def test_a_hidden_line_in_any_kind_of_output_is_left_out(lab: Lab, output: NotebookNode) -> None:
    """Text, tables, formatted text, alternative texts and tracebacks are searched alike."""
    assert "takes away" not in page_of(lab, run(lab, own=own_cell(output)))


def test_a_message_that_quotes_a_hidden_test_is_left_out(lab: Lab) -> None:
    """A learner's function can read its caller's text and raise it as its message: neither table nor box shows it."""
    page = page_of(lab, run(lab, {"add": ADD}, {"judge-add": [fails("ValueError", HIDDEN)]}))
    assert "20 and 22" not in page
    assert LEFT_OUT in page


def test_what_a_hidden_test_says_is_shown(lab: Lab) -> None:
    """A sentence that stands alone on a line of a hidden test is for the learner; an expected value there is not."""
    judge = next(cell for cell in lab.notebook.cells if marks(cell).get("grade_id") == "judge-add")
    said = '### BEGIN HIDDEN TESTS\nwhy = (\n    "That is the sum of the other two."\n)\nexpected = {\n    "forty-two-and-more",\n}'
    judge.source = judge.source.replace("### BEGIN HIDDEN TESTS", said, 1)
    release = make_release(lab)

    hidden = hidden_lines(lab, release)

    assert redact("That is the sum of the other two.", hidden) == "That is the sum of the other two."
    assert redact("forty-two-and-more,", hidden) == LEFT_OUT


def test_a_hidden_script_is_searched_for_too(lab: Lab) -> None:
    """What lies beside the judge alone is as hidden as its tests."""
    lab.hidden["truth.py"] = b"LEAKING_FEATURE = 'dock_count_next_hour'\n"
    assert "dock_count" not in page_of(lab, run(lab, own=own_cell(stream("LEAKING_FEATURE = 'dock_count_next_hour'"))))


def test_a_line_that_stands_in_the_release_or_in_the_learners_own_cells_may_be_printed(lab: Lab) -> None:
    """An honest traceback that quotes `from pathlib import Path` or the learner's own line is not cut up."""
    lab.hidden["truth.py"] = b"from pathlib import Path\nreturn left + right + carried\n"
    own = own_cell(stream("from pathlib import Path\nreturn left + right + carried"), source="return left + right + carried")
    assert LEFT_OUT not in page_of(lab, run(lab, own=own))


# Pages that a submission would like to write

FORBIDDEN = {"script", "iframe", "svg", "math", "style", "form", "button", "base", "link", "meta", "noscript", "object"}
ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<table background=javascript:alert(1)><tr><td style='background:url(//evil.example)'>x</td></tr></table>",
    "<form action=//evil.example><button formaction=javascript:alert(1)>x</button></form>",
    "<meta http-equiv=refresh content='0;url=//evil.example'><base href=//evil.example><link rel=stylesheet href=//evil.example>",
    "</code></pre></div></main><script>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_that_a_submission_writes_runs_or_loads(lab: Lab, attack: str) -> None:
    """In an output, a text, a message or a name: markup that runs, loads, frames or sends is gone or is shown as text."""
    outputs = [shows(text__html=attack), shows(text__markdown=attack), shows(text__plain=attack), stream(attack)]
    own = own_cell(*outputs, fails(attack, attack), source=attack)
    executed = run(lab, {"add": attack}, {"test-add": [fails("ValueError", attack)]}, own)
    executed.cells.append(nbformat.v4.new_markdown_cell(attack))
    scores = tuple(score(lab, executed))
    result = Result(attack, lab.slug, GRADED, 100.0, attack, 0.0, scores)
    body = body_of(write_feedback(lab, executed, result, {"add": Mark(None, 0.0, attack)}).decode()).lower()
    tags = [tag.partition(">")[0] for tag in body.split("<")[1:]]
    names = {tag.split()[0].strip("/") for tag in tags if tag.strip()}
    assert not names & FORBIDDEN
    assert not [tag for tag in tags if "onerror" in tag or "onload" in tag or "javascript:" in tag or "evil.example" in tag]
    assert not [tag for tag in tags if "data:text" in tag]


def test_the_page_forbids_scripts_and_the_network(lab: Lab) -> None:
    """If anything slips through, the page's own policy stops it: nothing runs, and only pictures in the page are drawn."""
    page = page_of(lab, run(lab))
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page
    assert "<script" not in page


def test_terminal_codes_and_progress_bars_become_plain_text() -> None:
    """Colours, titles and links of a terminal are dropped, a progress bar is shown as it ended."""
    coloured = "\x1b[31mred\x1b[0m \x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\\r\n 10 %\r100 %\r\nend\x00\x08"
    assert plain(coloured) == "red link\n100 %\nend"


def test_text_that_is_no_text_does_not_break_the_page(lab: Lab) -> None:
    """Lone surrogates, which JSON can carry and UTF-8 cannot, and characters that turn text around are dropped."""
    executed = run(lab, {"add": "x = '\ud800\u202e'"}, own=own_cell(stream("\udfff\u2067text"), source="\ud800"))
    page = write_feedback(lab, executed, Result("a\ud800", lab.slug, GRADED, 100.0, "\udc00")).decode("utf-8")
    assert "\u202e" not in page
    assert "text" in page


def test_a_table_is_kept_without_its_styles(lab: Lab) -> None:
    """What pandas shows stays a table with its headers; its style sheet and its attributes go."""
    style = "<style scoped>.dataframe { color: red }</style>"
    table = f'<div>{style}<table border="1" class="dataframe"><tr><th scope="col">a &lt; b</th></tr></table></div>'
    page = page_of(lab, run(lab, own=own_cell(shows(text__html=table, text__plain="a < b"))))
    assert '<th scope="col">a &lt; b</th>' in page
    assert "color: red" not in page


def test_a_widget_is_shown_as_its_text(lab: Lab) -> None:
    """HTML that is nothing without its script and style, such as an estimator's diagram, gives way to its text."""
    output = shows(text__html="<div><input type=checkbox><label>Ridge</label></div>", text__plain="Ridge(alpha=2)")
    page = page_of(lab, run(lab, own=own_cell(output)))
    assert "Ridge(alpha=2)" in page


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        ("image/png", PNG, True),
        ("image/png", base64.b64encode(b"<svg onload=alert(1)>").decode(), False),
        ("image/png", "'><script>alert(1)</script>", False),
        ("image/png", base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(3 * 2**20)).decode(), False),
        ("image/svg+xml", "<svg><script>alert(1)</script></svg>", False),
    ],
    ids=["png", "not-a-png", "not-base64", "too-large", "svg"],
)
def test_a_picture_is_shown_only_if_it_is_one(lab: Lab, kind: str, data: str, shown: bool) -> None:
    """PNG, JPEG and GIF within bounds become data addresses; all else gives way to its text."""
    output = nbformat.v4.new_output("display_data", {kind: data, "text/plain": "<Figure 3 × 2>"})
    body = body_of(page_of(lab, run(lab, own=own_cell(output))))
    assert ("<img " in body) == shown
    assert "&lt;Figure 3 × 2&gt;" in body


def test_a_picture_carries_its_alternative_text(lab: Lab) -> None:
    """What a notebook says of its picture stands on the page, escaped."""
    output = shows(image__png=PNG, metadata={"image/png": {"alt": 'a line that "rises"'}})
    assert 'alt="a line that &#34;rises&#34;"' in page_of(lab, run(lab, own=own_cell(output)))


def test_markdown_cannot_load_a_picture_from_elsewhere() -> None:
    """A picture that is not in the page is replaced by its words."""
    text, _ = clean_markdown("![rivers & roads](https://evil.example/x.png)", 2)
    assert "evil.example" not in text
    assert "[picture: rivers &amp; roads]" in text


def test_headings_of_a_notebook_go_below_the_pages_own_and_skip_no_level() -> None:
    """A notebook's `#` is the page's third level; a jump from `#` to `####` becomes one step."""
    text, level = clean_markdown("# One\n\n#### Four\n\n## Two", 2)
    assert str(text).split("\n") == ["<h3>One</h3>", "<h4>Four</h4>", "<h4>Two</h4>"]
    assert level == 4


def test_a_flood_of_output_is_cut_and_says_so(lab: Lab) -> None:
    """A cell shows its first 20,000 characters, in however many pieces they came."""
    page = page_of(lab, run(lab, own=own_cell(*[stream("y" * 1000) for _ in range(500)])))
    assert page.count("y" * 10) * 10 == TEXT_CHARACTERS
    assert "It is cut here" in page


@pytest.mark.parametrize("text", ["<b>" * 20_000, "<div>" * 12_000, "<b></i>" * 8_000, "x" * 200_000])
def test_html_that_would_keep_the_cleaner_busy_is_not_cleaned_but_left_out(text: str) -> None:
    """Deeply nested or huge HTML costs minutes to sanitise; it is refused before."""
    assert clean_html(text) == ""


@pytest.mark.parametrize(
    "output",
    [
        nbformat.from_dict({"output_type": "display_data", "data": "text", "metadata": []}),
        nbformat.from_dict({"output_type": "display_data", "data": {"text/html": {"a": 1}, "text/plain": ["a", 1]}}),
        nbformat.from_dict({"output_type": "display_data", "data": {"image/png": PNG}, "metadata": {"image/png": "alt"}}),
        nbformat.from_dict({"output_type": "error"}),
        nbformat.from_dict({"output_type": "error", "traceback": "one text"}),
        nbformat.from_dict({"output_type": "stream"}),
        nbformat.from_dict({"output_type": "update_display_data"}),
    ],
)
def test_a_malformed_output_does_not_break_the_page(lab: Lab, output: NotebookNode) -> None:
    """A kernel can send what it likes; the page is written all the same."""
    assert "</html>" in page_of(lab, run(lab, own=own_cell(output)))


def test_the_same_submission_gives_the_same_page(lab: Lab, tmp_path: Path) -> None:
    """A page depends on the submission and its result alone."""
    executed = run(lab, {"add": ADD})
    assert page_of(lab, executed) == page_of(lab, executed)
