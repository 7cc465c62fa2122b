"""The mistakes that `mutate.py` plants: each is one, and nothing that no test could notice is among them."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from mutants import mutants

TEXT = '''
"""Docstring."""
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    A = 1

log = logging.getLogger("x")
LIMIT = 3


def longest(names: list[str], top: int | None = None) -> bool:
    """Docstring."""
    log.info("looking", 1)
    if not names and top == 3:
        raise ValueError("none of 5")
    return sorted(names, reverse=True)[0] != ""


def mac() -> int:  # pragma: no cover - macOS
    return 1 + 2
'''


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(TEXT)
    return tmp_path


def test_each_kind_of_mistake_once(package: Path) -> None:
    assert [f"{mutant.line} {mutant.inside} {mutant.what}" for mutant in mutants(package, package / "a.py")] == [
        "10  `3` becomes `4`",
        "10  `3` becomes `2`",
        "16 longest `not names and top == 3` becomes `not (not names and top == 3)`",
        "16 longest `not names and top == 3` becomes `not names or top == 3`",
        "16 longest `not names` becomes `names`",
        "16 longest `top == 3` becomes `top != 3`",
        "16 longest `3` becomes `4`",
        "16 longest `3` becomes `2`",
        "17 longest `raise ValueError('none of 5')` goes",
        "18 longest `return sorted(names, reverse=True)[0] != ''` becomes `return True`",
        "18 longest `return sorted(names, reverse=True)[0] != ''` becomes `return False`",
        "18 longest `sorted(names, reverse=True)[0] != ''` becomes `sorted(names, reverse=True)[0] == ''`",
        "18 longest `sorted(names, reverse=True)` becomes `sorted(names)`",
        "18 longest `True` becomes `False`",
        "18 longest `0` becomes `1`",
        "18 longest `0` becomes `-1`",
    ]


def test_one_mistake_at_a_time(package: Path) -> None:
    right = ast.unparse(ast.parse(TEXT)).splitlines()
    for mutant in mutants(package, package / "a.py"):
        wrong = ast.unparse(ast.parse(mutant.make())).splitlines()
        assert len(wrong) == len(right) and sum(a != b for a, b in zip(wrong, right, strict=True)) == 1, mutant


def test_the_key_stays_when_lines_come_above(package: Path) -> None:
    before = [mutant.key for mutant in mutants(package, package / "a.py")]
    (package / "a.py").write_text("# one line more\n" + TEXT)
    assert [mutant.key for mutant in mutants(package, package / "a.py")] == before
