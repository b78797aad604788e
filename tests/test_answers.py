"""Other answers to a lab's exercises: how they are read, and how they are put into a notebook."""

import pytest

from autograder.answers import Answer, is_right, read_answers, with_answers
from autograder.errors import SourceProblem
from autograder.notebook import marks, write_notebook
from autograder.release import make_solved
from autograder.source import Lab, read_lab
from tests.conftest import MakeProject, lab_path


def write_answers(make_project: MakeProject, text: str) -> Lab:
    """Return the small lab with this text as its answers.py."""
    path = lab_path(make_project())
    (path.parent / "answers.py").write_text(text, encoding="utf-8")
    return read_lab(path)


def test_answers_are_read_in_order(make_project: MakeProject) -> None:
    """Each has its exercise, points, message, reason, text and line."""
    text = (
        "# Other answers.\n\n"
        '# %% grade_id="add" points=12.5 message="it\'s 2" why="one = style"\nx = 1\n\ny = 2\n\n'
        '# %% grade_id="share" points=0\n\n'
    )

    expected = [Answer("add", 12.5, "it's 2", "one = style", "x = 1\n\ny = 2", 3), Answer("share", 0.0, "", "", "", 8)]
    assert expected == read_answers(write_answers(make_project, text))


def test_a_lab_without_answers_has_none(make_project: MakeProject) -> None:
    """A file that is not there is no error: lint asks for it."""
    path = lab_path(make_project())
    (path.parent / "answers.py").unlink()

    assert read_answers(read_lab(path)) == []


@pytest.mark.parametrize("text", ["", '"""Nothing yet."""\n', '#%% grade_id="add" points=0\nx = 1\n'], ids=["empty", "words", "typo"])
def test_a_file_in_which_there_is_no_answer_is_said(make_project: MakeProject, text: str) -> None:
    """Whoever wrote the file meant an answer: perhaps its header has another form."""
    lab = write_answers(make_project, text)

    with pytest.raises(SourceProblem) as caught:
        read_answers(lab)

    todo = 'write # %% grade_id="EXERCISE" points=NUMBER message="…" why="…" above each answer, or delete the file'
    assert (str(lab.path.parent / "answers.py"), "there is no answer in it", todo) == (
        caught.value.where,
        caught.value.what,
        caught.value.todo,
    )


def test_a_file_that_is_not_utf8_is_said(make_project: MakeProject) -> None:
    """An editor that saves in another encoding is no crash."""
    lab = read_lab(lab_path(make_project()))
    (lab.path.parent / "answers.py").write_bytes(b"# \xe9\n")

    with pytest.raises(SourceProblem, match="is not UTF-8 text – save it as UTF-8"):
        read_answers(lab)


def test_letters_outside_ascii_are_kept(make_project: MakeProject) -> None:
    """The file is UTF-8."""
    (answer,) = read_answers(write_answers(make_project, '# %% grade_id="add" points=0 message="„fünf“"\nx = "€"\n'))

    assert (answer.message, answer.text) == ("„fünf“", 'x = "€"')


@pytest.mark.parametrize(
    ("head", "part"),
    [
        ("# %% points=3", "'grade_id'"),
        ('# %% grade_id="add"', "'points'"),
        ('# %% grade_id="add" points=many', "could not convert"),
        ('# %% grade_id="add" points=3 why="no end', "No closing quotation"),
        ("# %%", "'points'"),
    ],
    ids=["no-exercise", "no-points", "points-in-words", "open-quote", "empty"],
)
def test_a_header_that_cannot_be_read_is_said(make_project: MakeProject, head: str, part: str) -> None:
    """The message names the line, the reason, and the form."""
    lab = write_answers(make_project, f'# %% grade_id="add" points=3\nx = 1\n{head}\ny = 2\n')

    with pytest.raises(SourceProblem) as caught:
        read_answers(lab)

    assert f"{lab.path.parent / 'answers.py'}: line 3" == caught.value.where
    assert part in caught.value.what
    assert caught.value.todo == 'write # %% grade_id="EXERCISE" points=NUMBER message="…" why="…"'


def test_an_answer_can_be_changes_to_the_solution(make_project: MakeProject) -> None:
    """The solution's own marks are no part of its text."""
    lab = write_answers(
        make_project, '# %% grade_id="add" points=0 changes="solution"\n-    the_sum_of_both = a + b\n+    the_sum_of_both = a - b\n\n'
    )

    (answer,) = read_answers(lab)

    assert answer.text == 'def add(a, b):\n    """Return the sum."""\n    the_sum_of_both = a - b\n    return the_sum_of_both'


def test_an_answer_can_be_changes_to_another(make_project: MakeProject) -> None:
    """The other is named in its header, and may stand after it."""
    text = (
        '# %% grade_id="add" points=0 changes="short"\n-add = lambda a, b: a + b\n+add = max\n'
        '# %% grade_id="add" points=25 name="short"\nadd = lambda a, b: a + b\n'
    )

    changed, named = read_answers(write_answers(make_project, text))

    assert (changed.text, named.text) == ("add = max", "add = lambda a, b: a + b")


@pytest.mark.parametrize("name", ["long", "solutions", ""])
def test_changes_to_an_answer_that_is_not_there_are_said(make_project: MakeProject, name: str) -> None:
    """The message names the line and what can be changed."""
    lab = write_answers(make_project, f'# %% grade_id="add" points=0 changes="{name}"\n-x\n')

    with pytest.raises(SourceProblem, match="no whole answer to 'add' – name a whole answer"):
        read_answers(lab)


def test_changes_that_have_no_place_are_said(make_project: MakeProject) -> None:
    """The solution was changed meanwhile: its author must look."""
    lab = write_answers(make_project, '# %% grade_id="add" points=0 changes="solution"\n-    return b\n')

    with pytest.raises(SourceProblem, match=r"stand 0 times .* – mend the changes") as caught:
        read_answers(lab)

    assert caught.value.where.endswith("answers.py: line 1")


@pytest.mark.parametrize(("expected", "points"), [(True, 25.0), (True, 26.0), (False, 24.9), (False, 0.0)])
def test_a_right_answer_earns_all_points(expected: bool, points: float) -> None:
    """An answer that loses any is a wrong one."""
    assert expected is is_right(Answer("add", points, "", "", "", 1), 25.0)


def test_an_answer_takes_the_place_of_the_solution(make_project: MakeProject) -> None:
    """The named answer cells get the texts; every other cell keeps its own."""
    solved = make_solved(read_lab(lab_path(make_project())))

    changed = with_answers(solved, {"add": "x = 1", "share": ""})

    before = {cell.id: cell.source for cell in solved.cells}
    assert {**before, "add": "x = 1", "share": ""} == {cell.id: cell.source for cell in changed.cells}


def test_the_notebook_itself_is_not_changed(make_project: MakeProject) -> None:
    """`with_answers` gives a copy."""
    solved = make_solved(read_lab(lab_path(make_project())))
    before = write_notebook(solved)

    with_answers(solved, {"add": "x = 1"})

    assert before == write_notebook(solved)


def test_only_answer_cells_are_answered(make_project: MakeProject) -> None:
    """A text for a test or a locked cell changes nothing."""
    solved = make_solved(read_lab(lab_path(make_project())))

    changed = with_answers(solved, {"test-add": "pass", "setup": "pass", "nowhere": "pass"})

    assert [(cell.source, marks(cell)) for cell in solved.cells] == [(cell.source, marks(cell)) for cell in changed.cells]
