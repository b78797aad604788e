"""A page: one file that needs no network, made from a template; what comes from a submission is made safe to show.

Templates escape every value. Only what the functions here return as Markup is taken as HTML.
"""

import base64
import binascii
import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

import bleach  # type: ignore[import-untyped]
import mistune
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from autograder.result import in_words
from autograder.score import ERROR, FULL, NOT_ATTEMPTED, PARTIAL, TERMINAL_CODES, TIMED_OUT, TO_MARK, WRONG

TEMPLATES = Path(__file__).with_name("templates")
SYMBOLS = {
    FULL: "✓",
    PARTIAL: "◐",
    WRONG: "✗",
    ERROR: "⚠\ufe0e",
    TIMED_OUT: "◷",
    NOT_ATTEMPTED: "○",
    TO_MARK: "✎\ufe0e",
}
HTML_CHARACTERS = 60_000
HTML_DEPTH = 500
PICTURE_CHARACTERS = 3 * 2**20
PICTURE_STARTS = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}

# Control characters, those that turn the direction of text around, and lone surrogates, which are no text at all.
_UNSHOWABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NO_TEXT = re.compile(r"<(script|style|title|textarea|select|template|noscript|iframe|object|svg|math)\b.*?(?:</\1\s*>|\Z)", re.I | re.S)
_TAG = re.compile(r"<(/?)(?!(?:br|col|hr|img|input|wbr)\b)([a-z][a-z0-9]*)", re.I)
_BLOCK_TAGS = "blockquote br dd details div dl dt h1 h2 h3 h4 h5 h6 hr li ol p pre summary ul"
_INLINE_TAGS = "a abbr b code del em i img kbd mark q s samp small span strong sub sup u var"
_TABLE_TAGS = "caption col colgroup table tbody td tfoot th thead tr"
_TAGS = frozenset(f"{_BLOCK_TAGS} {_INLINE_TAGS} {_TABLE_TAGS}".split())
_DATA_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+")
_LINK = re.compile(r"(?:https?://|mailto:)", re.I)


def render(template: str, **values: object) -> bytes:
    """Return the page that the template makes of `values`, as UTF-8."""
    return _templates().get_template(template).render(**values).encode("utf-8", "replace")


def script() -> tuple[str, str]:
    """Return the script that sorts a page's tables and finds rows in them, and the digest by which the page's policy lets it run."""
    text = (TEMPLATES / "report.js").read_text(encoding="utf-8")
    return text, base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def plain(value: object) -> str:
    """Return the value as text: without terminal codes and control characters, progress bars as they ended."""
    text = "".join(map(str, value)) if isinstance(value, list) else str(value)
    text = TERMINAL_CODES.sub("", text).replace("\r\n", "\n")
    if "\r" in text:
        text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))
    return _UNSHOWABLE.sub("", text)


def number(value: float) -> str:
    """Return a number with at most two decimals, and none where it is whole."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def clean_html(text: str) -> Markup:
    """Return the HTML without what runs, loads, asks or frames; empty where nothing is left, or it is too much."""
    return _clean(text, None)


@lru_cache(maxsize=1024)
def clean_markdown(text: str, level: int | None) -> tuple[Markup, int]:
    """Return the Markdown as clean HTML, and the level of its last heading. `level` is that of the heading before it.

    Headings move two levels down, below the page's own, and none skips a level; they are none where `level` is None.
    """
    outline = None if level is None else [level]
    try:
        made = mistune.create_markdown(escape=False, plugins=["table", "strikethrough", "math"])(text)
    except Exception:  # a parser's trouble with somebody's Markdown must not cost them the page
        made = ""
    cleaned = _clean(str(made), outline)
    return cleaned or Markup("<pre>{}</pre>").format(plain(text)), outline[0] if outline else 0


def clean_picture(kind: str, data: object) -> str:
    """Return the picture as a data address; empty where it is none, of another kind, or too large."""
    if kind not in PICTURE_STARTS or not isinstance(data, str) or len(data) > PICTURE_CHARACTERS:
        return ""
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}" if content.startswith(PICTURE_STARTS[kind]) else ""


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(TEMPLATES)
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(number=number, plain=plain, in_words=in_words)
    made.globals.update(symbols=SYMBOLS)
    return made


def _clean(text: str, outline: list[int] | None) -> Markup:
    text = _NO_TEXT.sub("", _UNSHOWABLE.sub("", text))
    if len(text) > HTML_CHARACTERS or _depth(text) > HTML_DEPTH:  # bleach needs minutes for some of these
        return Markup("")
    cleaner = bleach.Cleaner(
        tags=_TAGS,
        attributes=_is_harmless,
        protocols={"http", "https", "mailto", "data"},
        strip=True,
        filters=[partial(_arrange, outline=outline)],
    )
    return Markup(cleaner.clean(text).strip())


def _depth(text: str) -> int:
    """Return how many elements may stand in one another: an end ends only its own kind."""
    still_open: Counter[str] = Counter()
    depth = deepest = 0
    for end, name in _TAG.findall(text.lower()):
        if not end or still_open[name]:
            still_open[name] += -1 if end else 1
            depth += -1 if end else 1
            deepest = max(depth, deepest)
    return deepest


def _is_harmless(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return tag == "a" and bool(_LINK.match(value))
    if name == "src":
        return tag == "img" and bool(_DATA_PICTURE.fullmatch(value))
    allowed = {"img": ("alt",), "td": ("colspan", "rowspan"), "th": ("colspan", "rowspan", "scope"), "ol": ("start",)}
    return name in allowed.get(tag, ())


def _arrange(source: Iterable[dict[str, Any]], outline: list[int] | None) -> Iterator[dict[str, Any]]:
    """Yield bleach's tokens with headings that fit the page, none where `outline` is None, and pictures with words."""
    for token in source:
        name = token.get("name")
        if name == "img":
            attributes = token["data"]
            about = html.unescape(attributes.get((None, "alt"), "")).strip()
            if (None, "src") not in attributes:
                yield {"type": "Characters", "data": f"[picture: {about or 'without a description'}]"}
                continue
            attributes[(None, "alt")] = html.escape(about or "picture without a description")
        elif re.fullmatch("h[1-6]", name or ""):
            if outline is None:
                token = {**token, "name": "p"}
            else:
                if token["type"] == "StartTag":
                    outline[0] = min(int(token["name"][1]) + 2, outline[0] + 1, 6)
                token = {**token, "name": f"h{outline[0]}"}
        yield token
