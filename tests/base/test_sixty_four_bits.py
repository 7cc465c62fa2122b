"""Numbers that a database cannot hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model_manager.base.sixty_four_bits import folded, nearest, unfolded

FITS = st.integers(-(1 << 63), (1 << 63) - 1)
TIME = st.integers(-(10**19) * 2, 10**19 * 2)


@given(FITS)
def test_what_fits_stays(number: int) -> None:
    assert folded(number) == nearest(number) == number


@given(st.integers(0, (1 << 64) - 1))
def test_an_inode_number_comes_back(inode: int) -> None:
    assert unfolded(folded(inode)) == inode and -(1 << 63) <= folded(inode) < 1 << 63


@given(TIME, st.integers(1, 10**15))
def test_a_time_that_changed_stays_changed(time_ns: int, by: int) -> None:
    assert folded(time_ns) != folded(time_ns + by)


@given(st.integers(1 << 63, 1 << 80))
def test_an_amount_becomes_the_nearest(amount: int) -> None:
    assert nearest(amount) == (1 << 63) - 1 and nearest(-amount) == -(1 << 63)
