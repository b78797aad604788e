"""Rules over a lab's source that need no run. Each has a code; each finding says where it is and what to do."""

import ast
import html
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from nbformat import NotebookNode

from autograder.answers import is_right, read_answers
from autograder.definitions import bound_names, defined_functions, used_names
from autograder.notebook import code_cells, is_answer, is_judge, is_test, marks
from autograder.release import make_release
from autograder.source import ROLES, USES_ANSWERS, Lab

MAX_FILES_BYTES = 300_000
MIN_WRONG, MIN_RIGHT = 3, 1
LEAK_CHARACTERS, LONG_LINE = 12, 24
_HIDDEN = re.compile(r"^[^\n]*BEGIN HIDDEN TESTS[^\n]*$(.*?)^[^\n]*END HIDDEN TESTS[^\n]*$", re.S | re.M)
_SOLUTION = re.compile(r"^[^\n]*BEGIN SOLUTION[^\n]*$(.*?)^[^\n]*END SOLUTION[^\n]*$", re.S | re.M)
_LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]*)\]\((?P<to>[^)\s]+)[^)]*\)")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|`+")
_VAGUE = {"here", "this", "link", "click here", "this link", "read more", "more", "see here", "page"}


@dataclass(frozen=True)
class Finding:
    """Something in a lab that must be mended. `rule` is a lint code (L01…) or a rule of the standard (R1…R10)."""

    rule: str
    lab: str
    where: str
    what: str
    todo: str

    def __str__(self) -> str:
        return f"{self.rule} {self.lab}: {self.where}: {self.what} – {self.todo}"


Found = Iterator[tuple[str, str, str]]
Rule = Callable[[Lab], Found]


def lint(lab: Lab) -> list[Finding]:
    """Return what the rules find in the lab, in the order of their codes."""
    return [Finding(code, lab.slug, *found) for code, rule in RULES.items() for found in rule(lab)]


def header_is_complete(lab: Lab) -> Found:
    """The header has 3–5 outcomes that start with a verb, known roles, minutes that fit, and the title that the notebook shows."""
    header = lab.header
    if not 3 <= len(header.outcomes) <= 5:
        yield "header", f"{len(header.outcomes)} outcomes", "write 3 to 5"
    for outcome in header.outcomes:
        if not outcome[:1].isupper() or outcome.split()[0].lower() in ("a", "an", "the", "how", "what", "why", "you"):
            yield "header", f"outcome {outcome!r} does not start with a verb", "say what one can do: 'Query a run store …'"
    for role in header.roles:
        if role not in ROLES:
            yield "header", f"role {role!r} is not known", f"choose from {', '.join(ROLES)}"
    kind, low, high = ("a project", 120, 240) if header.project else ("a lab", 30, 150)
    if header.level == "advanced" and not header.project:
        kind, high = "an advanced lab", 210
    if not low <= header.minutes <= high:
        yield "header", f"{header.minutes} minutes", f"{kind} takes {low} to {high}"
    first = lab.notebook.cells[0].source.split("\n")[0] if lab.notebook.cells else ""
    if first != f"# {header.title}":
        yield "cell 1", f"starts with {first!r}", f"start with '# {header.title}', the header's title"


def points_sum_to_100(lab: Lab) -> Found:
    """All points sum to 100, and at least half of the automatic ones come from `judge` cells."""
    if lab.points != 100:
        yield "points", f"they sum to {lab.points:g}", "let them sum to 100"
    automatic = sum(exercise.points for exercise in lab.exercises if not exercise.manual)
    judged = sum(exercise.judged for exercise in lab.exercises)
    if judged * 2 < automatic:
        yield (
            "points",
            f"{judged:g} of {automatic:g} come from judge cells",
            "let at least half come from artefacts, in cells tagged 'judge'",
        )


