"""Figures and days as the user's language writes them."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from model_manager.base import figures, text

MOMENT = 1_793_714_700.0
"""3 November 2026, 14:05 in UTC."""


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture(params=["en", "de"])
def code(request: pytest.FixtureRequest) -> Iterator[str]:
    text.use_language(request.param)
    yield request.param
    text.use_language("en")


def test_sizes_and_counts(code: str) -> None:
    found = (
        figures.size(4_920_000_000),
        figures.count(1_234_567),
        figures.parameters(8_030_261_248),
        figures.seconds(1234.56),
    )
    assert found == {
        "en": ("4.92 GB", "1,234,567", "8.03B", "1,234.6"),
        "de": ("4,92 GB", "1.234.567", "8,03B", "1.234,6"),
    }[code]  # fmt: skip


def test_small_numbers_have_no_signs(code: str) -> None:
    assert (figures.size(0), figures.count(0), figures.count(-7), figures.parameters(9)) == ("0 B", "0", "-7", "9")


def test_days_and_moments(code: str) -> None:
    assert (figures.day(MOMENT), figures.moment(MOMENT)) == {
        "en": ("3 Nov 2026", "3 Nov 2026 14:05"),
        "de": ("3. Nov. 2026", "3. Nov. 2026 14:05"),
    }[code]


def test_each_month_has_its_own_name(code: str) -> None:
    days = [figures.day(time.mktime((2025, month, 15, 12, 0, 0, 0, 0, 0))) for month in range(1, 13)]
    assert len(set(days)) == 12
    assert (days[0], days[4], days[11]) == {
        "en": ("15 Jan 2025", "15 May 2025", "15 Dec 2025"),
        "de": ("15. Jan. 2025", "15. Mai 2025", "15. Dez. 2025"),
    }[code]


def test_a_day_is_that_of_this_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "EAST-12")
    time.tzset()
    assert figures.moment(MOMENT) == "4 Nov 2026 02:05" and figures.day(MOMENT) == "4 Nov 2026"
