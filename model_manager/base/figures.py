"""Sizes, counts and dates as people of the user's language write them. The core itself writes English (`units`)."""

from __future__ import annotations

import datetime

from model_manager.base import units
from model_manager.base.text import _, later, number

_MONTHS = (
    later("Jan"), later("Feb"), later("Mar"), later("Apr"), later("May"), later("Jun"),
    later("Jul"), later("Aug"), later("Sep"), later("Oct"), later("Nov"), later("Dec"),
)  # fmt: skip


def size(count: int) -> str:
    """Bytes: '4.92 GB', '4,92 GB'."""
    return number(units.size(count))


def count(many: int) -> str:
    """A whole number: '12,345', '12.345'."""
    return number(f"{many:,}")


def parameters(many: int) -> str:
    """A count of parameters: '8.03B', '8,03B'."""
    return number(units.parameters(many))


def seconds(many: float) -> str:
    """'1.5', '1,5'."""
    return number(f"{many:,.1f}")


def day(seconds: float) -> str:
    """A day of this computer's calendar, from seconds since 1970: '3 Nov 2026', '3. Nov. 2026'."""
    return _day(datetime.datetime.fromtimestamp(seconds))


def moment(seconds: float) -> str:
    """A day and its time to the minute: '3 Nov 2026 14:05'."""
    when = datetime.datetime.fromtimestamp(seconds)
    return f"{_day(when)} {when:%H:%M}"


def _day(when: datetime.datetime) -> str:
    # Not strftime: its months are those of the C locale, and "%-d" is unknown on Windows.
    return _("{day} {month} {year}").format(day=when.day, month=_(_MONTHS[when.month - 1]), year=when.year)
