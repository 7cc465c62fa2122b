"""Every module has its mirror: what `model_manager/a/b/c.py` promises is asserted in `tests/a/b/test_c.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE, TESTS = ROOT / "model_manager", ROOT / "tests"
MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py")
MISSING = {
    "": "__main__ app",
    "actions": "context",
    "cli": "apply categories check clean dedupe delete doctor duplicates empty export history list plans roots "
        "scan set show status store tag trash undo",
    "controllers": "chips clean copy_counts disk_map drives duplicates messages outcome outside_changes places_shown "
        "regular_look removing",
    "views": "clean details disk_map duplicates empty_states families file_dialogs folders health history keys "
        "notices open_folder question review screens sidebar start ticked_screen tile_keys toast window",
    "views/settings": "advanced folders look page privacy safety screen",
    "views/widgets": "choice column ellipsis fair_panes focus_back focus_ring head headings hover lowest_list traversal "
        "tree_keys when_needed wrapped",
}  # fmt: skip
"""By folder, the modules that have none yet. It only becomes shorter: give a module its mirror and take it out here."""
LISTED = sorted(f"{folder}/{name}.py".removeprefix("/") for folder, names in MISSING.items() for name in names.split())


def mirror_of(module: str) -> Path:
    """Where the tests of a module lie."""
    path = Path(module)
    return TESTS / path.parent / f"test_{path.name}"


@pytest.mark.parametrize("module", [module for module in MODULES if module not in LISTED])
def test_a_module_has_its_mirror(module: str) -> None:
    assert mirror_of(module).is_file(), f"write {mirror_of(module).relative_to(ROOT)}: what does {module} promise?"


@pytest.mark.parametrize("module", LISTED)
def test_what_is_listed_as_missing_is_there_and_has_none(module: str) -> None:
    assert module in MODULES, f"{module} is no module (any more): take it out of MISSING"
    assert not mirror_of(module).exists(), f"{module} has its mirror now: take it out of MISSING"


def test_a_mirror_holds_tests() -> None:
    empty = [
        module for module in MODULES if mirror_of(module).is_file() and "def test_" not in mirror_of(module).read_text()
    ]
    assert not empty, f"their mirrors test nothing: {empty}"


def test_nothing_is_listed_twice() -> None:
    assert len(LISTED) == len(set(LISTED))