def has_its_exercises(lab: Lab) -> Found:
    """A lab has 4–8 exercises, a project at least 2 and a written part; every answer cell is judged."""
    low, high = (2, 8) if lab.header.project else (4, 8)
    if not low <= len(lab.exercises) <= high:
        yield "exercises", f"there are {len(lab.exercises)}", f"make {low} to {high}"
    if lab.header.project and not any(exercise.manual for exercise in lab.exercises):
        yield "exercises", "a project without a written part", "add a manually graded task with a mark scheme"
    known = {exercise.id for exercise in lab.exercises}
    for cell in lab.notebook.cells:
        if is_answer(cell) and marks(cell)["grade_id"] not in known:
            yield (
                f"cell {marks(cell)['grade_id']}",
                "no test cell judges this answer",
                "add test-… or judge-… cells, or make it a plain cell",
            )


def headings_are_the_standard_ones(lab: Lab) -> Found:
    """The second-level headings are: Why this matters, Setup, Part 1…n, Putting it together, Going further; levels never jump."""
    headings = [(len(h[1]), h[2].strip()) for h in _headings(lab.notebook)]
    seconds = [text for level, text in headings if level == 2]
    parts = [text for text in seconds if re.match(r"Part \d", text)]
    numbers = [int(number) for text in parts for number in re.findall(r"^Part (\d+)", text)]
    wanted = ["Why this matters", "Setup", *parts, "Putting it together", "Going further"]
    if seconds != wanted or not parts or numbers != list(range(1, len(parts) + 1)):
        yield (
            "headings",
            f"they are {', '.join(seconds)}",
            "let them be: Why this matters, Setup, Part 1 … n, Putting it together, Going further",
        )
    if [level for level, _ in headings].count(1) != 1:
        yield "headings", "not exactly one first-level heading", "keep the title as the only one"
    for (before, _), (level, text) in pairwise(headings):
        if level > before + 1:
            yield "headings", f"{text!r} jumps from level {before} to {level}", "go down one level at a time"


def exercises_are_described(lab: Lab) -> Found:
    """Each exercise has a heading, a difficulty, minutes and two hints before its answer cell."""
    text = ""
    for cell in lab.notebook.cells:
        if cell.cell_type == "markdown" and not is_answer(cell):
            text += cell.source + "\n"
        elif is_answer(cell):
            name = f"cell {marks(cell)['grade_id']}"
            if not re.search(r"^### Exercise \d+", text, re.M):
                yield name, "no heading '### Exercise n — …' before it", "add it"
            if not re.search(r"Difficulty [●○]{3}.*\d+ min", text):
                yield name, "no line '*Difficulty ●●○ · about N minutes*' before it", "add it"
            if not marks(cell).get("task") and text.count("<details>") < 2:
                yield name, f"{text.count('<details>')} hints before it", "write two, in <details>: a nudge, and nearly the answer"
            text = ""


def tests_stand_on_locked_ground(lab: Lab) -> Found:
    """A test uses names that locked cells, answers or itself bind: learners may delete plain cells. To a judge, only functions cross."""
    safe: set[str] = set()
    plain: set[str] = set()
    functions = defined_functions(lab.notebook)
    for cell in code_cells(lab.notebook):
        bound = bound_names(cell.source)
        if is_test(cell):
            foreign = used_names(cell.source) - bound - _BUILTINS
            where = f"cell {marks(cell)['grade_id']}"
            if is_judge(cell):
                for name in sorted((foreign & (safe | plain)) - functions):
                    yield (
                        where,
                        f"uses {name!r}, which does not cross to the judge",
                        "import or compute it in the cell: only functions cross",
                    )
            else:
                for name in sorted((foreign & plain) - safe):
                    yield where, f"uses {name!r}, which only a plain cell binds", "bind it in a locked cell"
        (safe if marks(cell) else plain).update(bound)


def hidden_cells_say_what_they_judge(lab: Lab) -> Found:
    """A test cell whose tests are all hidden says in a comment what will be judged, and on what."""
    for cell in make_release(lab).cells:
        if is_test(cell) and not any(line.strip() for line in cell.source.split("\n")):
            yield f"cell {marks(cell)['grade_id']}", "is empty in the release", "say in a comment what will be judged, and on what"


