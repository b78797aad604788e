"""The frame of a page: a whole HTML document around a body, light and dark, that prints well; and a chart of lines as SVG."""

from html import escape

STYLE = """:root { color-scheme: light dark; --ink: #1b2430; --ground: #f6f7f9; --card: #fff; --line: #d5dae1; --a: #0b57a4; --b: #b3470c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e8ecf1; --ground: #12161c; --card: #1b212a; --line: #364150; --a: #8cc2ff; --b: #ffb184; } }
@media print { :root { --ground: #fff; --card: #fff; --ink: #000; } section { break-inside: avoid; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1.5rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, "Liberation Sans", sans-serif; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.2rem;
  margin: 1.2rem 0; overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .6rem; text-align: left; border-bottom: 1px solid var(--line); }
figure { margin: 1rem 0 0; } figure svg { width: 100%; height: auto; }"""


def frame(title, body):
    """Return a document with a title (a plain text) and a body (HTML: you have escaped what is not yours)."""
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main><h1>{escape(title)}</h1>{body}</main></body></html>'


def line_chart(series, alt, unit="minutes", wide=640, high=220):
    """Return an SVG of lines. `series` has "minutes", a list for the x axis, and other lists by name, each a line of its own style."""
    names = [name for name in series if name != "minutes"]
    most = max((value for name in names for value in series[name]), default=1) or 1
    last = max(series["minutes"], default=1) or 1
    parts = [f'<svg viewBox="0 0 {wide} {high}" role="img" aria-label="{escape(alt)}" font-size="12" fill="currentColor">']
    for share in (0, 0.5, 1):
        y = high - 40 - share * (high - 70)
        parts.append(f'<line x1="40" x2="{wide - 10}" y1="{y}" y2="{y}" stroke="currentColor" stroke-opacity=".2"/>')
        parts.append(f'<text x="34" y="{y + 4}" text-anchor="end">{share * most:.3g}</text>')
    for number, name in enumerate(names):
        pairs = zip(series["minutes"], series[name], strict=False)
        points = " ".join(f"{40 + x / last * (wide - 50):.1f},{high - 40 - y / most * (high - 70):.1f}" for x, y in pairs)
        look = 'stroke="var(--a)"' if not number else 'stroke="var(--b)" stroke-dasharray="6 3"'
        parts.append(f'<polyline points="{points}" fill="none" stroke-width="2" {look}/>')
        parts.append(f'<text x="{50 + 200 * number}" y="16">{"—" if not number else "- -"} {escape(name)}</text>')
    parts.append(f'<text x="{wide / 2}" y="{high - 8}" text-anchor="middle">time ({escape(unit)}), 0 to {last:.0f}</text></svg>')
    return "".join(parts)
