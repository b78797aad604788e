"""Judges of the page, and of a whole spring on the notebook's cluster."""

import itertools
import re
from html.parser import HTMLParser

import world
from judging import begun, new_world, one_version, same, whats

from judgekit import drawn

PARTS = ["admission", "audit", "gate", "monitor", "deployment", "events"]
EMPTY = {"img", "br", "hr", "meta", "link", "input", "source", "path", "rect", "line", "circle"}


class Page(HTMLParser):
    """What a page says: headings (level, text), marked (attribute, value, text), pictures (alt), scripts, what it would fetch."""

    def __init__(self, text):
        super().__init__()
        self.headings, self.marked, self.pictures, self.scripts, self.fetched, self.lang, self.title, self.text = [], [], [], 0, [], "", "", ""
        self._open = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, pairs):
        attributes = {name: value or "" for name, value in pairs}
        self.handle_data(" ")  # what stands in two elements is not one word
        self.scripts += tag == "script" or any(name.startswith("on") for name in attributes)
        if tag == "html":
            self.lang = attributes.get("lang", "")
        if tag == "img" or (tag == "svg" and not any(each[0] == "svg" for each in self._open)):
            self.pictures.append((attributes.get("alt") or attributes.get("aria-label") or "", str(sorted(attributes.items()))))
        if tag in ("img", "link", "iframe", "source") and re.match(r"https?:|//|[\w./-]+\.\w+$", attributes.get("src") or attributes.get("href") or ""):
            self.fetched.append(attributes.get("src") or attributes.get("href"))
        if tag not in EMPTY:
            self._open.append([tag, attributes, ""])

    def handle_data(self, data):
        self.text += data
        for each in self._open:
            each[2] += data

    def handle_endtag(self, tag):
        self.handle_data(" ")
        while self._open and any(each[0] == tag for each in self._open):
            name, attributes, text = self._open.pop()
            text = " ".join(text.split())
            if re.fullmatch("h[1-6]", name):
                self.headings.append((int(name[1]), text))
            if name == "title":
                self.title = text
            self.marked += [(key, value, text) for key, value in attributes.items() if key in ("data-step", "data-entry")]
            if name == tag:
                break


