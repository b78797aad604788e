"""Alerting rules in Prometheus' format, played against ninety minutes of a service.

What `expr` may hold here, a small part of PromQL:
    selectors     name, name{label="x"}, with the matchers =, !=, =~ and !~
    functions     rate(selector[5m]), increase(selector[5m]), absent(selector)
    aggregation   sum, avg, min, max, count (…), with by (label, …) before or after
    operators     + - * /, the comparisons > < >= <= == !=, and, or, unless, and parentheses
Two vectors are matched by all their labels, as in Prometheus. It differs in one thing: rate does not extrapolate to the window's edges.
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
AGGREGATE = {"sum": sum, "min": min, "max": max, "count": len, "avg": lambda values: sum(values) / len(values)}
TOKEN = re.compile(
    r'\s*(?:(?P<duration>\[\s*\w+\s*\])|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[a-zA-Z_:][\w:]*)'
    r'|(?P<string>"[^"]*"|\'[^\']*\')|(?P<op>=~|!~|>=|<=|==|!=|[-+*/(){},><=]))'
)  # fmt: skip


class RuleError(ValueError):
    """What Prometheus, or this small part of it, would not accept."""


def seconds(duration):
    """Return a duration such as 90s, 5m or 1h30m in seconds."""
    text = str(duration).strip()
    if not re.fullmatch(r"(\d+d)?(\d+h)?(\d+m)?(\d+s)?", text) or not text:
        raise RuleError(f"{duration!r} is no duration: write 30s, 5m or 1h30m")
    return sum(int(number) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[unit] for number, unit in re.findall(r"(\d+)([dhms])", text))


def read_rules(text):
    """Return the alerts in a file of rules, each a dict. Raises RuleError for what Prometheus would not accept."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RuleError(f"not YAML: {error}".splitlines()[0]) from None
    if not isinstance(document, dict) or set(document) != {"groups"} or not isinstance(document["groups"], list):
        raise RuleError("the file's only key is 'groups', with a list")
    alerts = []
    for group in document["groups"]:
        if not isinstance(group, dict) or not {"name", "rules"} <= set(group) <= {"name", "rules", "interval"}:
            raise RuleError("a group has a 'name' and 'rules'")
        if not isinstance(group["rules"], list):
            raise RuleError(f"group {group['name']}: 'rules' is a list")
        for rule in group["rules"]:
            known = {"alert", "expr", "for", "keep_firing_for", "labels", "annotations"}
            if not isinstance(rule, dict) or not {"alert", "expr"} <= set(rule) <= known:
                raise RuleError(f"group {group['name']}: a rule has 'alert' and 'expr', and may have 'for', 'labels', 'annotations'")
            for part in ("labels", "annotations"):
                values = rule.get(part) or {}
                if not isinstance(values, dict) or not all(isinstance(value, str) for value in values.values()):
                    raise RuleError(f"{rule['alert']}: the values of '{part}' are texts")
            seconds(rule.get("for", "0s"))
            parse(str(rule["expr"]))
            alerts.append({"for": "0s", **rule, "labels": rule.get("labels") or {}, "annotations": rule.get("annotations") or {}})
    return alerts


