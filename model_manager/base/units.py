"""Numbers as people read them: sizes in powers of ten, counts, times."""

from __future__ import annotations

import datetime
import re

_STEPS = ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB"))
_SIZE = re.compile(r"^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb|tb)?$", re.IGNORECASE)
_FACTORS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
NUMBER = re.compile(r"-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?: ?(?:[kMGT]?B|%))?")
"""How a `Figure` is written."""


class Figure(str):
    """A number as English writes it, `1,234.5` or `4.92 GB`: shown with the signs of the user's language."""

    __slots__ = ()


def size(count: int) -> Figure:
    """Bytes as three significant figures in powers of ten: 4_920_000_000 -> '4.92 GB'."""
    for factor, unit in _STEPS:
        if count >= factor * 0.9995:
            value = count / factor
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return Figure(f"{value:.{digits}f} {unit}")
    return Figure(f"{count} B")


def parse_size(text: str) -> int | None:
    """'10gb' -> 10_000_000_000; None when the text is no size."""
    match = _SIZE.match(text.strip())
    if not match:
        return None
    return round(float(match[1]) * _FACTORS[(match[2] or "").lower()])


def parameters(count: int) -> str:
    """Parameter counts as people say them: 8_030_261_248 -> '8.03B', 22_000_000 -> '22.0M'."""
    for factor, unit in ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K")):
        if count >= factor * 0.9995:
            value = count / factor
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f}{unit}"
    return str(count)


def iso(seconds: float) -> str:
    """A time as ISO 8601 in UTC, whole seconds; times beyond the calendar are clamped."""
    clamped = min(max(seconds, 0.0), 253402300799.0)
    moment = datetime.datetime.fromtimestamp(int(clamped), datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> float:
    """The seconds since 1970 of what `iso` wrote. Raises ValueError."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
