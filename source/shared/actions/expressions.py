"""GitHub's expressions, what stands between ${{ and }}, and its patterns: for runner.py.

`evaluate("github.ref == 'refs/heads/main'", context)` gives a value; `fill` puts values into texts, also deep in lists and dictionaries;
`holds` decides an `if:`. hashFiles needs the job's workspace, and success(), failure(), always() and cancelled() a status.
"""

import hashlib
import json
import math
import re
from pathlib import Path

_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?(?:0x[0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?))|'(?P<text>(?:[^']|'')*)'"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[!<>()\[\],.*])|(?P<name>[A-Za-z_][\w-]*))"
)
_LEVELS = [("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">=")]
_STATUS = ("success", "failure", "always", "cancelled")


class Unsupported(ValueError):
    """What this runner cannot play, or what no runner could: a job that needs one that does not exist, say."""


class _Many(list):
    """What `.*` gives: what follows is asked of each."""


def evaluate(text, context, status=None, workspace=None):
    """Return the value of an expression. Raises Unsupported where it is none."""
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if not found:
            raise Unsupported(f"the expression {text.strip()!r} cannot be read from {text[at:].strip()[:20]!r} on")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    tokens.append(("end", ""))

    def take(wanted=None):
        kind, word = tokens.pop(0)
        if wanted and word != wanted:
            raise Unsupported(f"the expression {text.strip()!r} lacks a {wanted!r}")
        return kind, word

    def level(number):
        if number == len(_LEVELS):
            return unary()
        value = level(number + 1)
        while tokens[0][0] == "sign" and tokens[0][1] in _LEVELS[number]:
            sign = take()[1]
            value = _apply(sign, value, level(number + 1))
        return value

    def unary():
        if tokens[0] == ("sign", "!"):
            take()
            return not truthy(unary())
        value = primary()
        while tokens[0] in (("sign", "."), ("sign", "[")):
            if take()[1] == ".":
                word = take()[1]
                value = _Many(_items(value)) if word == "*" else _look(value, word)
            else:
                value = _look(value, level(0))
                take("]")
        return value

    def primary():
        kind, word = take()
        if kind == "number":
            return float(int(word, 16)) if "x" in word else float(word)
        if kind == "text":
            return word.replace("''", "'")
        if word == "(":
            value = level(0)
            take(")")
            return value
        if kind != "name":
            raise Unsupported(f"the expression {text.strip()!r} has {word!r} where a value should be")
        if tokens[0] != ("sign", "("):
            known = {"true": True, "false": False, "null": None}
            return known[word] if word in known else _look(context, word)
        take()
        values = []
        while tokens[0][1] != ")":
            values.append(level(0))
            if tokens[0][1] != ")":
                take(",")
        take(")")
        return _call(word.lower(), values, status, workspace)

    value = level(0)
    take("")
    return value


def _call(name, values, status, workspace):
    if name in _STATUS:
        return True if name == "always" else bool((status or {}).get(name, name == "success"))
    if name == "contains":
        return (
            any(_apply("==", item, values[1]) for item in values[0]) if isinstance(values[0], list) else _low(values[1]) in _low(values[0])
        )
    if name in ("startswith", "endswith"):
        return getattr(_low(values[0]), name)(_low(values[1]))
    if name == "format":
        return re.sub(r"\{(\d+)\}", lambda found: as_text(values[1 + int(found[1])]), as_text(values[0]))
    if name == "join":
        return (as_text(values[1]) if len(values) > 1 else ",").join(map(as_text, values[0] if isinstance(values[0], list) else values[:1]))
    if name == "tojson":
        return json.dumps(values[0], indent=2)
    if name == "fromjson":
        return json.loads(as_text(values[0]))
    if name == "hashfiles":
        return hash_files([as_text(value) for value in values], workspace)
    raise Unsupported(f"there is no function {name}() in expressions, or this runner does not know it")


def hash_files(patterns, workspace):
    """Return a hash of all files in the workspace that match the patterns; an empty text if none does."""
    there = sorted(path for path in Path(workspace or ".").rglob("*") if path.is_file()) if workspace else []
    named = [(path.relative_to(workspace).as_posix(), path) for path in there]
    found = [path for name, path in named if not name.startswith(".git/") and matches(name, [p.removeprefix("./") for p in patterns])]
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in found)).hexdigest() if found else ""


