"""What an undo would bring back, and what the question before it says: what stays away, where bytes are copied, how long."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, tree, write
from removing import apply, plan, scan

from model_manager.app import App
from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.jobs import Progress
from model_manager.library.removal.undoing import COPIED_A_SECOND, can_go_back, newest_to_undo, stands, undoing
from model_manager.library.scan import watch
from model_manager.operations import Operation, Operations
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.trashed import trashed

DATA = b"a" * 70_001
VOLUMES = Volumes()


def shared(top: Path, *names: str) -> tuple[Operations, Operation]:
    draft = PlanBuilder(VOLUMES, [str(top)])
    for path in ("keeper", *names):
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(DATA)
    for name in names:
        draft.begin_unit()
        draft.link(str(top / name), str(top / "keeper"), "hard", "test", None, 1)
    operations = Operations(OwnPaths(top.parent / "own"))
    done = operations.apply(draft.plan("Share the bytes of 2 groups of copies"))
    assert done.state == "applied"
    return operations, done


@pytest.fixture
def top(tmp_path: Path) -> Path:
    return tmp_path / "m"


def test_one_folder_is_named(top: Path) -> None:
    _operations, done = shared(top, "Lora/a", "Lora/b")
    (words,) = undoing(done, VOLUMES).warnings
    assert f"are copied to {top / 'Lora'} (" in words


def test_several_folders_are_told_by_what_is_above_them(top: Path) -> None:
    _operations, done = shared(top, "Lora/a", "Checkpoints/b", "Checkpoints/c")
    (room,) = undoing(done, VOLUMES).rooms
    assert (room.path, room.folders, room.needs) == (str(top), 2, sum(step.bytes for step in done.plan.steps))
    assert f"are copied to 2 folders below {top} (" in undoing(done, VOLUMES).warnings[0]


def test_what_is_at_work_is_called_an_undo(top: Path) -> None:
    operations, done = shared(top, "Lora/a")
    told: list[str] = []
    operations.undo(done.id, progress=Progress(lambda progress: told.append(progress.phase)))
    assert set(told) == {"Undoing this: Share the bytes of 2 groups of copies"}
    assert not os.path.samefile(top / "Lora/a", top / "keeper")


@pytest.fixture
def removed(app: App, home: Path) -> Operation:
    """Two models of one folder in the trash, each a unit by itself."""
    models = tree(home / "models", {"a.gguf": gguf_bytes(seed=1), "b.gguf": gguf_bytes(seed=2)})
    watch.add_root(app.database, str(models))
    scan(app)
    return apply(app, plan(app, "a", "b"))


def in_trash(app: App, done: Operation) -> dict[str, str]:
    """Where it was -> where it lies in the trash."""
    return {os.path.basename(item.path): item.kept for item in trashed([done], app.volumes)}


def test_all_of_it_comes_back_in_the_reverse_order(app: App, removed: Operation) -> None:
    back = undoing(removed, app.volumes)
    assert back.steps == tuple(reversed(removed.plan.steps)) and back.warnings == () == back.rooms and back.seconds == 0
    assert can_go_back(removed, app.volumes) and stands(removed, app.volumes)
    first = removed.plan.steps[0]
    assert undoing(removed, app.volumes, [first.unit]).steps == (first,)


def test_what_is_not_in_the_trash_any_more_stays_away(app: App, home: Path, removed: Operation) -> None:
    os.unlink(in_trash(app, removed)["a.gguf"])
    assert undoing(removed, app.volumes).warnings == (
        f"{home / 'models/a.gguf'} stays away: it is not in the trash any more",
    )
    assert can_go_back(removed, app.volumes), "the other one is there"
    assert not stands(removed, app.volumes)
    os.unlink(in_trash(app, removed)["b.gguf"])
    assert not can_go_back(removed, app.volumes)


def test_what_was_restored_is_back_already(app: App, home: Path, removed: Operation) -> None:
    for name, at in in_trash(app, removed).items():
        os.rename(at, home / "models" / name)
    assert set(undoing(removed, app.volumes).warnings) == {
        f"{home / 'models' / name} is back already" for name in ("a.gguf", "b.gguf")
    }
    assert not can_go_back(removed, app.volumes) and not stands(removed, app.volumes)


def test_a_unit_of_which_a_part_is_gone_stays_away_whole(app: App, home: Path) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": gguf_bytes()})
    scan(app)
    done = apply(app, plan(app, "m:a"))
    assert len(done.plan.steps) > 2 and can_go_back(done, app.volumes)
    manifest = in_trash(app, done)["a"]
    os.unlink(manifest)
    back = undoing(done, app.volumes)
    assert back.steps == () and not can_go_back(done, app.volumes)
    (words,) = back.warnings
    assert "library/m/a" in words and "it is not in the trash any more" in words


def test_a_name_that_something_else_has_now_keeps_the_unit_away(app: App, home: Path) -> None:
    """But for a blob: by its name it is the same bytes."""
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/m/a", {"model": gguf_bytes()})
    scan(app)
    done = apply(app, plan(app, "m:a"))
    blob = next(step.path for step in done.plan.steps if "sha256-" in step.path)
    write(Path(blob), b"again")
    assert undoing(done, app.volumes).steps != () and can_go_back(done, app.volumes)
    write(home / ".ollama/models/manifests/registry.ollama.ai/library/m/a", "{}")
    back = undoing(done, app.volumes)
    assert back.steps == () and not can_go_back(done, app.volumes)
    assert "something else has its name now" in back.warnings[0]


def test_what_was_deleted_for_good_is_said_to_stay_so(app: App, home: Path) -> None:
    models = tree(home / "models", {"a.gguf": gguf_bytes(seed=1)})
    watch.add_root(app.database, str(models))
    scan(app)
    done = apply(app, plan(app, "a", way="delete"))
    back = undoing(done, app.volumes)
    assert back.steps == ()
    assert back.warnings == (f"this stays as it is, it cannot be undone: {models / 'a.gguf'}",)
    assert not can_go_back(done, app.volumes) and stands(done, app.volumes)


def test_what_was_undone_does_not_stand(app: App, removed: Operation) -> None:
    undone = app.operations.undo(removed.id)
    assert undone.state == "undone" and not stands(undone, app.volumes) and not can_go_back(undone, app.volumes)
    assert undoing(undone, app.volumes).steps == ()


def test_the_newest_that_can_go_back(app: App, home: Path, removed: Operation) -> None:
    write(home / "models/c.gguf", gguf_bytes(seed=3))
    scan(app)
    newer = apply(app, plan(app, "c"))
    both = [removed, newer]
    assert newest_to_undo(both, app.volumes) == newer == newest_to_undo(reversed(both), app.volumes)
    assert newest_to_undo(both, app.volumes, [newer.id]) == removed
    assert newest_to_undo(both, app.volumes, [newer.id, removed.id]) == newer, "in vain, but the only ones left"
    os.unlink(in_trash(app, newer)["c.gguf"])
    assert newest_to_undo(both, app.volumes) == removed
    assert newest_to_undo([], app.volumes) is None


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (4.9, ""), (89.0, "90 seconds"), (34.9, "30 seconds"), (90.0, "2 minutes"), (61 * 60.0, "61 minutes"),
        (90 * 60 - 1.0, "90 minutes"), (90 * 60.0, "2 hours"), (9000.0, "2 hours"), (3 * 3600.0, "3 hours"),
    ],
)  # fmt: skip
def test_how_long_the_copying_takes(top: Path, monkeypatch: pytest.MonkeyPatch, size: float, words: str) -> None:
    """A link of so many bytes that copying them takes so many seconds."""
    monkeypatch.setattr("model_manager.library.removal.undoing._WORTH_A_WORD", 5.0)
    _operations, done = shared(top, "Lora/a")
    step = dataclasses.replace(done.plan.steps[0], bytes=int(size * COPIED_A_SECOND))
    done = dataclasses.replace(done, plan=dataclasses.replace(done.plan, steps=(step,)))
    told = [one for one in undoing(done, VOLUMES).warnings if "the copying" in one]
    assert told == ([f"the copying takes about {words}"] if words else [])


def test_where_there_is_no_room_for_it(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _operations, done = shared(top, "Lora/a")
    need = done.plan.steps[0].bytes
    for free, enough in ((need, True), (need - 1, False)):
        usage = shutil.disk_usage(top)._replace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, usage=usage: usage)
        (room,) = undoing(done, VOLUMES).rooms
        assert (room.free, room.needs, room.is_there) == (free, need, enough)
        (words,) = undoing(done, VOLUMES).warnings
        assert words == (
            f"70.0 kB are copied to {top / 'Lora'} (70.0 kB are free): shared copies become files of their own again"
            if enough
            else f"70.0 kB are needed in {top / 'Lora'}, only 70.0 kB are free: make room first, or some of it stays shared"
        )


def test_where_the_drive_is_away_it_is_not_known(top: Path) -> None:
    _operations, done = shared(top, "Lora/a")
    shutil.rmtree(top)
    (room,) = undoing(done, VOLUMES).rooms
    assert room.free is None and room.is_there
    (words,) = undoing(done, VOLUMES).warnings
    assert words == f"70.0 kB are copied to {top / 'Lora'}: shared copies become files of their own again"
