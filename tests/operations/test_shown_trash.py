"""A trash that is another one now, or lies elsewhere, is known by its own notes; a journal alone proves nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import gguf_bytes, write
from scenes import one, plan_of

from model_manager.app import App, build
from model_manager.jobs import Progress
from model_manager.library.scan import watch
from model_manager.operations import Operation, Operations
from model_manager.operations.plan import Plan
from model_manager.operations.shown_trash import is_trash, is_where_it_went
from model_manager.operations.trashed import plan_empty, trashed

DATA = gguf_bytes(seed=5)


@pytest.fixture
def model(app: App, home: Path) -> Path:
    path = write(home / "m/a.gguf", DATA)
    watch.add_root(app.database, str(home / "m"))
    app.scanner().run(Progress())
    return path


def thrown(app: App, model: Path) -> Operation:
    from model_manager.operations.plan_builder import PlanBuilder

    draft = PlanBuilder(app.volumes, [str(model.parent)])
    draft.begin_unit("a")
    draft.take(str(model), "test")
    done = Operations(app.paths, volumes=app.volumes).apply(draft.plan("Clear"))
    assert done.state == "applied" and not model.exists()
    return done


def under_another(app: App, model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Operation, Path]:
    """Moved by a terminal that a Snap program opened; then looked at from an ordinary one."""
    share = home / "snap/code/1/.local/share"
    monkeypatch.setenv("XDG_DATA_HOME", str(share))
    done = thrown(app, model)
    monkeypatch.delenv("XDG_DATA_HOME")
    return done, share / "Trash"


def behind_a_link(app: App, model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Operation, Path]:
    done = thrown(app, model)
    (home / "big").mkdir()
    (home / ".local/share").rename(home / "big/share")
    (home / ".local/share").symlink_to("../big/share")
    return done, home / "big/share/Trash"


WAYS = [under_another, behind_a_link]


@pytest.mark.parametrize("way", WAYS)
def test_undone(way, app: App, model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, trash = way(app, model, home, monkeypatch)
    assert app.operations.undo(done.id).state == "undone"
    assert model.read_bytes() == DATA and not list(trash.rglob("a.gguf*"))


@pytest.mark.parametrize("way", WAYS)
def test_emptied(way, app: App, model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _done, trash = way(app, model, home, monkeypatch)
    items = trashed(app.operations.history()[0], app.volumes)
    assert [item.where for item in items] == ["trash"]
    assert app.operations.apply(plan_empty(items, app.volumes)).state == "applied"
    assert not list(trash.rglob("a.gguf*")) and not model.exists()


@pytest.mark.parametrize("way", WAYS)
def test_settled_after_a_kill(way, app: App, model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, _trash = way(app, model, home, monkeypatch)
    journal = app.paths.journal / f"{done.id}.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(line for line in lines if b'"done"' not in line and b'"end"' not in line))
    assert [one.state for one in app.operations.recover() or app.settled] == ["refused"]
    assert model.read_bytes() == DATA


def forged(app: App, plan: Plan, name: str) -> Operation:
    """An operation as its journal tells it, though it never was."""
    import json

    from model_manager.operations.identity import identity_to_record
    from model_manager.operations.plan import to_record

    step = plan.steps[0]
    facts = {"at": step.path, "seen": identity_to_record(step.identity), "name": name, "times": [1, 1]}  # type: ignore[arg-type]
    app.paths.journal.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = app.paths.journal / f"{plan.id}.jsonl"
    records = [{"record": "plan", "plan": to_record(plan)}, {"record": "apply", "at": 1.5},
               {"record": "doing", "n": 1, "facts": facts}, {"record": "done", "n": 1}, {"record": "end", "at": 2.5}]  # fmt: skip
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    path.chmod(0o600)
    return app.operations.get(plan.id)


def with_a_strangers_note(trash: Path, wanted: Path) -> None:
    write(trash / "info/b.trashinfo", "[Trash Info]\nPath=/somewhere/else\nDeletionDate=2026-01-01T00:00:00\n")


def that_others_may_write(trash: Path, wanted: Path) -> None:
    write(trash / "info/b.trashinfo", f"[Trash Info]\nPath={wanted}\nDeletionDate=2026-01-01T00:00:00\n")
    (trash / "files").chmod(0o777)


def without_a_note(trash: Path, wanted: Path) -> None:
    (trash / "info").mkdir()


@pytest.mark.parametrize("made", [with_a_strangers_note, that_others_may_write, without_a_note])
@pytest.mark.parametrize("name", ["b", "../files/b"])
def test_a_forged_journal_reaches_nothing(made, name: str, app: App, model: Path, home: Path) -> None:
    """A folder of the user's own with `files` in it: neither moved into the models nor deleted."""
    thesis = write(home / "work/files/b", b"thesis")
    made(home / "work", home / "m/b")
    step = one("trash", thesis, home / "work")
    import dataclasses

    done = forged(app, plan_of(dataclasses.replace(step, path=str(home / "m/b"))), name)
    undone = app.operations.undo(done.id)
    assert undone.state != "undone" and not (home / "m/b").exists()
    assert thesis.read_bytes() == b"thesis"
    assert not trashed([done], app.volumes)


