"""Pictures for the report, as SVG in a data address, each with words that say what it shows.

Outcomes differ by hatching as well as by colour. Lines and letters follow the reader's light or dark scheme.
"""

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from autograder.page import number
from autograder.score import ERROR, FULL, NOT_ATTEMPTED, PARTIAL, TIMED_OUT, TO_MARK, WRONG

BINS = 10
_INK = "#1b1e23"
_SCHEME = "<style>svg{--ink:#1b1e23}@media screen and (prefers-color-scheme:dark){svg{--ink:#e6e9ee}}</style>"
_LOOKS = {  # colour and hatching
    FULL: ("#4c9a6a", ""),
    PARTIAL: ("#9bbf5a", "//"),
    WRONG: ("#d9893b", "\\\\"),
    ERROR: ("#c4574a", "xx"),
    TIMED_OUT: ("#8a6fb8", "--"),
    NOT_ATTEMPTED: ("#9aa1ab", "||"),
    TO_MARK: ("#5b93c7", "++"),
}
_MARGINS = {"left": 0.12, "right": 0.97, "bottom": 0.18, "top": 0.95}
_STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "autograder",
    "font.family": "sans-serif",
    "font.size": 10,
    "hatch.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **{name: _INK for name in ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color")},
}


@dataclass(frozen=True)
class Picture:
    """A picture's data address, and the words that stand for it."""

    src: str
    alt: str


def plot_points(title: str, points: Sequence[float], max_points: float) -> Picture:
    """Return the distribution of points over the graded submissions."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 2.8))
        axes = figure.subplots(gridspec_kw=_MARGINS)
        counts = _plot_bins(axes, points, max_points or 1.0)
        axes.set(xlabel=f"points of {number(max_points)}", ylabel="submissions")
        alt = f"Histogram of points in {title}: {_spread(points, 'points')}. In {BINS} equal bins: {counts}."
        return Picture(_data_address(figure), alt)


def plot_seconds(title: str, seconds: Sequence[float]) -> Picture:
    """Return the distribution of the graded runs' wall-clock seconds."""
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(5.2, 2.8))
        axes = figure.subplots(gridspec_kw=_MARGINS)
        _plot_bins(axes, seconds, max([1.0, *map(math.ceil, seconds)]))
        axes.set(xlabel="seconds of wall clock for the whole run", ylabel="submissions")
        return Picture(_data_address(figure), f"Histogram of the run's time in {title}: {_spread(seconds, 'seconds')}.")


def plot_difficulty(title: str, names: Sequence[str], shares: Sequence[float], outcomes: Sequence[Mapping[str, int]]) -> Picture:
    """Return two bars for each exercise: the mean share of its points, and the mix of its outcomes.

    `shares` are from 0 to 1, nan where nothing is known; `outcomes` count submissions. The first exercise is on top.
    """
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(10.4, 1.5 + 0.42 * len(names)), layout="constrained")
        left, right = figure.subplots(1, 2, sharey=True)
        places = range(len(names))
        known = [0.0 if math.isnan(share) else 100 * share for share in shares]
        bars = left.barh(places, known, height=0.6, color="#7d8ea6", edgecolor=_INK, linewidth=0.7)
        labels = ["none graded" if math.isnan(share) else f"{100 * share:.0f} %" for share in shares]
        left.bar_label(bars, labels=labels, padding=3)
        left.set(xlim=(0, 115), xlabel="mean share of the points (%)", yticks=list(places))
        left.set_xticks(range(0, 101, 20))
        left.set_yticklabels([_literal(name) for name in names])
        left.invert_yaxis()
        begin = [0.0] * len(names)
        for outcome, (colour, hatch) in _LOOKS.items():
            widths = [100 * counts.get(outcome, 0) / (sum(counts.values()) or 1) for counts in outcomes]
            if any(widths):
                look = {"color": colour, "hatch": hatch, "edgecolor": _INK, "linewidth": 0.7}
                right.barh(places, widths, left=begin, height=0.6, label=outcome, **look)
                begin = [start + width for start, width in zip(begin, widths, strict=True)]
        right.set(xlim=(0, 100), xlabel="outcomes (% of graded submissions)")
        if any(begin):
            figure.legend(loc="outside upper right", ncols=len(_LOOKS), frameon=False)
        return Picture(_data_address(figure), f"Bars for each exercise of {title}. {_say_difficulty(names, shares)}")


