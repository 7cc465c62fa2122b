"""Every file made to hurt is read, quickly and small, and by no reader that falls over; `-m slow` for the large ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from reliability import hostile

LARGE = ("million", "MiB", "00,000", "bomb", "99,000", "90,000")
KINDS = [
    pytest.param(name, make, id=title, marks=[pytest.mark.slow] if any(word in title for word in LARGE) else [])
    for title, name, make in hostile.kinds()
]


@pytest.mark.parametrize(("name", "make"), KINDS)
def test_a_hostile_file_gets_a_verdict(name: str, make: Callable[[], hostile.Made], tmp_path: Path) -> None:
    found = hostile.measure(name, make, str(tmp_path))
    assert not found.crashed
    assert found.verdict and "beyond this program's limits (" not in found.detail
    assert found.ms < 10 * hostile.MS and found.mb < 4 * hostile.MB  # a guard: figures are in notes/reliability.md
    assert found.read < hostile.READ, "a header is read, not the weights between its parts"


def test_what_would_run_is_called_unsafe(tmp_path: Path) -> None:
    for title, name, make in hostile.kinds():
        if "os.system" in title:
            assert hostile.measure(name, make, str(tmp_path)).verdict == "unsafe"
