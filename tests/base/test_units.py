"""Numbers as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base import units


@pytest.mark.parametrize(("count", "text"), [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (4_920_000_000, "4.92 GB"),
                                             (96_200_000_000, "96.2 GB"), (214 * 10**9, "214 GB"), (999_960_000, "1.00 GB"),
                                             (9_994_000, "9.99 MB"), (9_996_000, "10.0 MB"), (99_960_000, "100 MB"),
                                             (10**12, "1.00 TB"), (5 * 10**15, "5000 TB"), (999_400, "999 kB")])  # fmt: skip
def test_sizes(count: int, text: str) -> None:
    assert units.size(count) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0"), (999, "999"), (22_000_000, "22.0M"), (8_030_261_248, "8.03B"),
                                             (1_500, "1.50K"), (671_000_000_000, "671B"), (1_040_000_000_000, "1.04T"),
                                             (9_996_000, "10.0M"), (999_960_000, "1.00B")])  # fmt: skip
def test_parameters(count: int, text: str) -> None:
    assert units.parameters(count) == text


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("10gb", 10**10), ("1.5 TB", 15 * 10**11), ("7", 7), ("7b", 7), ("2kB", 2000), (" 3 MB ", 3_000_000), ("0", 0), ("-1", None),
        ("", None), ("gb", None), ("1e3", None), ("10 gib", None), ("1,5gb", None), ("1.gb", None), (".5gb", None), ("1 0", None), ("∞", None),
    ],
)  # fmt: skip
def test_sizes_as_people_write_them(text: str, count: int | None) -> None:
    assert units.parse_size(text) == count


@settings(max_examples=25)
@given(st.integers(0, 10**15))
def test_a_size_that_is_shown_can_be_given_back(count: int) -> None:
    found = units.parse_size(units.size(count))
    assert found is not None and abs(found - count) <= count * 0.005


@settings(max_examples=20)
@given(st.integers(0, 253402300799))
def test_a_time_is_read_back_as_it_was_written(seconds: int) -> None:
    assert units.seconds_of(units.iso(seconds)) == seconds


def test_times_beyond_the_calendar_are_clamped() -> None:
    assert units.iso(-5) == "1970-01-01T00:00:00Z" and units.iso(1e18) == "9999-12-31T23:59:59Z"
    assert units.iso(1.9) == "1970-01-01T00:00:01Z" and units.iso(float("inf")) == "9999-12-31T23:59:59Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        units.seconds_of(text)
