"""Pieces that you have written in other labs, or that are only typing. Use them in your parts, or write your own."""

import re
from html import escape

import numpy as np
from pageframe import frame, line_chart

_CARD = re.compile(r"\b\d(?:[ -]?\d){12,18}\b")
_PHONE = re.compile(r"(?<![\w.])(?:\+\d|0\d)(?:[ /-]?\d){6,14}\b")


def kappa(people, judge):
    """Return how far two lists of yes and no agree beyond chance: Cohen's kappa."""
    agreed = float(np.mean([a == b for a, b in zip(people, judge, strict=True)]))
    one, other = (np.mean([said == "yes" for said in marks]) for marks in (people, judge))
    by_chance = one * other + (1 - one) * (1 - other)
    return float((agreed - by_chance) / (1 - by_chance)) if by_chance < 1 else 0.0


def interval(gains):
    """Return the ends of the 95 % interval of a mean, by percentile bootstrap: the mean of 2,000 samples drawn anew from the gains."""
    gains = np.array(gains, dtype=float)
    means = gains[np.random.default_rng(0).integers(len(gains), size=(2000, len(gains)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def nearest(asked, vectors, k):
    """Return the names of the k vectors (a dictionary by name) that point most in the direction of another, the nearest first."""
    near = {name: float(np.dot(asked, vector)) for name, vector in vectors.items()}
    return sorted(near, key=near.get, reverse=True)[:k]


def hide_numbers(text):
    """Return a text without card numbers (13 to 19 digits) and phone numbers (8 digits or more, from + or 0 on); dates and rides stay.

    A few patterns, as a lab has them. At work one takes a library that knows many more, such as Presidio.
    """
    return _PHONE.sub("[phone]", _CARD.sub("[card]", text))


def lay_out(title, tables, series, alt):
    """Return a page: a section for each table, and one with a chart of `series` (see pageframe.line_chart); all is escaped.

    `tables` has for each heading its rows, (name, metric, text): the text stands in an element with that data-metric. `alt` says what
    the chart shows.
    """
    sections = []
    for heading, rows in tables.items():
        body = "".join(
            f'<tr><th scope="row">{escape(str(name))}</th><td data-metric="{escape(metric)}">{escape(str(text))}</td></tr>'
            for name, metric, text in rows
        )
        sections.append(f"<section><h2>{escape(heading)}</h2><table>{body}</table></section>")
    figure = f"<figure>{line_chart(series, alt)}<figcaption>{escape(alt)}.</figcaption></figure>"
    return frame(title, "".join(sections) + f"<section><h2>Over the day</h2>{figure}</section>")
