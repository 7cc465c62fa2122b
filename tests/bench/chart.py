"""One benchmark's figures as a bar chart in SVG: each row's figure beside its peers' and the limit asked for.

Each row is drawn in multiples of its peer (where it has none, of its limit), from 0, linear. A bar that would leave
the chart is broken, and its number says how long it is. The background is given, so that it reads on light and dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from measure import Figure, Result, amount

WIDTH, MARGIN, NAMES, SCALE, BAR = 860, 16, 168, 420, 16
LEFT = MARGIN + NAMES
"""Where 0 is; the scale reaches from there over SCALE pixels."""
SHARES, AMOUNTS = LEFT + SCALE + 76, LEFT + SCALE + 172
"""Where the two columns of figures end, right of all bars, so that no line runs through them."""
FARTHEST = 4.0
"""No scale reaches farther: in multiples of the peer."""
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0)
INK, FAINT, LINES, PAPER = "#1f2328", "#59636e", "#d1d9e0", "#ffffff"
OURS, PEERS, LIMIT = "#0969da", "#9aa4af", "#bc4c00"


def chart(name: str, results: Sequence[Result]) -> str | None:
    """The SVG of a benchmark, or None where nothing of it was measured beside something."""
    rows = [
        (one.what if one.benchmark == name else f"{one.benchmark}: {one.what}", one.figure, one.met)
        for one in results
        if one.figure is not None
    ]
    if not rows:
        return None
    step, end = scale([figure for _what, figure, _met in rows])
    height = 58 + sum(_height(figure) for _what, figure, _met in rows) + 62
    top = Xml.Element(
        "svg", xmlns="http://www.w3.org/2000/svg", width=str(WIDTH), height=str(height),
        viewBox=f"0 0 {WIDTH} {height}", role="img",
        **{"font-family": "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif", "font-size": "13"},
    )  # fmt: skip
    Xml.SubElement(top, "title").text = name
    Xml.SubElement(top, "desc").text = "; ".join(f"{what}: {words(figure)}" for what, figure, _met in rows)
    _box(top, 0.5, 0.5, WIDTH - 1, height - 1, PAPER, stroke=LINES, rx="6")
    _text(top, MARGIN, 30, name, size="17", weight="600")
    bottom = height - 62
    for number in range(round(end / step) + 1):
        x = LEFT + SCALE * number * step / end
        _text(top, x, bottom + 17, f"{number * step:g}", FAINT, anchor="middle")
    y = 58.0
    for what, figure, met in rows:
        _row(top, y, what, figure, met, (step, end))
        y += _height(figure)
    beside = [bool(figure.peers) for _what, figure, _met in rows]
    _legend(top, bottom + 40, any(beside), not all(beside))
    Xml.indent(top)
    return Xml.tostring(top, encoding="unicode") + "\n"


def scale(figures: Sequence[Figure]) -> tuple[float, float]:
    """(between two marks, end), in multiples: wide enough for all, but no wider than FARTHEST."""
    most = max(max(figure.share(value) for _who, value in bars(figure)) for figure in figures)
    most = min(max(most, *(figure.share(figure.limit) for figure in figures), 1.0), FARTHEST)
    step = next(step for step in STEPS if most / step <= 8)
    return step, step * -(-most // step)


def bars(figure: Figure) -> list[tuple[str, float]]:
    return [("this program", figure.ours), *figure.peers]


def words(figure: Figure) -> str:
    return ", ".join(f"{who} {amount(value, figure.unit)}" for who, value in bars(figure))


def times(share: float) -> str:
    """A multiple; a small one as a part, whose digits mean something."""
    return f"1/{1 / share:,.0f}" if 0 < share < 0.05 else f"{share:.2f} ×"


def _height(figure: Figure) -> int:
    return 26 + len(bars(figure)) * (BAR + 4) + 14


def _row(top: Xml.Element, y: float, what: str, figure: Figure, met: bool | None, reach: tuple[float, float]) -> None:
    step, end = reach
    sign = "≥" if figure.more else "≤"
    asked = f"asked: {sign} {times(figure.share(figure.limit))}" if figure.peers else "asked: ≤ "
    asked += "" if figure.peers else amount(figure.limit, figure.unit)
    verdict = {True: ", met", False: ", not met", None: ""}[met]
    _text(top, MARGIN, y + 14, what + (" (more is better)" if figure.more else ""), weight="600")
    _text(top, WIDTH - MARGIN, y + 14, asked + verdict, LIMIT if met is False else FAINT, anchor="end")
    first, last = y + 22, y + 22 + len(bars(figure)) * (BAR + 4) - 4
    for mark in range(round(end / step) + 1):
        x = LEFT + SCALE * mark * step / end
        _line(top, x, first - 3, x, last + 3, LINES)
    for number, (who, value) in enumerate(bars(figure)):
        _bar(top, first + number * (BAR + 4), who, value, figure, end, OURS if number == 0 else PEERS)
    x = LEFT + SCALE * figure.share(figure.limit) / end
    if x <= LEFT + SCALE:
        _limit(top, x, first - 3, last + 3)


def _bar(top: Xml.Element, y: float, who: str, value: float, figure: Figure, end: float, colour: str) -> None:
    share = figure.share(value)
    long = SCALE * min(share / end, 1.0)
    _text(top, LEFT - 8, y + 12.5, who, anchor="end")
    _box(top, LEFT, y, long, BAR, colour, **{"class": "bar"})
    if share > end:
        for slip in (26, 18):
            points = f"{LEFT + long - slip},{y + BAR} {LEFT + long - slip + 8},{y}"
            Xml.SubElement(
                top, "polyline", points=points, stroke=PAPER, fill="none", **{"stroke-width": "3", "class": "break"}
            )
    if figure.peers:
        _text(top, SHARES, y + 12.5, times(share), anchor="end")
    _text(top, AMOUNTS, y + 12.5, amount(value, figure.unit), anchor="end")


def _limit(top: Xml.Element, x: float, y: float, to_y: float) -> None:
    """What was asked for, with paper on both sides: it has to be seen on every colour."""
    _line(top, x, y, x, to_y, PAPER).set("stroke-width", "3.5")
    line = _line(top, x, y, x, to_y, LIMIT)
    line.attrib |= {"stroke-width": "2", "class": "limit"}


def _legend(top: Xml.Element, y: float, with_peer: bool, alone: bool) -> None:
    """What the colours mean, and what 1 is: for rows beside a peer, for rows of their own, for both."""
    x = float(MARGIN)
    for label, colour, wide in (("this program", OURS, 118), *((("peer", PEERS, 68),) if with_peer else ())):
        _box(top, x, y - 10, 12, 12, colour)
        _text(top, x + 18, y, label, FAINT)
        x += wide
    _limit(top, x + 6, y - 11, y + 3)
    _text(top, x + 18, y, "asked", FAINT)
    text = "in multiples of the first peer" if with_peer else "in multiples of what was asked for"
    text += "; where a row has none, of what was asked for" if with_peer and alone else ""
    _text(top, WIDTH - MARGIN, y, text, FAINT, anchor="end")


def _box(top: Xml.Element, x: float, y: float, wide: float, high: float, fill: str, **more: str) -> None:
    size = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{wide:.2f}", "height": f"{high:g}"}
    Xml.SubElement(top, "rect", size, fill=fill, **more)


def _line(top: Xml.Element, x: float, y: float, to_x: float, to_y: float, stroke: str) -> Xml.Element:
    ends = {"x1": f"{x:.2f}", "y1": f"{y:g}", "x2": f"{to_x:.2f}", "y2": f"{to_y:g}"}
    return Xml.SubElement(top, "line", ends, stroke=stroke)


def _text(
    top: Xml.Element,
    x: float,
    y: float,
    text: str,
    fill: str = INK,
    anchor: str = "start",
    size: str = "",
    weight: str = "",
) -> Xml.Element:
    found = Xml.SubElement(top, "text", {"x": f"{x:.2f}", "y": f"{y:g}", "fill": fill, "text-anchor": anchor})
    found.attrib |= {key: value for key, value in (("font-size", size), ("font-weight", weight)) if value}
    found.text = text
    return found