def states(rng, agree=True, hostile=False):
    """Return steps as they might have been played: made up, with a trail that grows."""
    steps, trail, version, models, data = [], [], 1, 1, 1
    names = rng.sample(["new data", "bad data", "quiet drift", "bridge closed", "proposal of Cy", "rollback", "night"], 6)
    for number, name in enumerate(names):
        models += rng.randrange(2)
        data += rng.randrange(3)
        version = rng.randrange(1, models + 1)
        why = "<script>alert(1)</script> & \"quotes\"" if hostile and number == 2 else f"reason {rng.randrange(10**6)}"
        trail = [*trail, {"key": f"e-{number}\" x='1" if hostile and number == 3 else f"e-{number}", "who": rng.choice(["Ada", "Bo"]), "what": rng.choice(["deployed", "refused"]), "subject": str(version), "why": why, "when": f"2026-05-{number + 10}T04:00:00Z"}]
        entry = {"name": name + (" <b>" if hostile and number == 1 else ""), "data": [f"v{n}" for n in range(data)], "models": [{"version": str(n + 1), "tags": {}, "mae": 1.0} for n in range(models)], "quarantined": {f"d-{n}": ["units"] for n in range(number // 2)}}
        steps.append({**entry, "champion": str(version), "wanted": str(version), "answering": [str(version)], "right": True, "trail": trail, "rows": 700, "trips": [], "broken": 0, "killed": False, "error": "", "value": "x", "effects": []})
    if agree is not True:
        steps[-1] |= agree
    return steps


def judge_page(draw_page):
    """Pages about three springs: one in order, one with hostile names, some in which the stores disagree."""
    rng = drawn("page")
    seen = []
    wrong = [{"wanted": "77"}, {"answering": ["77"]}, {"answering": []}, {"right": False}, {"champion": "77"}]
    for agree, hostile in [(True, False), (True, True), *[(each, False) for each in wrong]]:
        steps = states(rng, agree, hostile)
        said = draw_page(steps)
        assert not said["error"], f"build_page stopped at a made-up spring: {said['error']}"
        page, last = Page(said["text"]), steps[-1]
        tops = [text for level, text in page.headings if level == 1]
        assert len(tops) == 1, f"The page has {len(tops)} first-level headings, expected one."
        if agree is True:
            assert re.search(rf"\b{last['champion']}\b", tops[0]) and "disagree" not in tops[0].lower(), f"Version {last['champion']} serves and all agree; the headline is {tops[0]!r}, expected the version in it, and not the word disagree."
        else:
            assert "disagree" in tops[0].lower(), f"In the last step alias, service or answers were not of one version ({agree}), and the headline is {tops[0]!r}, expected the word disagree."
        assert not page.scripts, "On the page a name or a reason has become a script or an attribute that runs one. Escape what comes from the stores."
        assert not page.fetched, f"The page loads something from elsewhere: {page.fetched[0]!r}."
        assert page.lang and page.title, "The page needs a language (<html lang=…>) and a <title>."
        levels = [level for level, _ in page.headings]
        assert levels[0] == 1 and all(after <= before + 1 for before, after in itertools.pairwise(levels)), f"The levels of the headings are {levels}: begin with 1, and skip none."
        assert "prefers-color-scheme" in said["text"] and "@media print" in said["text"], "The page has no style for dark screens or for print: put page.css into it."
        rows = {value: text for key, value, text in page.marked if key == "data-step"}
        assert set(rows) == {str(number) for number in range(1, len(steps) + 1)}, f"The elements with data-step are {sorted(rows)}, expected 1 to {len(steps)}."
        for number, step in enumerate(steps, 1):
            text = rows[str(number)]
            assert " ".join(step["name"].split()) in text, f"Step {number} reads {text!r}, and lacks its name {step['name']!r}."
            rest = text.replace(" ".join(step["name"].split()), "", 1)
            numbers = [int(each) for each in re.findall(r"\b\d+\b", rest)]
            for words, value in (("the version that answers", step["answering"][0] if step["answering"] else None), ("the data versions", len(step["data"])), ("the registered models", len(step["models"])), ("the deliveries in quarantine", len(step["quarantined"]))):
                assert value is None or int(value) in numbers, f"Step {number} reads {text!r}, and lacks {words}: {value}."
        entries = [(value, text) for key, value, text in page.marked if key == "data-entry"]
        assert [value for value, _ in entries] == [entry["key"] for entry in last["trail"]], f"The elements with data-entry are {[value for value, _ in entries]}, expected the keys of the trail, in order."
        for (_, text), entry in zip(entries, last["trail"], strict=False):
            for name in ("who", "what", "why", "when"):
                assert " ".join(entry[name].split()) in text, f"The trail's entry {entry['key']!r} reads {text!r}, and lacks {name}: {entry[name]!r}."
        speaking = [alt for alt, _ in page.pictures if len(alt.strip()) >= 40]
        assert speaking, f"The pictures' alternative texts are {[alt for alt, _ in page.pictures]}, expected at least one of 40 characters or more, which says what is to be seen."
        seen.append([drawn_ for _, drawn_ in page.pictures] if "<svg" not in said["text"] else re.findall(r"(?s)<svg.*?</svg>", said["text"]))
    assert seen[0] != seen[1], "The pictures of two different springs are the same: draw the numbers of the steps."


def judge_spring(rehearse):
    """A whole spring with all parts of the learner's, on the notebook's cluster."""
    seed, there = new_world("spring")
    plan = world.spring(there)
    told = dict(zip(plan, rehearse(PARTS, seed, [list(plan.values())], cluster=True)[0], strict=False))
    names = list(told)
    expected = {"new good data": ("2", 2, 2), "the same event again": ("2", 2, 2), "bad data": ("2", 2, 2), "harmless drift": ("2", 2, 2), "harmful drift": ("3", 3, 3)}
    expected |= {"the event that had crashed, again": ("4", 4, 4), "a rollback": ("3", 4, 4), "the next night": ("3", 4, 4), "a candidate that is worse in Old Town": ("3", 4, 5)}
    for name, (version, data, models) in expected.items():
        state = told[name]
        begun(state, f"In a spring on the cluster, at {name!r}")
        one_version(state, f"In a spring on the cluster, after {name!r}")
        found = (state["champion"], len(state["data"]), len(state["models"]))
        assert found == (version, data, models), f"In a spring on the cluster, after {name!r}, version {found[0]} serves, with {found[1]} data versions and {found[2]} models, expected version {version}, {data} and {models}."
    same(told["bad data"], told["new good data"], "In a spring on the cluster, bad data came", ("data", "models", "champion", "wanted"))
    last = told[names[-1]]
    said = whats(last)
    for entry, number in {("deployed", "2"): 1, ("deployed", "3"): 1, ("deployed", "4"): 1, ("rolled back", "3"): 1, ("registered", "5"): 1, ("refused", "5"): 1, ("refused", "4"): 1, ("quarantined", "d-e-02"): 1, ("nothing", "e-03"): 1, ("retrain", "e-04"): 1}.items():
        assert said.count(entry) == number, f"At the end of a spring on the cluster the trail has {said.count(entry)} entries {entry}, expected {number}."
