"""What a link leads to does not go without a word, whenever that link came."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from removing import known, plan, scan

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.library.removal.guard import Guard
from model_manager.library.scan import watch

GGUF = gguf_bytes(seed=91)


@pytest.fixture
def pair(app: App, home: Path) -> tuple[Path, Path]:
    """Two copies in two folders that are watched."""
    a, b = tree(home / "m", {"a.gguf": GGUF}) / "a.gguf", tree(home / "n", {"b.gguf": GGUF}) / "b.gguf"
    for top in ("m", "n"):
        watch.add_root(app.database, str(home / top))
    scan(app)
    return a, b


def led(a: Path, b: Path) -> None:
    b.unlink()
    b.symlink_to(os.path.relpath(a, b.parent))


AFTER: dict[str, Callable[[App], object]] = {"scanned": scan, "not scanned": lambda app: None}


@pytest.mark.parametrize("way", ["trash", "delete"])
@pytest.mark.parametrize("then", AFTER)
def test_an_old_plan_does_not_take_what_a_link_leads_to_by_now(
    app: App, pair: tuple[Path, Path], way: str, then: str
) -> None:
    old = plan(app, str(pair[0]), way=way)
    led(*pair)
    AFTER[then](app)
    done = app.operations.apply(old)
    assert done.state == "refused" and f"{pair[1]} leads to it since this was planned" in done.steps[0].problem
    assert pair[1].read_bytes() == GGUF


def test_a_new_plan_from_an_old_list_neither(app: App, pair: tuple[Path, Path]) -> None:
    """As another data folder has it: this catalogue still lists two files."""
    led(*pair)
    with pytest.raises(ModelManagerError, match="of another model uses it"):
        plan(app, str(pair[0]), way="delete")
    assert pair[1].read_bytes() == GGUF


def test_a_link_that_was_known_and_said_goes_as_planned(app: App, pair: tuple[Path, Path]) -> None:
    led(*pair)
    scan(app)
    both = plan(app, *known(app), way="delete")
    assert app.operations.apply(both).state == "applied"
    assert not os.path.lexists(pair[0]) and not os.path.lexists(pair[1])


def test_a_link_that_comes_between_two_units_of_one_plan(app: App, pair: tuple[Path, Path]) -> None:
    """What the catalogue holds is read once for a plan; what lies on the disk is looked at again after a second."""
    guard = Guard(app.database, app.volumes, app.env, version=lambda: "the same all the while")
    old = plan(app, str(pair[0]), way="delete")
    unit, origin = old.steps, old.origins[old.steps[0].unit]
    assert guard(unit, origin) == ""
    led(*pair)
    time.sleep(1.1)
    assert "leads to it since this was planned" in guard(unit, origin)
