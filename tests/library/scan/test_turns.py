"""Whose turn it is to scan, and what is left for whoever scans next."""

from __future__ import annotations

import os
from pathlib import Path

from model_manager.library.scan.turns import Left, Turn


def test_one_has_it_until_it_is_dropped(tmp_path: Path) -> None:
    mine, other = Turn(str(tmp_path)), Turn(str(tmp_path))
    assert mine.taken() and not mine.taken() and not other.taken()
    mine.drop()
    assert other.taken() and not mine.taken()
    other.drop()
    assert mine.taken()


def test_where_nothing_may_be_written_nothing_is() -> None:
    """A data folder that is another user's is left as it is."""
    before = sorted(os.listdir())
    turn, left = Turn(""), Left("")
    assert turn.taken() and not turn.taken()
    left.leave([1])
    assert left.every() == {} and sorted(os.listdir()) == before


def test_what_is_left_is_read_by_others_and_goes_when_it_is_done(home: Path) -> None:
    left, other = Left(str(home)), Left(str(home))
    left.leave([3, 1])
    before = other.every()
    left.leave([2])
    assert list(before.values()) == [frozenset({1, 3})]
    other.done(before)
    assert list(left.every().values()) == [frozenset({2})], "what came meanwhile is not done"
    assert all(name.startswith("scan-left-") for name in os.listdir(home))


def test_what_cannot_be_read_asks_for_nothing_and_goes(home: Path) -> None:
    for number, text in enumerate(("", "{", '"x"', '["a", 4, null]')):
        (home / f"scan-left-{number}").write_text(text)
    left = Left(str(home))
    assert frozenset().union(*left.every().values()) == {4}
    left.done(left.every())
    assert os.listdir(home) == []
