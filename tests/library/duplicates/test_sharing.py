"""Plans that leave one payload of copies: which one stays, and what is refused in words."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from copy_of import copy_of
from factory import gguf_bytes, tree
from removing import apply, scan, undo

from model_manager.app import App
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.library.duplicates.groups import CopyGroup
from model_manager.library.duplicates.search import prove
from model_manager.library.duplicates.sharing import By, chosen_keeper, plan_sharing
from model_manager.library.scan import watch

DATA = gguf_bytes(seed=72) * 3
GROUP = CopyGroup("g", "identical", True, 10, tuple(copy_of("folder", f"/{name}") for name in "abc"), 1)


@pytest.mark.parametrize(
    ("keep", "only", "usual", "stays"),
    [((), (), None, 1), ((), (), 2, 2), (("/a",), (), None, 0), (("/a",), (), 2, 0), ((), ("/b",), None, 0), ((), ("/a",), None, 1), ((), ("/a", "/b"), None, 2),
     (("/x",), (), None, 1), (("/c", "/a"), (), None, 0)],
)  # fmt: skip
def test_which_copy_stays(keep: tuple[str, ...], only: tuple[str, ...], usual: int | None, stays: int) -> None:
    assert chosen_keeper(GROUP, keep, only, usual) == stays


def test_what_is_not_proved_and_that_every_copy_goes_is_refused() -> None:
    with pytest.raises(ModelManagerError, match="these files only look the same"):
        chosen_keeper(replace(GROUP, proved=False), (), ())
    with pytest.raises(UsageError, match="every copy was chosen"):
        chosen_keeper(GROUP, (), ("/a", "/b", "/c"))
    with pytest.raises(UsageError, match="this is the copy that stays"):
        chosen_keeper(GROUP, ("/a",), ("/a",))


@pytest.fixture
def top(app: App, home: Path) -> Path:
    tree(home / "AI", dict.fromkeys(("a.gguf", "b.gguf", "c.gguf"), DATA))
    watch.add_root(app.database, str(home / "AI"))
    scan(app)
    return home / "AI"


@pytest.mark.parametrize("by", ["hardlink", "symlink", "trash"])
def test_one_payload_stays_and_undo_brings_the_others_back(app: App, top: Path, by: By) -> None:
    keeper = str(top / "b.gguf")
    plan = plan_sharing(
        app.database,
        app.volumes,
        app.env(),
        prove(app.database, app.volumes).groups,
        by,
        [keeper],
        only=[str(top / "a.gguf")],
    )
    assert os.stat(top / "a.gguf").st_nlink == 1  # a plan changes nothing
    done = apply(app, plan)
    if by == "trash":
        assert not (top / "a.gguf").exists()
    else:
        assert os.path.samefile(top / "a.gguf", keeper) and os.path.islink(top / "a.gguf") is (by == "symlink")
    assert not os.path.samefile(top / "c.gguf", keeper) and Path(keeper).read_bytes() == DATA
    undo(app, done)
    assert [
        (top / name).read_bytes() == DATA and (top / name).lstat().st_nlink == 1
        for name in ("a.gguf", "b.gguf", "c.gguf")
    ] == [True] * 3


def test_other_bytes_around_the_same_weights_are_never_linked(app: App, top: Path) -> None:
    (group,) = prove(app.database, app.volumes).groups
    with pytest.raises(ModelManagerError, match="the bytes around them are not"):
        plan_sharing(app.database, app.volumes, app.env(), [replace(group, kind="same-weights")])


@pytest.mark.parametrize(
    ("more", "why"),
    [({"reference": True}, "it lies in a folder that is never touched"), ({"writable": False}, "you may not change its folder"),
     ({"volume": "elsewhere"}, "it lies on another volume than the copy that stays")],
)  # fmt: skip
def test_copies_that_cannot_be_shared(app: App, top: Path, more: dict[str, object], why: str) -> None:
    (group,) = prove(app.database, app.volumes).groups
    others = tuple(
        copy if number == group.keeper else replace(copy, **more) for number, copy in enumerate(group.copies)
    )  # type: ignore[arg-type]
    with pytest.raises(ModelManagerError, match=why):
        plan_sharing(app.database, app.volumes, app.env(), [replace(group, copies=others)])


def test_one_file_of_several_does_not_go_alone(app: App, top: Path) -> None:
    (group,) = prove(app.database, app.volumes).groups
    parted = tuple(
        replace(copy, names=tuple(replace(name, whole=False) for name in copy.names)) for copy in group.copies
    )
    with pytest.raises(ModelManagerError, match="has other files too, which are not there twice"):
        plan_sharing(app.database, app.volumes, app.env(), [replace(group, copies=parted)], "trash")