def plot_shares(what: str, rows: Sequence[tuple[str, float, str]]) -> Picture:
    """Return a bar for each row: a name, a share from 0 to 1, and a note that stands beside the bar. The first is on top.

    What is begun differs from what is done by hatching, too. `what` says in the picture's words what the shares are of.
    """
    with matplotlib.rc_context(_STYLE):
        height = 0.7 + 0.34 * len(rows)
        figure = Figure(figsize=(9.2, height))
        axes = figure.subplots(gridspec_kw={"left": 0.34, "right": 0.99, "bottom": 0.55 / height, "top": 1 - 0.1 / height})
        places, widths = range(len(rows)), [100 * share for _, share, _ in rows]
        looks = [_LOOKS[FULL] if width >= 100 else _LOOKS[PARTIAL] for width in widths]
        bars = axes.barh(places, widths, height=0.62, color=[colour for colour, _ in looks], edgecolor=_INK, linewidth=0.7)
        for bar, (_, hatch) in zip(bars, looks, strict=True):
            bar.set_hatch(hatch)
        for place, width, (_, _, note) in zip(places, widths, rows, strict=True):
            axes.text(width + 1, place, _literal(note), va="center")
        axes.set(xlim=(0, 140), ylim=(-0.6, len(rows) - 0.4), xlabel="points (%)", yticks=list(places))
        axes.set_xticks(range(0, 101, 20))
        axes.set_yticklabels([_literal(name) for name, _, _ in rows])
        axes.invert_yaxis()
        words = "; ".join(f"{name}: {100 * share:.0f} %, {note}" for name, share, note in rows)
        return Picture(_data_address(figure), f"Bars: {what}. {words}.")


def _plot_bins(axes: Axes, values: Sequence[float], top: float) -> str:
    counts = [0] * BINS
    for value in values:
        counts[min(max(int(BINS * value / top), 0), BINS - 1)] += 1
    edges = [top * place / BINS for place in range(BINS)]
    bars = axes.bar(edges, counts, width=top / BINS, align="edge", color="#7d8ea6", edgecolor=_INK, linewidth=0.7)
    axes.bar_label(bars, labels=[str(count) if count else "" for count in counts], padding=2)
    axes.set_xlim(0, top)
    axes.set_ylim(0, 1.15 * max([1, *counts]))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return ", ".join(map(str, counts))


def _spread(values: Sequence[float], unit: str) -> str:
    if not values:
        return "no graded submission"
    lowest, middle, highest = number(min(values)), number(median(values)), number(max(values))
    return f"{len(values)} graded, median {middle}, lowest {lowest}, highest {highest} {unit}"


def _say_difficulty(names: Sequence[str], shares: Sequence[float]) -> str:
    known = sorted((share, name) for share, name in zip(shares, names, strict=True) if not math.isnan(share))
    if not known:
        return "No exercise is graded yet."
    (low, hardest), (high, easiest) = known[0], known[-1]
    return (
        f"Hardest: {hardest}, on average {100 * low:.0f} % of the points. "
        f"Easiest: {easiest}, {100 * high:.0f} %. The table of exercises has all numbers."
    )


def _literal(text: str) -> str:
    return (text if len(text) <= 40 else text[:39] + "…").replace("$", r"\$")


def _data_address(figure: Figure) -> str:
    data = io.StringIO()
    figure.savefig(data, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = data.getvalue()
    start = svg.index(">", svg.index("<svg")) + 1
    svg = svg[:start] + _SCHEME + svg[start:].replace(_INK, "var(--ink)")
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
