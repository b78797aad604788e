"""Pages: what a submission shows is safe to look at, in feedback, report and tables."""

from pathlib import Path

from bs4 import BeautifulSoup

from autograder.result import Result
from tests.hostile.case import Case, own_cell

SCRIPT = "<script>alert('hostile')</script>"
SHOWS = (
    ("script", f"from IPython.display import HTML\nHTML({SCRIPT!r})"),
    ("handlers", "from IPython.display import HTML\nHTML('<img src=x onerror=alert(1)><svg onload=alert(1)><a href=\"javascript:alert(1)\">x</a><iframe src=//evil></iframe>')"),
    ("javascript", "from IPython.display import Javascript\nJavascript('alert(1)')"),
    ("markdown", "from IPython.display import Markdown\nMarkdown('[x](javascript:alert(1)) <script>alert(1)</script> ![x](http://evil.example/track.png)')"),
    ("svg", "from IPython.display import SVG\nSVG('<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"><script>alert(1)</script></svg>')"),
    ("pictures", "display({'image/png': '\"><script>alert(1)</script>', 'text/plain': '</pre><script>alert(1)</script>'}, raw=True)"),
    ("terminal-codes", "print('\\x1b[31mred\\x1b]0;title\\x07\\x1b]8;;http://evil\\x07x\\x1b]8;;\\x07\\x9b31m\\x00\\u202e')"),
    ("text", f"print({SCRIPT!r}, '</pre></code></body>', '{{{{ 7 * 7 }}}}', '{{% raw %}}')"),
    ("source", f"# {SCRIPT} </textarea></pre>\n'{{{{ config }}}}'"),
    ("widgets", "display({'application/vnd.jupyter.widget-view+json': {'model_id': '<script>'}, 'text/html': '<script>alert(1)</script>'}, raw=True)"),
    ("math", "from IPython.display import Latex\nLatex(r'$\\href{javascript:alert(1)}{x}$ \\unicode{<script>alert(1)</script>}')"),
)  # fmt: skip
RUNS = ("script", "iframe", "object", "embed", "base", "form", "link", "meta[http-equiv=refresh]")
CODES = ("\x1b", "\x9b", "\u202e", "\x00")


def is_safe(cohort: Path, result: Result) -> None:
    """Nothing on the page runs or fetches anything, and no character of it steers a terminal or turns text round."""
    text = (cohort / "feedback" / result.student / "waits" / "waits.html").read_text()
    page = BeautifulSoup(text, "html.parser")
    attributes = [(name.lower(), str(value).strip().lower()) for element in page.find_all(True) for name, value in element.attrs.items()]
    assert [str(element) for element in page.select(", ".join(RUNS))] == []
    assert [name for name, _ in attributes if name.startswith("on") or name in ("srcset", "formaction", "style")] == []
    assert [value for name, value in attributes if name == "src" and not value.startswith("data:image/")] == []
    assert [value for name, value in attributes if name == "href" and not value.startswith(("#", "https:", "http:", "mailto:"))] == []
    assert [code for code in CODES if code in text] == []


CASES = (
    *(Case(f"shows-{name}", "Safe on every page.", change=own_cell(text), check=is_safe) for name, text in SHOWS),
    Case(
        "raises-a-script",
        "As an exception's name and words.",
        {"report": f"raise type('<img src=x onerror=alert(1)>', (ValueError,), {{}})({SCRIPT!r} + '\\x1b[31m')"},
        points={"report": 0.0},
        check=is_safe,
    ),
    Case(
        "raises-a-script-to-the-judge",
        "Across to the judge.",
        {"mean-wait": f"def mean_wait(minutes):\n    raise type('<svg onload=alert(1)>', (ValueError,), {{}})({SCRIPT!r})"},
        points={"mean-wait": 0.0},
        check=is_safe,
    ),
    Case(
        "raises-a-formula",
        "What a spreadsheet would run.",
        {"report": 'raise ValueError(\'=HYPERLINK("http://evil","x")\')'},
        points={"report": 0.0},
        check=is_safe,
    ),
)
STUDENTS = (  # names of folders in submitted/
    "=HYPERLINK(1)",
    "@SUM(1+1)",
    "+1",
    "-2+3",
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE student; --",
    "tab\tname",
    "newline\nname",
    "Zoë Ünïcode",
    "waits..",
    "{{ 7 * 7 }}",
    "%2e%2e%2fetc",
    "x" * 200,
)
NAMES = {  # of students on the roster
    "formula": '=HYPERLINK("http://evil","click")',
    "command": "+cmd|' /C calc'!A0",
    "script": "<script>alert(1)</script>",
    "line": "new\nline\ttab",
}
