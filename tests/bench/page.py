"""What a run is written down as: the table, the machine, a chart of each benchmark; what people wrote around it stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from chart import chart
from measure import Result

BEGIN = "<!-- measured: made by tests/bench/run.py, changed by hand in vain -->"
END = "<!-- measured: end -->"
CHARTS = "charts"


class PageError(Exception):
    """The page cannot be written; in words for the person at the terminal."""


def table(results: Sequence[Result]) -> str:
    lines = ["| benchmark | what | measured | asked | |", "|---|---|---|---|---|"]
    for one in results:
        mark = "" if one.met is None else "met" if one.met else "**not met**"
        lines.append(f"| {one.benchmark} | {one.what} | {one.measured} | {one.asked} | {mark} |")
    return "\n".join(lines)


def parts_of(page: Path) -> tuple[str, str]:
    """What stands before and after the measured part. Raises PageError where a page has no place for it: it would
    be lost."""
    if not page.exists():
        return "# Performance\n\n", "\n"
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise PageError(f"{page} has no lines {BEGIN} and {END} between which the figures could stand")
    return before, after


def write(page: Path, found: Mapping[str, Sequence[Result]], facts: Sequence[tuple[str, str]], how: str) -> None:
    """Puts the figures into the page and the charts beside it, in `charts/`. `how`: what was run, in words."""
    before, after = parts_of(page)
    folder = page.parent / CHARTS
    folder.mkdir(parents=True, exist_ok=True)
    pictures = []
    for name, results in found.items():
        file = folder / f"{name}.svg"
        drawn = chart(name, results)
        if drawn is None:
            file.unlink(missing_ok=True)  # of an earlier run
            continue
        file.write_text(drawn, encoding="utf-8")
        pictures.append(f"![{name}: this program beside its peers and what was asked for]({CHARTS}/{name}.svg)")
    listed = "\n".join(f"- {name}: {value}" for name, value in facts)
    figures = table([one for results in found.values() for one in results])
    middle = "\n\n".join((BEGIN, how, listed, figures, *pictures, END))
    page.write_text(before + middle + after, encoding="utf-8")
