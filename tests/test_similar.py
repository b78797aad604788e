"""Similar answers are found whatever they are renamed to, what all have is left out, and the page shows both without being hurt."""

import copy
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from nbformat import NotebookNode, v4
from typer.testing import CliRunner

from autograder import cli
from autograder.answers import with_answers
from autograder.cohort import new_cohort
from autograder.notebook import marks, write_notebook
from autograder.pairs import MAX_PAIRS, make_page
from autograder.release import make_release
from autograder.similar import Compared, answers_of, compare, fingerprints, tokens
from autograder.source import Lab, read_lab
from tests.conftest import MakeProject, lab_path

COPIED = '''
def add(a, b):
    """My own words."""
    parts = [a, b]
    total = 0
    for part in parts:
        if part is not None and isinstance(part, (int, float)):
            total += part
    checked = {name: value for name, value in zip("ab", parts)}
    assert set(checked) == {"a", "b"}, "both are there"
    return total if checked else None
'''
OTHER = """
def add(a, b):
    while b != 0:
        carry = a & b
        a, b = a ^ b, carry << 1
        try:
            int(a)
        except (TypeError, ValueError) as error:
            raise RuntimeError from error
    lookup = lambda key, *rest, **more: more.get(key, rest[0] if rest else a)
    return lookup("sum", a)
"""
ATTACK = "</code></pre></section><script>alert(1)</script><img src=x onerror=alert(1)>"


@pytest.fixture
def lab(make_project: MakeProject) -> Lab:
    """The good lab."""
    return read_lab(lab_path(make_project()))


@pytest.fixture
def made(lab: Lab) -> Callable[..., NotebookNode]:
    """Return a function that makes a notebook with this answer to the exercise `add`."""

    def make(text: str) -> NotebookNode:
        return copy.deepcopy(with_answers(make_release(lab), {"add": text}))

    return make


def renamed(text: str) -> str:
    """Return the code with other names, strings, numbers, comments and blank lines: what a copy is made to look like."""
    text = re.sub(r"\b(parts?|total|checked|value|name)\b", r"my_\1", text)
    return "# all mine\n" + text.replace("0", "0.0").replace('"""My own words."""', "'''Others'''").replace(
        "\n    my_total =", "\n\n    # sum\n    my_total ="
    )


def pairs(lab: Lab, notebooks: dict[str, NotebookNode], share: float = 0.7, common: float = 0.1) -> dict[tuple[str, str], float]:
    """Return the share of each pair in the exercise `add`."""
    found = {one.exercise: one for one in compare(lab, notebooks.items(), share, common)}["add"]
    return {(pair.one.student, pair.other.student): pair.share for pair in found.pairs}


