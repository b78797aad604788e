"""Reads a page as its readers see it: what has to stand where is said by data-metric and data-tenant."""

import re
from html.parser import HTMLParser

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
FETCHES = {"src", "srcset", "poster", "data", "xlink:href", "background"}


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.open, self.said = [], {"lang": "", "title": "", "headings": [], "numbers": {}, "pictures": [], "fetched": [], "tags": set()}

    def handle_starttag(self, tag, attributes):
        about = {name: value or "" for name, value in attributes}
        self.said["tags"] |= {tag, *(name for name in about if name.startswith("on"))}
        for name, value in about.items():
            if (name in FETCHES or (name == "href" and tag in ("link", "image", "use"))) and not value.startswith(("data:", "#")):
                self.said["fetched"].append(value[:60])
        if tag == "html":
            self.said["lang"] = about.get("lang", "")
        if tag in ("img", "svg"):
            self.said["pictures"].append(about.get("alt") or about.get("aria-label", ""))
        if tag not in VOID:
            self.open.append([tag, about, []])

    def handle_endtag(self, tag):
        while any(each[0] == tag for each in self.open):
            last, about, words = self.open.pop()
            text = " ".join("".join(words).split())
            if self.open:
                self.open[-1][2] += words
            if re.fullmatch("h[1-6]", last):
                self.said["headings"].append((int(last[1]), text))
            if last == "title" and any(each[0] == "head" for each in self.open):
                self.said["title"] = text
            if "data-metric" in about:
                self.said["numbers"].setdefault((about["data-metric"], about.get("data-tenant", "")), []).append(text)
            if last == tag:
                return

    def handle_data(self, data):
        if self.open:
            self.open[-1][2].append(data)


def read_page(text):
    """Return what a page says: lang, title, pictures (their texts), fetched, tags, headings and numbers.

    headings: [(level, text)]; numbers: {(metric, tenant): [texts]}.
    """
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.said


def number_in(text):
    """Return the number in a text such as '1,234', '3.4%' (which is 0.034) or '212 ms'; None where there is none."""
    found = re.search(r"[-−]?\d+(?:,\d{3})*(?:\.\d+)?", text)
    if not found:
        return None
    number = float(found[0].replace(",", "").replace("−", "-"))
    return number / 100 if re.match(r"\s*%", text[found.end() :]) else number