def hidden_tests_are_no_copies(lab: Lab) -> Found:
    """No hidden assertion stands among the visible ones of the lab."""
    visible = {text for cell in make_release(lab).cells if is_test(cell) for text in _assertions(cell.source)}
    for cell in lab.notebook.cells:
        if is_test(cell):
            for text in (text for hidden in _HIDDEN.findall(cell.source) for text in _assertions(hidden)):
                if text in visible:
                    what = f"hidden test is a copy of a visible one ({text[:60]})"
                    yield f"cell {marks(cell)['grade_id']}", what, "test it on fresh inputs, or drop it"


def release_leaks_nothing(lab: Lab) -> Found:
    """No line that stands only in a solution or a hidden test is in the release or in `files/`."""
    released = [line for cell in make_release(lab).cells for line in cell.source.split("\n")]
    released += [line for data in lab.files.values() for line in data.decode("utf-8", "replace").split("\n")]
    text = html.unescape("\n".join(released))
    lines = {line.strip() for line in text.split("\n")}
    marked = lines | {part.strip() for part in _MARKUP.split(text)}  # a hint's code may stand between tags or backticks
    shown = {line.strip() for line in _visible_source(lab)}
    for cell in lab.notebook.cells:
        secrets = [(secret, lines) for secret in _HIDDEN.findall(cell.source)]
        secrets += [(secret, marked) for secret in _SOLUTION.findall(cell.source)]
        for line, where in ((line.strip(), where) for secret, where in secrets for line in secret.split("\n")):
            if _tells_something(line) and line not in shown and (line in where or (len(line) >= LONG_LINE and line in text)):
                yield (
                    f"cell {marks(cell).get('grade_id', cell.id)}",
                    f"its line {line[:60]!r} is in the release",
                    "keep it out of hints and files",
                )


def answers_are_enough(lab: Lab) -> Found:
    """Each automatic exercise has at least three wrong answers and one other right one; each names an exercise and a message."""
    answers = read_answers(lab)
    points = {exercise.id: exercise.points for exercise in lab.exercises if not exercise.manual}
    for answer in answers:
        where = f"answers.py line {answer.line}"
        if answer.exercise not in points:
            yield where, f"there is no exercise {answer.exercise!r}", f"choose from {', '.join(points)}"
        elif not is_right(answer, points[answer.exercise]) and not answer.message:
            yield where, "a wrong answer without a message", "say what its learner must read"
        if not answer.why:
            yield where, "no reason", 'say in why="…" which mistake or style it is'
    for name, maximum in points.items():
        right = sum(is_right(a, maximum) for a in answers if a.exercise == name)
        wrong = sum(not is_right(a, maximum) for a in answers if a.exercise == name)
        if wrong < MIN_WRONG:
            yield "answers.py", f"exercise {name!r} has {wrong} wrong answers", f"write at least {MIN_WRONG}"
        if right < MIN_RIGHT:
            yield "answers.py", f"exercise {name!r} has no other right answer", "write one in another style"


def pictures_and_links_speak(lab: Lab) -> Found:
    """Every picture in the text has alt text, and every link says where it goes."""
    for number, cell in enumerate(lab.notebook.cells, 1):
        if cell.cell_type != "markdown":
            continue
        if re.search(r"!\[\s*\]\(", cell.source) or re.search(r"<img(?![^>]*\balt=\"[^\"]+\")", cell.source):
            yield f"cell {number}", "a picture without alt text", "say in the alt text what it shows"
        for link in _LINK.finditer(cell.source):
            if link["text"].strip().lower() in _VAGUE or link["text"].startswith("http"):
                yield f"cell {number}", f"link text {link['text']!r} does not say where it goes", "name the page"


