"""The page's contract, as a program: what has to stand where, and what a reader of the page finds."""

import re
from html.parser import HTMLParser

from service import DEFAULTS, FEATURES

PAGE_DAYS = 14  # the page shows the last so many days in its table
DAILY = ["requests", "error_rate", "p95_ms", "coverage", "typical", "typical_low", "typical_high"]  # for each of these days
INPUTS = [f"default_{name}" for name in DEFAULTS]  # these for the last day
INPUTS += [f"outside_{name}" for name in FEATURES] + [f"drift_{name}" for name in FEATURES]
SHARES = ("error_rate", "coverage", "default_", "outside_")  # are shown in per cent
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
SILENT = {"script", "style", "template", "head", "svg", "noscript"}
ENDS = {"td": {"td", "th"}, "th": {"td", "th"}, "tr": {"td", "th", "tr"}, "li": {"li"}, "p": {"p"}}
LOADS = {"src", "srcset", "poster", "data", "xlink:href", "background"}


def read_page(text):
    """Return what a page says: lang, title, headings, numbers, counts, alarms, slices, as_of, pictures, fetched, script, text.

    numbers is {(metric, day): [texts]}, counts {name: [texts]}, alarms and slices {where: [texts]}, as_of [(attribute, text)],
    pictures [alt texts], fetched [what is loaded from elsewhere]. Only visible text counts: not what an attribute or a plain
    rule in <style>, such as `td, .small { display: none }`, takes from the screen.
    """
    reader = _Reader()
    reader.unseen = _unseen("".join(re.findall(r"<style[^>]*>(.*?)</style>", text, re.S | re.I)))
    reader.feed(text)
    reader.close()
    while reader.open:
        reader._end()
    reader.said["text"] = " ".join("".join(reader.words).split())
    return reader.said


def number_in(text):
    """Return the number in a text such as '1,234', '3.4 %' (which is 0.034) or '212 ms', or None where there is none."""
    found = re.search(r"[-−]?\d+(?:,\d{3})*(?:\.\d+)?", text)
    if not found:
        return None
    number = float(found[0].replace(",", "").replace("−", "-"))
    return number / 100 if re.match(r"\s*%", text[found.end() :]) else number


def agrees(metric, text, true):
    """Return whether a visible text says a true number, as finely as the contract wants it."""
    shown = number_in(text)
    if shown is None:
        return False
    fine = 0.00051 if metric.startswith(SHARES) else {"requests": 0, "p95_ms": 0.51}.get(metric, 0.0051)
    return abs(shown - true) <= fine and (not metric.startswith(SHARES) or "%" in text)


HIDES = r"display:none|visibility:hidden"


def _unseen(style):
    """Return the selectors of one part (`td`, `.small`, `td.small`, `#top`) that a style sheet takes from the screen."""
    style = re.sub(r"/\*.*?\*/", "", style, flags=re.S)
    style = re.sub(r"@[^{};]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", style)  # @media print and the like
    rules = [(names, re.sub(r"\s", "", body).lower()) for names, body in re.findall(r"([^{}]+)\{([^{}]*)\}", style)]
    return {name.strip() for names, body in rules if re.search(HIDES, body) for name in names.split(",")}


class _Reader(HTMLParser):
    unseen = frozenset()

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.words, self.hidden = [], [], 0
        self.said = {"lang": "", "title": "", "headings": [], "numbers": {}, "counts": {}, "alarms": {}, "slices": {}}
        self.said |= {"as_of": [], "pictures": [], "fetched": [], "script": False}

    def handle_starttag(self, tag, attributes):
        about = {name: value or "" for name, value in attributes}
        while self.open and self.open[-1]["tag"] in ENDS.get(tag, ()):
            self._end()
        style = re.sub(r"\s", "", about.get("style", "")).lower()
        named = {"#" + about.get("id", ""), *("." + name for name in about.get("class", "").split())}
        named |= {tag, *(tag + name for name in named)}
        hides = tag in SILENT or "hidden" in about or bool(re.search(HIDES, style)) or bool(named & self.unseen)
        for name, value in about.items():
            loads = name in LOADS or (name == "href" and tag in ("link", "image", "use"))
            if (loads and value and not value.startswith(("data:", "#"))) or re.search(r"url\(\s*['\"]?(?!['\"]?(data:|#))", style):
                self.said["fetched"].append(value[:80])
        self.said["script"] |= tag == "script" or any(name.startswith("on") for name in about)
        if tag == "html":
            self.said["lang"] = about.get("lang", "")
        if tag == "img" and not self.hidden:
            self.said["pictures"].append(about.get("alt", ""))
        element = {"tag": tag, "about": about, "hides": hides, "from": len(self.words), "parts": []}
        self.open.append(element)
        self.hidden += hides
        if tag in VOID:
            self._end()
        elif tag in ("td", "th", "tr", "p", "li", "div", "h1", "h2", "h3", "figure", "section"):
            self.words.append(" ")

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag):
        if any(element["tag"] == tag for element in self.open):
            while self.open[-1]["tag"] != tag:
                self._end()
            self._end()

    def handle_data(self, data):
        for element in self.open:
            if element["tag"] in ("title", "svg", "style"):
                element["parts"].append(data)
        if not self.hidden:
            self.words.append(data)

    def _end(self):
        element = self.open.pop()
        self.hidden -= element["hides"]
        tag, about = element["tag"], element["about"]
        text = " ".join("".join(self.words[element["from"] :]).split())
        if tag == "title" and any(outer["tag"] == "head" for outer in self.open):
            self.said["title"] = " ".join("".join(element["parts"]).split())
        if tag == "title" and any(outer["tag"] == "svg" for outer in self.open):
            next(outer for outer in reversed(self.open) if outer["tag"] == "svg")["drawn"] = "".join(element["parts"])
        if tag == "svg" and not self.hidden:
            self.said["pictures"].append(about.get("aria-label") or element.get("drawn", ""))
        if tag == "style" and re.search(r"@import|url\(\s*['\"]?(?!['\"]?(data:|#))", "".join(element["parts"])):
            self.said["fetched"].append("something in <style>")
        if re.fullmatch("h[1-6]", tag) and not self.hidden:
            self.said["headings"].append((int(tag[1]), text))
        if "data-metric" in about:
            self.said["numbers"].setdefault((about["data-metric"], about.get("data-day", "")[:10]), []).append(text)
        if "data-count" in about:
            self.said["counts"].setdefault(about["data-count"], []).append(text)
        if "data-alarm" in about:
            self.said["alarms"].setdefault(about["data-alarm"], []).append(text)
        if "data-slice" in about:
            self.said["slices"].setdefault(about["data-slice"], []).append(text)
        if "data-as-of" in about:
            self.said["as_of"].append((about["data-as-of"], text))
