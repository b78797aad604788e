"""A cohort's report: a row for every submission, numbers that a spreadsheet can read, a page that needs nothing but itself."""

import base64
import csv
import io
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.plots import plot_difficulty, plot_points, plot_seconds
from autograder.report import group_messages, make_csv, summarise, write_report
from autograder.result import GRADED, MISSING, NOT_GRADED, UNREADABLE, Result
from autograder.score import FULL, NOT_ATTEMPTED, OUTCOMES, PARTIAL, TO_MARK, WRONG, Score
from autograder.source import Lab, read_lab
from tests.conftest import MakeProject, lab_path

ATTACK = "</td></tr></table><script>alert(1)</script>"


@pytest.fixture
def lab(make_project: MakeProject) -> Lab:
    """Return the good lab: four exercises of 25 points."""
    return read_lab(lab_path(make_project()))


def graded(lab: Lab, student: str, *points: float, messages: Sequence[str] = ()) -> Result:
    """Return a graded result with these points for the lab's exercises, one after the other."""
    messages = messages or [""] * len(points)
    scores = tuple(
        Score(e.id, p, e.points, FULL if p == e.points else PARTIAL if p else WRONG, message)
        for e, p, message in zip(lab.exercises, points, messages, strict=False)
    )
    return Result(student, lab.slug, GRADED, lab.points, points=sum(points), scores=scores, seconds=3.25, peak_mib=100)


def ungraded(lab: Lab, student: str, state: str, reason: str = "why") -> Result:
    """Return a result without a grade."""
    return Result(student, lab.slug, state, lab.points, reason)


def write(folder: Path, labs: Sequence[Lab], results: Sequence[Result], **more: object) -> str:
    """Write the report and return its page."""
    return write_report(folder / "report", "autumn", labs, results, **more).read_text()  # type: ignore[arg-type]


def rows_of(text: str) -> list[dict[str, str]]:
    """Return the CSV's rows."""
    return list(csv.DictReader(io.StringIO(text)))


def row_of(page: str, student: str) -> str:
    """Return the page's row of a student."""
    return next(row for row in page.split("<tr>") if f"<bdi>{student}</bdi>" in row)


# What is written


def test_three_files_are_written_and_the_pages_path_is_returned(lab: Lab, tmp_path: Path) -> None:
    """The folder is made; nothing but the three files is in it, no half-written ones either."""
    page = write_report(tmp_path / "new" / "report", "autumn", [lab], [graded(lab, "ada", 25)])
    assert page == tmp_path / "new" / "report" / "index.html"
    assert sorted(path.name for path in page.parent.iterdir()) == ["grades.csv", "index.html", "results.json"]