def test_a_copy_with_other_names_is_found_and_another_solution_is_not(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """Names, strings, numbers, comments and spaces say nothing."""
    notebooks = {"ada": made(COPIED), "bo": made(renamed(COPIED)), "cyd": made(OTHER)}
    assert pairs(lab, notebooks) == {("ada", "bo"): 1.0}


def test_a_copy_within_more_is_found(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """The share is that of the shorter answer."""
    notebooks = {"ada": made(COPIED), "bo": made(COPIED + "\n" + OTHER.replace("def add", "def other"))}
    assert pairs(lab, notebooks)["ada", "bo"] > 0.9


def test_a_copy_in_a_cell_of_its_own_is_found(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """A learner's own cells belong to the answer before them."""
    helped = made("add = helper")
    place = next(number for number, cell in enumerate(helped.cells) if marks(cell).get("grade_id") == "add")
    helped.cells.insert(place + 1, v4.new_code_cell(renamed(COPIED)))
    assert pairs(lab, {"ada": made(COPIED), "bo": helped}) == {("ada", "bo"): 1.0}


def test_what_the_lab_itself_gives_is_no_similarity(make_project: MakeProject) -> None:
    """The reference solution is what everybody is led to; the released cells everybody has."""
    body = COPIED.split('words."""\n')[1].rstrip("\n")
    lab = read_lab(lab_path(make_project(("    the_sum_of_both = a + b\n    return the_sum_of_both", body))))
    solved = next(cell.source for cell in lab.notebook.cells if marks(cell).get("grade_id") == "add")
    answer = copy.deepcopy(with_answers(make_release(lab), {"add": solved}))

    assert "isinstance(part" in solved
    assert pairs(lab, {"ada": answer, "bo": answer}, share=0.05) == {}


def test_what_many_have_is_left_out(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """Five are many in a small cohort; four are looked at."""
    five = {name: made(COPIED) for name in "abcde"}
    assert len(pairs(lab, {name: five[name] for name in "abcd"})) == 6
    found = {one.exercise: one for one in compare(lab, five.items(), 0.7, 0.1)}["add"]
    assert (found.pairs, found.too_short, found.most) == ((), 5, 4)
    assert found.common > 5


def test_short_answers_are_not_compared(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """There are few ways to write a line."""
    assert pairs(lab, {name: made("add = lambda x, y: sum([x, y])") for name in ("ada", "bo")}, share=0.05) == {}


@pytest.mark.parametrize(
    "text",
    [
        "def (",
        '"""never closed',
        "'",
        "\\",
        "\x00\x01\udcff",
        "%%bash\nrm -rf /",
        "0x1_F 1e-3 1j 1.e5 .5",
        "ä = 'ü'; 变量 = 1",
        "f'{x!r:>{w}}'",
    ],
)
def test_any_text_has_tokens(text: str) -> None:
    """Code that does not parse is compared, too."""
    assert tokens(text) or not text.strip("\\")
    fingerprints(tokens(text * 20))


def test_tokens_know_their_lines() -> None:
    """Also behind strings and comments of several lines."""
    found = tokens('a = 1\n# one\n\nb = """x\ny\n"""\nc')
    assert [line for _, line in found] == [0, 0, 0, 3, 3, 3, 6]


def test_a_shared_run_of_fifteen_tokens_is_a_shared_fingerprint() -> None:
    """That is what winnowing warrants: K + WINDOW - 1, wherever it stands."""
    run = "if a < b and not c: d = [e, f]"  # fifteen tokens
    assert len(tokens(run)) == 15
    befores = ("", "x = y\n", "for i in j: k(l)\n", "while True:\n  break\n")
    sets = [
        fingerprints(tokens(f"{before}{run}\n{after}")).keys()
        for before in befores
        for after in ("import os", "del z, w", "@v\ndef f(): pass")
    ]
    assert all(one & other for one in sets for other in sets)


def test_written_answers_are_compared_by_their_words() -> None:
    """Word by word; other words are another answer."""
    text = "The model drifts since the summer ended and fewer people ride to work on rainy days, which the features do not show at all."
    assert fingerprints(tokens(text, True)) == fingerprints(tokens(text.upper().replace(",", " –"), True))
    assert not fingerprints(tokens(text, True)).keys() & fingerprints(tokens(re.sub(r"\b(\w+)\b", r"x\1", text), True)).keys()


def test_an_answer_is_the_cell_and_what_the_learner_put_behind_it(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """Not the lab's own cells, nor tests."""
    given = frozenset(cell.source for cell in make_release(lab).cells)
    assert answers_of(made("mine"), given)["add"] == "mine"
    assert all("assert" not in text for text in answers_of(made("mine"), given).values())


def compared(lab: Lab, made: Callable[..., NotebookNode], extra: str = "") -> list[Compared]:
    """Return a comparison of two copies."""
    return compare(lab, [("ada", made(COPIED + extra)), ("bo", made(renamed(COPIED) + extra))], 0.7, 0.1)


def test_the_page_shows_both_answers_and_says_what_it_is(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """Side by side, with what is the same marked, how it was computed, and that there are innocent causes."""
    page = make_page("autumn", lab, compared(lab, made, "\nunique = 1"), {"ada": "Ada L"}, 0.7).decode()
    assert "<bdi>ada</bdi> (<bdi>Ada L</bdi>)" in page
    assert "<mark>        if my_part is not None and isinstance(my_part, (int, float)):</mark>" in page
    assert "innocent causes" in page and "not a verdict" in page and "No code was run" in page
    assert '<a href="#pair-1">side by side</a>' in page and 'id="pair-1"' in page


def test_nothing_from_a_submission_becomes_markup(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """Answers, ids and names are text; the one script is the page's own, and nothing is loaded."""
    found = compare(lab, [(ATTACK, made(f"{COPIED}\n'''{ATTACK}'''\x1b[31m\x00")), ("bo", made(COPIED))], 0.5, 0.1)
    page = make_page(ATTACK, lab, found, {"bo": ATTACK}, 0.5).decode()
    assert page.count("<script") == 1 and "<img" not in page and "\x1b" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 4
    assert re.findall(r'(?:src|href)="(?!#)', page) == []
    assert re.search(r"default-src 'none'.*script-src 'sha256-[\w+/]{43}='", page)


def test_a_page_does_not_grow_without_end(lab: Lab, made: Callable[..., NotebookNode]) -> None:
    """It shows the most similar, and says how many there are more."""
    notebooks = [(f"s{number}", made(COPIED)) for number in range(25)]
    page = make_page("autumn", lab, compare(lab, notebooks, 0.7, 1.0), {}, 0.7).decode()
    assert page.count("<section") == MAX_PAIRS
    assert "100 more are not shown" in page


def test_the_command_prints_pairs_and_runs_no_code(lab: Lab, made: Callable[..., NotebookNode], tmp_path: Path) -> None:
    """Neither does it need a sandbox; what cannot be read is counted."""
    folder = tmp_path / "autumn"
    new_cohort(folder, [lab], {"missing": {}})
    evil = f"\nopen({str(tmp_path / 'ran')!r}, 'w').close()"
    texts = {"ada": write_notebook(made(COPIED + evil)), "bo": write_notebook(made(renamed(COPIED) + evil)), "cyd": b"%PDF"}
    for student, data in texts.items():
        path = folder / "submitted" / student / "small-lab" / "small-lab.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)

    done = CliRunner().invoke(cli.app, ["similar", str(folder), "small-lab"])

    assert done.exit_code == 0, done.output
    assert re.search(r"add\s+ada\s+bo\s+100 %", done.output)
    assert "2 submissions compared, 2 not there or unreadable. Similar answers have innocent causes" in done.output
    assert (folder / "similar" / "small-lab.html").is_file()
    assert not (tmp_path / "ran").exists()