def test_a_forged_emptying_reaches_nothing(app: App, model: Path, home: Path) -> None:
    thesis = write(home / "work/files/b", b"thesis")
    with_a_strangers_note(home / "work", home / "m/b")
    done = app.operations.apply(plan_of(one("delete", thesis, None)))
    assert done.state == "refused" and os.path.exists(thesis)


def test_another_window_knows_it_too(app: App, model: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, _trash = under_another(app, model, home, monkeypatch)
    again = build()
    try:
        assert again.operations.undo(done.id).state == "undone"
    finally:
        again.close()


@pytest.mark.parametrize("mode", [0o700, 0o755, 0o770, 0o720, 0o702, 0o777])
@pytest.mark.parametrize("part", ["", "files", "info"])
def test_a_folder_that_others_may_write_shows_nothing(mode: int, part: str, tmp_path: Path) -> None:
    trash = tmp_path / "elsewhere/Trash"
    write(trash / "files/a.gguf", DATA)
    write(trash / "info/a.gguf.trashinfo", b"[Trash Info]\nPath=/m/a%20b.gguf\nDeletionDate=2026-01-01T00:00:00\n")
    for folder in (trash, trash / "files", trash / "info"):
        folder.chmod(0o700)
    (trash / part).chmod(mode)
    assert is_where_it_went(str(trash), "/m/a b.gguf", "a.gguf") is not bool(mode & 0o022)
    assert not is_where_it_went(str(trash), "/m/other.gguf", "a.gguf")
    assert not is_where_it_went(str(trash), "/m/a b.gguf", "b.gguf")


@pytest.mark.parametrize("note", [b"", b"Path=\n", b"x" * 20_000, None])
def test_a_note_that_does_not_name_it_shows_nothing(note: bytes | None, tmp_path: Path) -> None:
    trash = tmp_path / "elsewhere/Trash"
    write(trash / "files/a.gguf", DATA)
    info = trash / "info/a.gguf.trashinfo"
    if note is None:
        info.mkdir(parents=True)
    else:
        write(info, note)
    assert not is_where_it_went(str(trash), "/m/a.gguf", "a.gguf")
    write(trash / "info/.model-manager-1", b"[Trash Info]\nPath=/m/a.gguf\n")
    assert is_where_it_went(str(trash), "/m/a.gguf", "a.gguf"), "one that lies aside counts too"


def test_trashes_that_are_known_by_where_they_lie(home: Path) -> None:
    known = (home / ".local/share/Trash", "/mnt/.Trash-1000", "/mnt/.Trash/1000", "/mnt/.model-manager-aside")
    assert all(is_trash(str(one)) for one in known)
    for other in (
        home / ".local/share",
        "/mnt/.Trash-",
        "/mnt/.Trash-1000x",
        "/mnt/.Trash/me",
        "/mnt/Trash/1000",
        "/mnt/.Trash",
    ):
        assert not is_trash(str(other)), other
