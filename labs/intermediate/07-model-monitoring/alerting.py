"""Alerting rules in Prometheus' format, played against ninety minutes of a service.

What `expr` may hold here, a good part of PromQL:
    selectors     name, name{label="x"}, with the matchers =, !=, =~ and !~, and offset
    on a window   rate, irate, increase, changes, resets, and avg, min, max, sum, count, last, present with _over_time, as in rate(x[5m])
    functions     absent, scalar, vector, abs, ceil, floor, round, clamp_min, clamp_max
    aggregation   sum, avg, min, max, count, group, with by (label, …) or without (label, …), before or after
    operators     + - * / % ^, the comparisons > < >= <= == != with bool, and, or, unless, on, ignoring, group_left, group_right
A group may have recording rules as well. What Prometheus has beyond that is refused here, with words that say so.
It differs in one thing: rate is the increase between the first and the last value in the window, divided by the time between them.
The metrics are scraped, and the rules evaluated, every 30 seconds.
"""

import itertools
import math
import re

import numpy as np
import yaml

STEP = 30  # seconds
MINUTES = 90
COMPARE = {
    ">": lambda a, b: a > b, "<": lambda a, b: a < b, ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip
AGGREGATE = {
    "sum": sum, "min": min, "max": max, "count": len, "avg": lambda values: sum(values) / len(values), "group": lambda values: 1.0,
}  # fmt: skip
MAPS = {"abs": abs, "ceil": np.ceil, "floor": np.floor, "round": lambda value: np.floor(value + 0.5), "clamp_min": max, "clamp_max": min}
WINDOWS = {
    "rate": lambda times, values: _grown(values) / (times[-1] - times[0]) if len(times) > 1 else None,
    "irate": lambda times, values: _grown(values[-2:]) / (times[-1] - times[-2]) if len(times) > 1 else None,
    "changes": lambda times, values: sum(one != two for one, two in itertools.pairwise(values)),
    "resets": lambda times, values: sum(two < one for one, two in itertools.pairwise(values)),
    "last_over_time": lambda times, values: values[-1],
    "present_over_time": lambda times, values: 1.0,
    **{f"{name}_over_time": lambda times, values, f=AGGREGATE[name]: f(values) for name in ("avg", "min", "max", "sum", "count")},
}
ABSENT_HERE = {
    "topk", "bottomk", "quantile", "stddev", "stdvar", "count_values", "limitk", "histogram_quantile",
    "histogram_count", "histogram_sum", "delta", "idelta", "deriv", "predict_linear", "absent_over_time",
    "quantile_over_time", "stddev_over_time", "stdvar_over_time", "mad_over_time", "label_replace", "label_join",
    "time", "timestamp", "minute", "hour", "day_of_week", "day_of_month", "day_of_year", "days_in_month", "month",
    "year", "sort", "sort_desc", "sgn", "sqrt", "exp", "ln", "log2", "log10", "clamp", "holt_winters",
}  # fmt: skip
TOKEN = re.compile(
    r"\s*(?:(?P<comment>\#[^\n]*)|(?P<window>\[[^\]]*\])|(?P<span>(?:\d+(?:ms|[smhdwy]))+\b)|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)"
    r"""|(?P<name>[a-zA-Z_:][\w:]*)|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)|(?P<op>=~|!~|>=|<=|==|!=|[-+*/%^(){},><=@]))"""
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", '"': '"'}
UNITS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1, "ms": 0.001}


class RuleError(ValueError):
    """What Prometheus would not accept, or what it has and this file has not: the message says which."""


def seconds(duration):
    """Return a duration such as 90s, 5m or 1h30m in seconds."""
    text = str(duration).strip()
    if text == "0":
        return 0
    if not re.fullmatch(r"(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?", text) or not text:
        raise RuleError(f"{duration!r} is no duration: write 30s, 5m or 1h30m")
    return sum(int(number) * UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|[ywdhms])", text))


def read_rules(text):
    """Return the alerts in a file of rules, each a dict. Raises RuleError."""
    return [rule for rule in _all_rules(text) if "alert" in rule]


def _all_rules(text):
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleError(f"not YAML: {error}".splitlines()[0]) from None
    if not isinstance(document, dict) or set(document) != {"groups"} or not isinstance(document["groups"], list):
        raise RuleError("the file's only key is 'groups', with a list")
    found, names = [], set()
    for group in document["groups"]:
        known = {"name", "rules", "interval", "limit", "query_offset", "labels"}
        if not isinstance(group, dict) or not {"name", "rules"} <= set(group) <= known:
            raise RuleError("a group has a 'name' and 'rules', and may have 'interval', 'limit', 'query_offset', 'labels'")
        if group["name"] in names:
            raise RuleError(f"two groups have the name {group['name']!r}: Prometheus wants different ones in a file")
        names.add(group["name"])
        if not isinstance(group["rules"], list):
            raise RuleError(f"group {group['name']}: 'rules' is a list")
        found += [_rule(rule, group) for rule in group["rules"]]
    return found


def _rule(rule, group):
    known = {"alert": {"for", "keep_firing_for", "annotations"}, "record": set()}
    kind = next((kind for kind in known if isinstance(rule, dict) and kind in rule), None)
    if kind is None or not {kind, "expr"} <= set(rule) <= {kind, "expr", "labels"} | known[kind]:
        raise RuleError(
            f"group {group['name']}: a rule has 'alert' and 'expr', and may have 'for', 'keep_firing_for', 'labels', 'annotations'; "
            "or it has 'record' and 'expr', and may have 'labels'"
        )
    made = {"for": "0s", **rule}
    for part in ("labels", "annotations"):
        values = made.get(part) or {}
        if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
            raise RuleError(f"{rule[kind]}: the values of '{part}' are texts")
        made[part] = {name: _text(value) for name, value in values.items()}
    made["labels"] = {**{name: _text(value) for name, value in (group.get("labels") or {}).items()}, **made["labels"]}
    if kind == "record" and not re.fullmatch(r"[a-zA-Z_:][\w:]*", str(rule["record"])):
        raise RuleError(f"{rule['record']!r} is no name for a metric")
    seconds(made["for"])
    try:
        made["work"] = parse(str(rule["expr"]))
    except RuleError as error:
        raise RuleError(f"{rule[kind]}: {error}") from None
    return made


def _text(value):
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def parse(text):
    """Return the expression as a function of the series and a time. Raises RuleError."""
    tokens, at = [], 0
    while at < len(text.rstrip()):
        found = TOKEN.match(text, at)
        if not found:
            raise RuleError(f"cannot read {text[at : at + 20].strip()!r} in the expression {text.strip()!r}")
        if found.lastgroup != "comment":
            tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    parser = _Parser(tokens, text.strip())
    kind, work = parser.either()
    if parser.tokens:
        parser.wrong()
    if kind == "range":
        raise RuleError(f"a window alone is no condition, as in rate(x[5m]): look at the expression {parser.text!r}")
    return (lambda series, now: {frozenset(): work(series, now)}) if kind == "number" else work


class _Parser:
    """Reads an expression. Each part gives a pair: 'number', 'vector' or 'range', and a function of the series and a time."""

    def __init__(self, tokens, text):
        self.tokens, self.text = list(tokens), text

    def peek(self, place=0):
        return self.tokens[place][1] if len(self.tokens) > place else ""

    def word(self):
        return self.peek().lower() if self.kind() == "name" else self.peek()

    def kind(self):
        return self.tokens[0][0] if self.tokens else ""

    def take(self, wanted=None):
        if self.kind() == "window" and wanted:
            self.wrong()
        if not self.tokens or (wanted and self.word() != wanted):
            raise RuleError(f"expected {wanted or 'more'!r}, found {self.peek() or 'the end'!r} in the expression {self.text!r}")
        return self.tokens.pop(0)[1]

    def wrong(self):
        if self.peek() == "@" or (self.kind() == "window" and ":" in self.peek()):
            raise RuleError(f"Prometheus knows {self.peek()} in this place, this lab's evaluator does not: look at {self.text!r}")
        if self.kind() == "window":
            raise RuleError(f"a window such as {self.peek()} stands right behind a metric, before its sum: look at {self.text!r}")
        raise RuleError(f"{self.peek() or 'the end'!r} is unexpected in the expression {self.text!r}")

    def chain(self, operators, below):
        left = below()
        while self.word() in operators:
            operator = self.take().lower()
            how = self.matching(operator)
            left = self.binary(operator, how, left, below())
        return left

    def either(self):
        return self.chain({"or"}, lambda: self.chain({"and", "unless"}, self.compared))

    def compared(self):
        return self.chain(set(COMPARE), lambda: self.chain({"+", "-"}, lambda: self.chain({"*", "/", "%"}, self.signed)))

    def signed(self):
        if self.peek() in ("-", "+"):
            sign = -1.0 if self.take() == "-" else 1.0
            return self.binary("*", {}, ("number", lambda series, now: sign), self.signed())
        base = self.single()
        if self.peek() == "^":
            self.take()
            how = self.matching("^")
            return self.binary("^", how, base, self.signed())
        return base

    def matching(self, operator):
        how = {}
        if self.word() == "bool" and operator in COMPARE:
            how["bool"] = self.take()
        if self.word() in ("on", "ignoring"):
            how["match"] = (self.take().lower(), self.labels())
            if self.word() in ("group_left", "group_right"):
                how["many"] = (self.take().lower(), self.labels() if self.peek() == "(" else [])
        return how

    def binary(self, operator, how, left, right):
        kinds = {left[0], right[0]}
        if "range" in kinds:
            raise RuleError(f"a window such as x[5m] stands inside rate or another function, not beside {operator!r}, in {self.text!r}")
        if operator in ("and", "or", "unless") and "number" in kinds:
            raise RuleError(f"'{operator}' stands between metrics, not numbers, in the expression {self.text!r}")
        if operator in COMPARE and kinds == {"number"} and "bool" not in how:
            raise RuleError(f"two numbers are compared: at least one side must come from a metric, in the expression {self.text!r}")
        return ("number" if kinds == {"number"} else "vector"), _binary(operator, how, left[1], right[1])

    def single(self):
        if self.peek() == "(":
            self.take()
            inner = self.either()
            self.take(")")
            if self.kind() == "window" or self.peek() == "@":
                self.wrong()
            return inner
        if self.kind() == "number" or (self.word() in ("inf", "nan") and self.peek(1) != "{"):
            value = float(self.take())
            return "number", lambda series, now: value
        if self.kind() == "op" and self.peek() == "{":
            raise RuleError(f"this lab's evaluator wants a metric's name before the braces, in the expression {self.text!r}")
        if self.kind() != "name":
            self.wrong()
        name = self.take()
        if name.lower() in AGGREGATE and self.peek() != "{" and (self.peek() == "(" or self.word() in ("by", "without")):
            return self.aggregation(name.lower())
        if self.peek() == "(" or (name in ABSENT_HERE and self.word() in ("by", "without")):
            return self.call(name)
        return self.selector(name)

    def aggregation(self, name):
        labels = self.grouping()
        self.take("(")
        kind, inner = self.either()
        self.take(")")
        if kind != "vector":
            raise RuleError(f"{name} adds up metrics, and not a {kind}, in the expression {self.text!r}")
        return "vector", _aggregate(AGGREGATE[name], inner, *(labels or self.grouping() or ("by", [])))

    def call(self, name):
        if name in ABSENT_HERE:
            raise RuleError(f"Prometheus has {name}, this lab's evaluator has not (its first lines say what it has): look at {self.text!r}")
        if name not in (*WINDOWS, *MAPS, "increase", "absent", "scalar", "vector"):
            raise RuleError(f"{name} is no function that this lab's evaluator knows (its first lines say which): look at {self.text!r}")
        self.take("(")
        kind, inner = self.either()
        more = []
        while self.peek() == ",":
            self.take()
            more.append(self.either())
        self.take(")")
        wanted = "range" if name in WINDOWS or name == "increase" else "number" if name == "vector" else "vector"
        if kind != wanted:
            raise RuleError(
                f"{name} needs a window, such as {name}(x[5m]), in the expression {self.text!r}"
                if wanted == "range"
                else f"{name} takes a {wanted}, and not a {kind}, in the expression {self.text!r}"
            )
        if [one for one, _ in more] != (["number"] if name.startswith("clamp") else []):
            raise RuleError(f"{name} has {len(more) + 1} values between its parentheses, in the expression {self.text!r}")
        if wanted == "range":
            return "vector", _over(WINDOWS["rate" if name == "increase" else name], inner, name == "increase")
        if name == "absent":
            return "vector", _absent(inner)
        if name == "scalar":
            return "number", lambda series, now: next(iter(found.values())) if len(found := inner(series, now)) == 1 else math.nan
        if name == "vector":
            return "vector", lambda series, now: {frozenset(): inner(series, now)}
        limits = [limit for _, limit in more]
        return "vector", lambda series, now: {
            labels: float(MAPS[name](value, *(limit(series, now) for limit in limits))) for labels, value in inner(series, now).items()
        }

    def grouping(self):
        return (self.take().lower(), self.labels()) if self.word() in ("by", "without") else None

    def labels(self):
        self.take("(")
        found = []
        while self.peek() != ")":
            if self.kind() != "name":
                self.wrong()
            found.append(self.take())
            if self.peek() != ")":
                self.take(",")
        self.take(")")
        return found

    def selector(self, name):
        matchers = []
        if self.peek() == "{":
            self.take()
            while self.peek() != "}":
                kind, label, operator = self.kind(), self.take(), self.take()
                if kind != "name" or operator not in ("=", "!=", "=~", "!~") or self.kind() != "string":
                    raise RuleError(f'a matcher is label="text"; look at {label} in the expression {self.text!r}')
                matchers.append((label, operator, self.string(regex="~" in operator)))
                if self.peek() != "}":
                    self.take(",")
            self.take("}")
        if self.kind() == "window" and ":" in self.peek():
            self.wrong()
        window = self.take() if self.kind() == "window" else None
        back = 0
        if self.word() == "offset":
            self.take()
            back = seconds(self.take())
        if self.peek() == "@":
            self.wrong()

        def fits(labels):
            for label, operator, value in matchers:
                has = labels.get(label, "")
                same = bool(re.fullmatch(value, has)) if "~" in operator else has == value
                if same == operator.startswith("!"):
                    return False
            return True

        last = [None, []]  # a rule asks for the same series every 30 seconds: match their labels once

        def select(series):
            found = series.get(name, {})
            if found is not last[0]:
                last[:] = found, [(labels, values) for labels, values in found.items() if fits(dict(labels))]
            return last[1]

        if window:
            length = seconds(window[1:-1])
            return "range", lambda series, now: (select(series), length, now - back)
        work = _Selector(select, back)
        work.equal = {label: value for label, operator, value in matchers if operator == "="}
        return "vector", work

    def string(self, regex):
        text = self.take()
        value = text[1:-1]
        if text[0] != "`":
            if odd := [found for found in re.findall(r"\\(.)", value) if found not in ESCAPES]:
                raise RuleError(f"\\{odd[0]} is no escape in a text of PromQL: write \\\\{odd[0]} in {text}")
            value = re.sub(r"\\(.)", lambda found: ESCAPES[found[1]], value)
        if regex:
            try:
                re.compile(value)
            except re.error as error:
                raise RuleError(f"{text} is no regular expression: {error}") from None
        return value


class _Selector:
    """A selector: called with the series and a time, it returns the values of that time."""

    def __init__(self, select, back):
        self.select, self.back, self.equal = select, back, {}

    def __call__(self, series, now):
        time = (now - self.back) // STEP * STEP
        return {labels: values[time] for labels, values in self.select(series) if time in values}


def _binary(operator, how, left, right):
    on, names = how.get("match", ("ignoring", []))
    side, extra = how.get("many", ("", []))

    def key(labels):
        return frozenset(pair for pair in labels if (pair[0] in names) == (on == "on")) if "match" in how else labels

    def value_of(x, y, kept):
        if operator not in COMPARE:
            return _arithmetic(operator, x, y)
        holds = COMPARE[operator](x, y)
        return float(holds) if "bool" in how else kept if holds else None

    def work(series, now):
        a, b = left(series, now), right(series, now)
        if operator in ("and", "or", "unless"):
            there = {key(labels) for labels in (a if operator == "or" else b)}
            if operator == "or":
                return {**{labels: value for labels, value in b.items() if key(labels) not in there}, **a}
            return {labels: value for labels, value in a.items() if (key(labels) in there) == (operator == "and")}
        if isinstance(a, float) and isinstance(b, float):
            return value_of(a, b, a)
        if isinstance(a, float):
            found = {labels: value_of(a, value, value) for labels, value in b.items()}
        elif isinstance(b, float):
            found = {labels: value_of(value, b, value) for labels, value in a.items()}
        else:
            found = matched(a, b)
        return {labels: value for labels, value in found.items() if value is not None}

    def matched(a, b):
        many, one = (b, a) if side == "group_right" else (a, b)
        partner, found = {}, {}
        for labels in one:
            if key(labels) in partner:
                raise RuleError(f"several series on one side of {operator!r} have the same labels to be matched by: sum them first")
            partner[key(labels)] = labels
        for labels, value in many.items():
            if (other := partner.get(key(labels))) is None:
                continue
            x, y = (one[other], value) if side == "group_right" else (value, one[other])
            made = key(labels)
            if side:
                made = frozenset([*(pair for pair in labels if pair[0] not in extra), *(pair for pair in other if pair[0] in extra)])
            if made in found:
                raise RuleError(f"several series on the left of {operator!r} match one on the right: sum them first, or say group_left")
            found[made] = value_of(x, y, x)
        return found

    return work


def _arithmetic(operator, a, b):
    if operator in "/%":
        if not b:
            return math.nan if operator == "%" or not a or math.isnan(a) else math.copysign(math.inf, a)
        return a / b if operator == "/" else math.fmod(a, b)
    if operator == "^":
        return float(np.float64(a) ** np.float64(b))
    return {"+": a + b, "-": a - b, "*": a * b}[operator]


def _aggregate(function, inner, how, names):
    def work(series, now):
        groups = {}
        for labels, value in inner(series, now).items():
            groups.setdefault(frozenset(pair for pair in labels if (pair[0] in names) == (how == "by")), []).append(value)
        return {labels: float(function(values)) for labels, values in groups.items()}

    return work


def _grown(values):
    return sum(two - one if two >= one else two for one, two in itertools.pairwise(values))


def _over(function, inner, increase):
    def work(series, now):
        found = {}
        selected, window, end = inner(series, now)
        first = math.floor((end - window) / STEP + 1) * STEP
        for labels, values in selected:
            times = [time for time in range(first, math.floor(end) + 1, STEP) if time in values]
            value = function(times, [values[time] for time in times]) if times else None
            if value is not None:
                found[labels] = float(value) * (window if increase else 1)
        return found

    return work


def _absent(inner):
    labels = frozenset(getattr(inner, "equal", {}).items())
    return lambda series, now: {} if inner(series, now) else {labels: 1.0}


def firings(text, series):
    """Return what fires: a list of (alert, severity, minute of its first firing)."""
    rules, series, found = _all_rules(text), dict(series), []
    for rule in rules:
        if "record" in rule:
            made = {}
            for now in range(0, MINUTES * 60, STEP):
                for labels, value in rule["work"](series, now).items():
                    made.setdefault(frozenset({**dict(labels), **rule["labels"]}.items()), {})[now] = value
            series[rule["record"]] = made
    for rule in rules:
        if "alert" in rule:
            patience, since = seconds(rule["for"]), {}
            for now in range(0, MINUTES * 60, STEP):
                try:
                    value = rule["work"](series, now)
                except RuleError as error:
                    raise RuleError(f"{rule['alert']}: {error}") from None
                since = {labels: since.get(labels, now) for labels in value}
                if any(now - start >= patience for start in since.values()):
                    found.append((rule["alert"], rule["labels"].get("severity", ""), now / 60))
                    break
    return found


KINDS = {
    "fine": "nothing is wrong; a few answers fail, on a bad day 1 in 50",
    "busy": "ten times as many requests as usual; as few fail",
    "refused": "7 in 10 requests are refused with 422: the app sends trips that cannot be",
    "one down": "one of the two instances is gone; the other answers everything",
    "errors": "6 in 10 answers are 500",
    "quiet errors": "the same at night, with a request in five seconds",
    "down": "both instances are gone",
    "sensor": "a third of the tyre pressures is missing",
    "blip of errors": "three minutes of 500",
    "blip of down": "both instances are gone for three minutes; their counters begin again at 0",
    "blip of sensor": "for three minutes most tyre pressures are missing",
}


def play(kind, seed=0):
    """Return ninety minutes of metrics, {name: {labels: {second: value}}}, and the minute from which on it is as KINDS says."""
    rng, other = (np.random.default_rng([seed, list(KINDS).index(kind), number]) for number in (0, 1))
    begins = int(rng.integers(30, 45)) * 60
    ends = begins + 180 if "blip" in kind else MINUTES * 60
    series = {"up": {}, "repair_alarm_requests_total": {}, "repair_alarm_missing_inputs_total": {}, "repair_alarm_bikes_waiting": {}}
    gone, usually_fail, net = int(other.integers(2)), float(other.uniform(0.005, 0.02)), int(other.integers(1, 250))
    for number, instance in enumerate((f"10.0.{net}.{other.integers(2, 99)}:8000", f"10.0.{net}.{other.integers(100, 250)}:8000")):
        own = {"job": "repair-alarm", "instance": instance}
        usual = float(rng.uniform(8, 16)) if "quiet" not in kind else 0.1
        counts = dict.fromkeys(["200", "422", "500", "tyre_pressure_bar", "distance_km"], 0.0)
        for name in list(counts)[:3]:
            counts[name] = float(rng.integers(0, 20_000))
        for now in range(0, MINUTES * 60, STEP):
            on = begins <= now < ends
            if on and "down" in kind and (kind != "one down" or number == gone):
                counts = dict.fromkeys(counts, 0.0)
                series["up"].setdefault(frozenset(own.items()), {})[now] = 0.0
                continue
            requests = usual * STEP * ({"busy": 10, "one down": 2}.get(kind, 1) if on else 1) * float(rng.uniform(0.9, 1.1))
            failed = (0.6 if "blip" not in kind else 0.8) if on and "errors" in kind else usually_fail if "quiet" not in kind else 0.0
            refused = 0.7 if on and kind == "refused" else 0.005
            missing = (0.35 if "blip" not in kind else 0.7) if on and "sensor" in kind else 0.01
            counts["500"] += requests * failed
            counts["422"] += requests * refused
            counts["200"] += requests * (1 - failed - refused)
            counts["tyre_pressure_bar"] += requests * missing
            counts["distance_km"] += requests * 0.002
            series["up"].setdefault(frozenset(own.items()), {})[now] = 1.0
            for name, count in counts.items():
                total = "repair_alarm_requests_total" if name.isdigit() else "repair_alarm_missing_inputs_total"
                label = "status" if name.isdigit() else "column"
                series[total].setdefault(frozenset({**own, label: name}.items()), {})[now] = float(np.floor(count))
            series["repair_alarm_bikes_waiting"].setdefault(frozenset(own.items()), {})[now] = float(rng.integers(5, 60))
    return series, begins / 60