def matches(name, patterns):
    """Return whether a name matches a list of GitHub's patterns: * stops at /, ** does not, a later one with ! takes away."""
    found = False
    for pattern in patterns:
        parts = re.findall(r"\*\*/?|\*|\?|\[[^\]]*\]|.", pattern.removeprefix("!"))
        words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*"}
        regex = "".join(words.get(p) or (p if p in "?+" or len(p) > 2 else re.escape(p)) for p in parts)
        if re.fullmatch(regex, name):
            found = not pattern.startswith("!")
    return found


def fill(value, context, status=None, workspace=None):
    """Return the value with its ${{ expressions }} evaluated; one that is the whole text keeps its type."""
    if isinstance(value, dict):
        return {key: fill(part, context, status, workspace) for key, part in value.items()}
    if isinstance(value, list):
        return [fill(part, context, status, workspace) for part in value]
    if not isinstance(value, str):
        return value
    pieces = re.split(r"\$\{\{((?:'[^']*'|.)*?)\}\}", value, flags=re.S)
    if len(pieces) == 3 and not pieces[0].strip() and not pieces[2].strip():
        return evaluate(pieces[1], context, status, workspace)
    pieces[1::2] = [as_text(evaluate(piece, context, status, workspace)) for piece in pieces[1::2]]
    return "".join(pieces)


def holds(condition, context, status, workspace=None):
    """Return whether an `if:` lets a job or a step run. Without a status function it means: and all went well before."""
    condition = "success()" if condition is None else as_text(condition).strip()
    whole = re.fullmatch(r"\$\{\{((?:'[^']*'|(?!\}\}).)*)\}\}", condition, re.S)
    if "${{" in condition and not whole:  # GitHub fills it in, and a text that is not empty is true, whatever it says
        return status["success"] and truthy(fill(condition, context, status, workspace))
    condition = (whole[1] if whole else condition).strip() or "success()"
    if not re.search(rf"\b({'|'.join(_STATUS)})\s*\(", condition):
        condition = f"success() && ({condition})"
    return truthy(evaluate(condition, context, status, workspace))


def truthy(value):
    """Return whether GitHub takes a value for true."""
    return not (value is None or value is False or value == "" or (isinstance(value, int | float) and (value == 0 or math.isnan(value))))


def as_text(value):
    """Return a value as it stands in a text."""
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    if isinstance(value, int | float):
        return f"{value:.15g}"
    return value if isinstance(value, str) else "Array" if isinstance(value, list) else "Object"


def _low(value):
    return as_text(value).lower()


def _items(value):
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _look(value, name):
    if isinstance(value, _Many):
        return _Many(found for item in value if (found := _look(item, name)) is not None)
    if isinstance(value, list):
        return value[int(name)] if isinstance(name, int | float) and 0 <= name < len(value) else None
    if isinstance(value, dict):
        return next((found for key, found in value.items() if str(key).lower() == _low(name)), None)
    return None


def _apply(sign, left, right):
    if sign in ("&&", "||"):
        return right if truthy(left) == (sign == "&&") else left
    if isinstance(left, str) and isinstance(right, str):
        left, right = left.lower(), right.lower()
    elif type(left) is not type(right) or not isinstance(left, dict | list):
        left, right = _number(left), _number(right)
    if sign in ("==", "!="):
        return (left == right) == (sign == "==")
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def _number(value):
    if value is None or isinstance(value, bool | int | float):
        return float(value or 0)
    try:
        return float(value.strip() or 0) if isinstance(value, str) else math.nan
    except ValueError:
        return math.nan