def parse(text):
    """Return the expression as a function of the series and a time. Raises RuleError."""
    tokens, at = [], 0
    text = re.sub(r"#[^\n]*", "", text).strip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise RuleError(f"cannot read {text[at:at + 20]!r} in the expression {text!r}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        at = found.end()
    parser = _Parser(tokens, text)
    tree = parser.either()
    if parser.tokens:
        raise RuleError(f"{parser.tokens[0][1]!r} is unexpected in the expression {text!r}")
    return tree


class _Parser:
    def __init__(self, tokens, text):
        self.tokens, self.text = list(tokens), text

    def peek(self):
        return self.tokens[0][1] if self.tokens else ""

    def kind(self):
        return self.tokens[0][0] if self.tokens else ""

    def take(self, wanted=None):
        if not self.tokens or (wanted and self.peek() != wanted):
            raise RuleError(f"expected {wanted or 'more'!r}, found {self.peek() or 'the end'!r} in the expression {self.text!r}")
        return self.tokens.pop(0)[1]

    def chain(self, operators, below):
        left = below()
        while self.peek() in operators:
            left = _binary(self.take(), left, below())
        return left

    def either(self):
        return self.chain({"or"}, lambda: self.chain({"and", "unless"}, self.compared))

    def compared(self):
        return self.chain(set(COMPARE), lambda: self.chain({"+", "-"}, lambda: self.chain({"*", "/"}, self.single)))

    def single(self):
        if self.peek() == "-":
            self.take()
            return _binary("-", lambda series, now: 0.0, self.single())
        if self.peek() == "(":
            self.take()
            inner = self.either()
            self.take(")")
            return inner
        if self.kind() == "number":
            value = float(self.take())
            return lambda series, now: value
        if self.kind() != "name":
            raise RuleError(f"{self.peek() or 'the end'!r} is unexpected in the expression {self.text!r}")
        name = self.take()
        if name in AGGREGATE:
            labels = self.by()
            self.take("(")
            inner = self.either()
            self.take(")")
            return _aggregate(AGGREGATE[name], inner, labels if labels is not None else self.by() or [])
        if name in ("rate", "increase", "absent"):
            self.take("(")
            select = self.selector(self.take())
            window = seconds(self.take()[1:-1]) if name != "absent" and self.kind() == "duration" else None
            if name != "absent" and not window:
                raise RuleError(f"{name} needs a window, such as {name}(x[5m]), in the expression {self.text!r}")
            self.take(")")
            return _absent(select) if name == "absent" else _rate(select, window, window if name == "increase" else 1)
        if self.peek() == "(":
            raise RuleError(f"{name} is not among the functions of this lab: rate, increase, absent, {', '.join(AGGREGATE)}")
        select = self.selector(name)
        return lambda series, now: {labels: values[now] for labels, values in select(series) if now in values}

    def by(self):
        if self.peek() != "by":
            return None
        self.take()
        self.take("(")
        labels = []
        while self.peek() != ")":
            labels.append(self.take())
            if self.peek() == ",":
                self.take()
        self.take(")")
        return labels

    def selector(self, name):
        matchers = []
        if self.peek() == "{":
            self.take()
            while self.peek() != "}":
                label, operator = self.take(), self.take()
                if operator not in ("=", "!=", "=~", "!~") or self.kind() != "string":
                    raise RuleError(f'a matcher is label="text"; look at {label} in the expression {self.text!r}')
                matchers.append((label, operator, self.take()[1:-1]))
                if self.peek() == ",":
                    self.take()
            self.take("}")

        def fits(labels):
            for label, operator, value in matchers:
                has = labels.get(label, "")
                same = bool(re.fullmatch(value, has)) if "~" in operator else has == value
                if same == operator.startswith("!"):
                    return False
            return True

        return lambda series: [(labels, values) for labels, values in series.get(name, {}).items() if fits(dict(labels))]


def _binary(operator, left, right):
    def work(series, now):
        a, b = left(series, now), right(series, now)
        if operator in ("and", "or", "unless"):
            if isinstance(a, float) or isinstance(b, float):
                raise RuleError(f"'{operator}' stands between vectors, not numbers")
            if operator == "or":
                return {**b, **a}
            return {labels: value for labels, value in a.items() if (labels in b) == (operator == "and")}
        if isinstance(a, float) and isinstance(b, float):
            if operator in COMPARE:
                raise RuleError("two numbers are compared: at least one side must come from a metric")
            return _arithmetic(operator, a, b)
        if isinstance(a, float):
            pairs = {labels: (a, value) for labels, value in b.items()}
        elif isinstance(b, float):
            pairs = {labels: (value, b) for labels, value in a.items()}
        else:
            pairs = {labels: (value, b[labels]) for labels, value in a.items() if labels in b}
        if operator not in COMPARE:
            return {labels: _arithmetic(operator, x, y) for labels, (x, y) in pairs.items()}
        return {labels: y if isinstance(a, float) else x for labels, (x, y) in pairs.items() if COMPARE[operator](x, y)}

    return work


def _arithmetic(operator, a, b):
    if operator == "/":
        return a / b if b else math.nan if not a or math.isnan(a) else math.copysign(math.inf, a)
    return {"+": a + b, "-": a - b, "*": a * b}[operator]


def _aggregate(function, inner, by):
    def work(series, now):
        groups = {}
        for labels, value in inner(series, now).items():
            groups.setdefault(frozenset((name, value) for name, value in labels if name in by), []).append(value)
        return {labels: float(function(values)) for labels, values in groups.items()}

    return work


def _rate(select, window, factor):
    def work(series, now):
        found = {}
        for labels, values in select(series):
            times = [time for time in range(now - window + STEP - (now - window) % STEP, now + 1, STEP) if time in values]
            if len(times) >= 2:
                steps = [(values[one], values[two]) for one, two in itertools.pairwise(times)]
                grown = sum(two - one if two >= one else two for one, two in steps)
                found[labels] = factor * grown / (times[-1] - times[0])
        return found

    return work


def _absent(select):
    return lambda series, now: {} if any(now in values for _, values in select(series)) else {frozenset(): 1.0}


def firings(text, series):
    """Return what fires: a list of (alert, severity, minute of its first firing)."""
    found = []
    for rule in read_rules(text):
        evaluate, patience, since = parse(str(rule["expr"])), seconds(rule["for"]), {}
        for now in range(0, MINUTES * 60, STEP):
            value = evaluate(series, now)
            if isinstance(value, float):
                raise RuleError(f"{rule['alert']}: the expression is a number, and not a comparison")
            since = {labels: since.get(labels, now) for labels in value}
            if any(now - start >= patience for start in since.values()):
                found.append((rule["alert"], rule["labels"].get("severity", ""), now / 60))
                break
    return found


KINDS = {
    "fine": "nothing is wrong; 1 answer in 200 fails",
    "busy": "ten times as many requests as usual; 1 answer in 200 fails",
    "refused": "3 in 10 requests are refused with 422: the app sends trips that cannot be",
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
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    begins = int(rng.integers(30, 45)) * 60
    ends = begins + 180 if "blip" in kind else MINUTES * 60
    series = {"up": {}, "repair_alarm_requests_total": {}, "repair_alarm_missing_inputs_total": {}, "repair_alarm_bikes_waiting": {}}
    for instance in ("10.0.0.4:8000", "10.0.0.5:8000"):
        own = {"job": "repair-alarm", "instance": instance}
        usual = float(rng.uniform(8, 16)) if "quiet" not in kind else 0.1
        counts = dict.fromkeys(["200", "422", "500", "tyre_pressure_bar", "distance_km"], 0.0)
        for name in list(counts)[:3]:
            counts[name] = float(rng.integers(0, 20_000))
        for now in range(0, MINUTES * 60, STEP):
            on = begins <= now < ends
            if on and "down" in kind:
                counts = dict.fromkeys(counts, 0.0)
                series["up"].setdefault(frozenset(own.items()), {})[now] = 0.0
                continue
            requests = usual * STEP * (10 if on and kind == "busy" else 1) * float(rng.uniform(0.9, 1.1))
            failed = (0.6 if "blip" not in kind else 0.8) if on and "errors" in kind else 0.005 if "quiet" not in kind else 0.0
            refused = 0.3 if on and kind == "refused" else 0.005
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