def test_a_report_that_cannot_be_written_leaves_the_old_one(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is replaced whole: where writing stops, the old file stands and no part of a new one."""
    write(tmp_path, [lab], [graded(lab, "ada", 25)])
    before = (tmp_path / "report" / "grades.csv").read_bytes()

    def stop(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:10])
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_bytes", stop)
    with pytest.raises(OSError, match="disk full"):
        write(tmp_path, [lab], [graded(lab, "bob", 25)])
    assert (tmp_path / "report" / "grades.csv").read_bytes() == before
    assert len(list((tmp_path / "report").iterdir())) == 3


def test_the_same_results_give_the_same_files(lab: Lab, tmp_path: Path) -> None:
    """Nothing in a report depends on when or where it was made."""
    results = [graded(lab, "ada", 25, 10)]
    pages = {write(tmp_path / name, [lab], results) for name in ("one", "two")}
    assert len(pages) == 1


@pytest.mark.parametrize("labs", [0, 1])
def test_a_report_without_results_is_a_report(lab: Lab, tmp_path: Path, labs: int) -> None:
    """A cohort that nobody has handed in for gets all three files, and the page says that nothing is graded."""
    page = write(tmp_path, [lab][:labs], [])
    assert ("No submission of this lab is graded yet." if labs else "There are no labs.") in page
    assert rows_of((tmp_path / "report" / "grades.csv").read_text()) == []
    assert json.loads((tmp_path / "report" / "results.json").read_text())["results"] == []


# grades.csv


def test_the_csv_has_a_row_for_each_student_and_lab(lab: Lab) -> None:
    """A row has the student, the name, the lab, the state, the points and the points of each exercise."""
    row = rows_of(make_csv([lab], [graded(lab, "ada", 25, 12.5, 0, 0)], {"ada": "Ada, Countess"}))[0]
    wanted = {"student": "ada", "name": "Ada, Countess", "lab": "small-lab", "state": "graded", "max_points": "100.0"}
    assert wanted.items() <= row.items()
    assert [float(row[name]) for name in ("points", "exercise_1", "exercise_2", "exercise_3")] == [37.5, 25, 12.5, 0]


@pytest.mark.parametrize("state", [MISSING, UNREADABLE, NOT_GRADED])
def test_what_is_not_graded_has_no_points_in_the_csv(lab: Lab, state: str) -> None:
    """Its points are empty, not 0, and the reason stands in its row."""
    row = rows_of(make_csv([lab], [ungraded(lab, "bob", state, "is no JSON")]))[0]
    assert [row[name] for name in ("state", "points", "to_be_marked", "seconds", "exercise_1")] == [
        state,
        "",
        "",
        "",
        "",
    ]
    assert row["reason"] == "is no JSON"


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_a_cell_that_a_spreadsheet_would_run_gets_an_apostrophe(lab: Lab, begin: str) -> None:
    """Names, ids and reasons come from outside: none of them begins a formula."""
    formula = f'{begin}HYPERLINK("http://evil.example";"x")'
    result = ungraded(lab, formula, UNREADABLE, formula)
    row = list(csv.reader(io.StringIO(make_csv([lab], [result], {formula: formula}), newline="")))[1]
    assert [row[0], row[1], row[8]] == [f"'{formula}"] * 3


def test_texts_are_quoted_and_numbers_are_numbers(lab: Lab) -> None:
    """A quote, a comma, a semicolon or a line break in a name moves nothing to another column; points can be summed."""
    text = make_csv([lab], [graded(lab, "ada", 25)], {"ada": 'a"b,c;=d\ne'})
    assert '"ada","a""b,c;=d\ne","small-lab","graded",25' in text


def test_points_that_wait_for_a_person_have_a_column_of_their_own(lab: Lab) -> None:
    """A sum without its written part does not look final."""
    result = replace(graded(lab, "ada"), scores=(Score("add", 0.0, 25.0, TO_MARK),))
    assert float(rows_of(make_csv([lab], [result]))[0]["to_be_marked"]) == 25


def test_a_late_submission_has_its_points_before_and_after_the_penalty(lab: Lab, tmp_path: Path) -> None:
    """In the CSV, in the JSON and on the page; where nobody was late the page has no such columns."""
    late = replace(graded(lab, "ada", 25, 25), points=40.0, penalty=10.0, seconds_late=7500.0)
    page = write(tmp_path, [lab], [late, graded(lab, "bob", 25), ungraded(lab, "cyd", MISSING)])
    rows = rows_of((tmp_path / "report" / "grades.csv").read_text())
    found = json.loads((tmp_path / "report" / "results.json").read_text())["results"]
    names = ("points_before", "penalty", "points", "seconds_late")
    assert [[float(row[name]) if row[name] else None for name in names] for row in rows] == [[50, 10, 40, 7500], [25, 0, 25, 0], [None] * 4]
    assert [[one[name] for name in names] for one in found] == [[50, 10, 40, 7500], [25, 0, 25, 0], [None] * 4]
    assert '>2 h 5 min</td><td class="number" data-value="10.0">10 of 50</td>' in row_of(page, "ada")
    assert "1 of the graded submissions came late" in page
    assert "Penalty" not in write(tmp_path, [lab], [graded(lab, "bob", 25)])


# results.json


def test_the_json_has_a_version_and_the_documented_shape(lab: Lab, tmp_path: Path) -> None:
    """Labs with their exercises, results with their scores, notes and names, all by documented keys."""
    write(tmp_path, [lab], [graded(lab, "ada", 25)], names={"ada": "Ada"}, notes=["no sandbox"])
    found = json.loads((tmp_path / "report" / "results.json").read_text())
    assert (found["version"], found["cohort"], found["notes"]) == (1, "autumn", ["no sandbox"])
    assert set(found["labs"][0]) == {"slug", "title", "level", "max_points", "exercises"}
    assert set(found["labs"][0]["exercises"][0]) == {"id", "title", "max_points", "judged", "manual"}
    known = "student name lab state max_points reason points scores seconds peak_mib submission graded_at to_be_marked flagged seed walled"
    known += " points_before penalty seconds_late"
    assert set(found["results"][0]) == set(known.split())
    assert set(found["results"][0]["scores"][0]) == {
        "exercise",
        "points",
        "max_points",
        "outcome",
        "message",
        "seconds",
    }
    assert found["results"][0]["name"] == "Ada"


@pytest.mark.parametrize("state", [MISSING, UNREADABLE, NOT_GRADED])
def test_what_is_not_graded_has_null_points_in_the_json(lab: Lab, tmp_path: Path, state: str) -> None:
    """Null cannot be taken for 0."""
    write(tmp_path, [lab], [ungraded(lab, "bob", state)])
    found = json.loads((tmp_path / "report" / "results.json").read_text())["results"][0]
    assert (found["state"], found["points"], found["scores"]) == (state, None, [])


# index.html


def test_every_submission_has_a_row_with_its_state(lab: Lab, tmp_path: Path) -> None:
    """Graded or not, each is there; what earned 0 shows 0, what is not graded shows a word and no number."""
    states = [MISSING, UNREADABLE, NOT_GRADED]
    results = [graded(lab, "zero", 0, 0, 0, 0), *(ungraded(lab, state.replace(" ", "-"), state) for state in states)]
    page = write(tmp_path, [lab], results)
    assert '<td>graded</td><td class="number" data-value="0">0</td>' in row_of(page, "zero")
    for state in states:
        row = row_of(page, state.replace(" ", "-"))
        assert f'<td class="ungraded">{state}</td><td class="number ungraded" data-value="">none</td>' in row
        assert not re.search(r">\s*0", row)


def test_what_is_not_graded_is_no_part_of_a_mean(lab: Lab) -> None:
    """Means and medians are those of graded submissions alone."""
    summary = summarise(lab, [graded(lab, "ada", 25, 25, 25, 5), ungraded(lab, "bob", MISSING), ungraded(lab, "cyd", UNREADABLE)])
    assert (summary.mean_points, summary.median_points) == ("80", "80")
    assert dict(summary.not_graded) == {MISSING: 1, UNREADABLE: 1}


def test_students_of_several_labs_have_a_table_with_a_word_for_each_lab_without_points(lab: Lab, tmp_path: Path) -> None:
    """One row per student, one column per lab: points, or why there are none."""
    second = replace(lab, header=replace(lab.header, slug="second", title="The second"))
    page = write(tmp_path, [lab, second], [graded(lab, "ada", 25), ungraded(second, "ada", MISSING), graded(lab, "bob", 0)])
    table = page.partition('<h2 id="students">')[2].partition("</table>")[0]
    assert '>25</td><td class="number ungraded" data-value="">missing</td>' in row_of(table, "ada")
    assert '>0</td><td class="number ungraded" data-value="">no submission</td>' in row_of(table, "bob")


def test_a_feedback_page_is_linked_where_there_is_one(lab: Lab, tmp_path: Path) -> None:
    """Links are relative to the report and lead to files that are there; names with odd letters are quoted."""
    there = tmp_path / "feedback" / "a b?" / "small-lab" / "small-lab.html"
    there.parent.mkdir(parents=True)
    there.write_text("x")
    page = write(tmp_path, [lab], [graded(lab, "a b?", 25), graded(lab, "bob", 25)])
    assert '<a href="../feedback/a%20b%3F/small-lab/small-lab.html">feedback</a>' in row_of(page, "a b?")
    assert "<a " not in row_of(page, "bob")


def test_notes_stand_at_the_top_as_a_stamp(lab: Lab, tmp_path: Path) -> None:
    """What was graded without a sandbox says so before anything else."""
    page = write(tmp_path, [lab], [graded(lab, "ada", 25)], notes=["Graded without a sandbox <unsafe>"])
    assert "Graded without a sandbox &lt;unsafe&gt;" in page.partition("<h2")[0]


def test_a_flagged_submission_says_so_and_why(lab: Lab, tmp_path: Path) -> None:
    """Its row has the flag and the reason; nobody else's has."""
    flagged = replace(graded(lab, "ada", 0), flagged=True, reason="assertions no longer fail")
    page = write(tmp_path, [lab], [flagged, graded(lab, "bob", 25)])
    assert "graded, flagged</td>" in row_of(page, "ada")
    assert "assertions no longer fail" in row_of(page, "ada")
    assert "flagged" not in row_of(page, "bob")


def test_nothing_from_outside_becomes_markup(lab: Lab, tmp_path: Path) -> None:
    """Names, ids, reasons, messages, notes and the cohort's name are shown as text; the one script is the page's own."""
    results = [graded(lab, ATTACK, 0, messages=[ATTACK]), ungraded(lab, "bob", UNREADABLE, ATTACK)]
    path = write_report(tmp_path / "report", ATTACK, [lab], results, {ATTACK: ATTACK}, [ATTACK])
    page = path.read_text()
    assert "<script>alert" not in page
    assert page.count("<script") == 1
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 6


def test_terminal_codes_and_lone_surrogates_do_not_reach_the_page(lab: Lab, tmp_path: Path) -> None:
    """What is no text is dropped, and the files are UTF-8 all the same."""
    page = write(tmp_path, [lab], [graded(lab, "ada\ud800", 0, messages=["\x1b[31mred\x1b[0m \udfff"])])
    assert "1 × red" in page
    assert "\x1b" not in page
    json.loads((tmp_path / "report" / "results.json").read_text())


def test_the_page_needs_no_network_and_runs_only_its_own_script(lab: Lab, tmp_path: Path) -> None:
    """Nothing is loaded from anywhere; the page's policy names its script by its digest."""
    page = write(tmp_path, [lab], [graded(lab, "ada", 25)])
    loads = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert {link.partition(",")[0] for link in loads if not link.startswith("#")} <= {
        "data:image/svg+xml;base64",
        "grades.csv",
        "results.json",
    }
    assert "default-src 'none'" in page
    assert re.search(r"script-src 'sha256-[\w+/]{43}='", page)


def test_every_table_has_a_caption_and_every_header_a_scope(lab: Lab, tmp_path: Path) -> None:
    """Tables can be read by ear; every picture has words that stand for it."""
    page = write(tmp_path, [lab], [graded(lab, "ada", 25, 10)])
    body = page.partition("<body>")[2]
    assert body.count("<table") == body.count("<caption>") == 3
    assert re.findall(r"<th(?! scope=)[ >]", body) == []
    assert len(re.findall(r'<img src="[^"]+" alt="[^"]{20,}">', body)) == body.count("<img") == 3


def test_a_long_list_is_folded_and_a_short_one_is_not(lab: Lab, tmp_path: Path) -> None:
    """At 1,000 submissions the page begins with the labs, not with 1,000 rows."""
    few, many = ([graded(lab, f"s{n}", 25) for n in range(count)] for count in (30, 61))
    assert '<details class="rows" open>' in write(tmp_path / "few", [lab], few)
    assert '<details class="rows">' in write(tmp_path / "many", [lab], many)


# Exercises


def test_difficulty_is_the_mean_share_and_the_share_with_full_points(lab: Lab) -> None:
    """Shares are of graded submissions; outcomes are counted."""
    results = [graded(lab, "ada", 25), graded(lab, "bob", 5), graded(lab, "cyd", 0), ungraded(lab, "dan", MISSING)]
    found = summarise(lab, results).exercises[0]
    assert found.mean_share == pytest.approx(30 / 75)
    assert found.full_share == pytest.approx(1 / 3)
    assert found.outcomes == {FULL: 1, PARTIAL: 1, WRONG: 1}


def test_a_part_that_waits_to_be_marked_is_not_counted_as_nothing(lab: Lab) -> None:
    """Its share is that of those who are marked, though it stands among the outcomes."""
    waits = replace(graded(lab, "bob"), scores=(Score("add", 0.0, 25.0, TO_MARK),))
    found = summarise(lab, [graded(lab, "ada", 25), waits]).exercises[0]
    assert (found.mean_share, found.outcomes) == (1.0, {FULL: 1, TO_MARK: 1})


def test_messages_that_differ_only_in_numbers_and_ids_are_one() -> None:
    """Three messages at most, the most frequent first; one that came in one form alone keeps its numbers."""
    messages = ["run 3fa9c1 lied by 4.5", "run 77b0e2 lied by 1e-3", "got 2", "got 2", "got 2", "a", "", "b"]
    assert group_messages(messages) == [("got 2", 3), ("run # lied by #", 2), ("a", 1)]


def test_a_persons_comment_is_no_failure_message(lab: Lab) -> None:
    """What form grader's users write to one learner does not stand in the cohort's table."""
    essay = replace(lab.exercises[0], manual=True)
    found = summarise(replace(lab, exercises=(essay, *lab.exercises[1:])), [graded(lab, "ada", 5, messages=["Dear Ada"])])
    assert found.exercises[0].messages == []


# Pictures


def test_a_pictures_words_give_its_numbers() -> None:
    """Who cannot see the histogram reads how many, the middle and the ends."""
    words = plot_points("Sums", [0, 50, 100], 100).alt
    assert "Sums: 3 graded, median 50, lowest 0, highest 100 points" in words
    assert "In 10 equal bins: 1, 0, 0, 0, 0, 1, 0, 0, 0, 1" in words


def test_axes_have_units() -> None:
    """Axes say what they count, and in what."""
    pictures = [plot_points("x", [1], 10), plot_seconds("x", [1]), plot_difficulty("x", ["E"], [0.5], [{FULL: 1}])]
    texts = [base64.b64decode(picture.src.partition(",")[2]).decode() for picture in pictures]
    for text, label in zip(texts, ("points of 10", "seconds of wall clock", "mean share of the points (%)"), strict=True):
        assert label in text
    assert all("submissions" in text for text in texts)


def test_outcomes_differ_without_colour() -> None:
    """Every outcome but *full* has a hatching of its own, and the legend names them all."""
    picture = plot_difficulty("x", ["E"], [0.5], [{outcome: 1 for outcome in OUTCOMES}])
    text = base64.b64decode(picture.src.partition(",")[2]).decode()
    assert len(set(re.findall(r'<pattern id="(\w+)"', text))) == len(OUTCOMES) - 1
    assert all(f">{outcome}</text>" in text for outcome in OUTCOMES)


def test_a_title_with_dollars_or_markup_is_drawn_as_it_is() -> None:
    """A title is neither a formula nor markup of the picture."""
    picture = plot_difficulty("x", [r"Cost $\x$ <script>"], [0.5], [{NOT_ATTEMPTED: 1}])
    text = base64.b64decode(picture.src.partition(",")[2]).decode()
    assert r"Cost $\x$ &lt;script&gt;" in text