def survives_as_a_notebook(lab: Lab) -> Found:
    """No attachments, no cell magics that jupytext turns into comments, no tags that the grader does not know; small files."""
    folder = lab.path.parent / "files"
    size = sum(len(data) for name, data in lab.files.items() if not (folder / name).is_symlink())  # what labs share is not its own
    if size > MAX_FILES_BYTES:
        yield "files/", f"{size} bytes", f"keep them under {MAX_FILES_BYTES}"
    for number, cell in enumerate(lab.notebook.cells, 1):
        if cell.get("attachments") or "](attachment:" in cell.source:
            yield f"cell {number}", "has an attachment", "put the picture into files/"
        if cell.cell_type == "code" and re.match(r"\s*(# )?%%", cell.source):
            yield f"cell {number}", "is a cell magic", "ship the text as a file in files/"
        for tag in cell.metadata.get("tags", []):
            if tag not in _TAGS:
                yield f"cell {number}", f"tag {tag!r} is not known", f"choose from {', '.join(sorted(_TAGS))}"


def mentions_older_tutorials(lab: Lab) -> Found:
    """There is one box 'In older tutorials' where the lab's tools have changed, and a picture that the learner makes."""
    text = "\n".join(cell.source for cell in lab.notebook.cells)
    if "**In older tutorials**" not in text and any(tool in _CHANGED for tool in lab.header.tools):
        yield "text", "no box '**In older tutorials**'", "say which interfaces have changed"
    if "alt=" not in text:
        yield "text", "no picture that the learner makes", 'show a plot with IPython.display.Image("x.png", alt="what it shows")'


def explains_its_terms(lab: Lab) -> Found:
    """Each word that the lab gives to the glossary is set off in its text, where it is explained."""
    text = "\n".join(cell.source for cell in lab.notebook.cells if cell.cell_type == "markdown").lower()
    for term in lab.header.terms:
        if f"*{term.lower()}*" not in text:
            yield "header", f"the term {term!r} is nowhere set off", f"explain it in the text, where it first appears, as *{term}*"


RULES: dict[str, Rule] = {
    "L01": header_is_complete,
    "L02": points_sum_to_100,
    "L03": has_its_exercises,
    "L04": headings_are_the_standard_ones,
    "L05": exercises_are_described,
    "L06": tests_stand_on_locked_ground,
    "L07": hidden_cells_say_what_they_judge,
    "L08": hidden_tests_are_no_copies,
    "L09": release_leaks_nothing,
    "L10": answers_are_enough,
    "L11": pictures_and_links_speak,
    "L12": survives_as_a_notebook,
    "L13": mentions_older_tutorials,
    "L14": explains_its_terms,
}
_TAGS = {"judge", USES_ANSWERS, "nbval-check-output", "nbval-ignore-output", "nbval-skip"}
_CHANGED = {"MLflow", "Evidently", "Kubeflow Pipelines"}
_BUILTINS = set(dir(__import__("builtins")))


def _headings(notebook: NotebookNode) -> list[re.Match[str]]:
    found = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"^```.*?^```", "", cell.source, flags=re.S | re.M)
            found += list(re.finditer(r"^(#{1,6}) +(.+)$", text, re.M))
    return found


def _assertions(text: str) -> list[str]:
    try:
        tree = ast.parse(textwrap.dedent(text))
    except SyntaxError:
        return []
    tests = [node.test for node in ast.walk(tree) if isinstance(node, ast.Assert)]
    return [ast.unparse(test) for test in tests if any(isinstance(part, ast.Call | ast.Constant) for part in ast.walk(test))]


def _visible_source(lab: Lab) -> Iterator[str]:
    """Yield the source's lines that are in neither a solution nor a hidden test: what may be in the release."""
    for cell in lab.notebook.cells:
        yield from _SOLUTION.sub("", _HIDDEN.sub("", cell.source)).split("\n") if cell.cell_type == "code" else []


def _tells_something(line: str) -> bool:
    words = re.sub(r"\W", "", line)
    return len(words) >= LEAK_CHARACTERS and not line.startswith(("import ", "from ", "#"))
