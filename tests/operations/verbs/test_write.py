"""Settings and manifests: the old text or the new one, never half; undo only over what was written."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from faults import meddled
from scenes import LONG_AGO, VOLUMES, asides, clear_asides, left_by_a_kill, one, plan_of, put

from model_manager.base.paths import OwnPaths
from model_manager.operations import Disk, Operation, Operations, identity_of
from model_manager.operations.identity import identity_to_record
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Site
from model_manager.operations.verbs.write import LIMIT, ready

NEW = base64.b64encode(b"new").decode()


@pytest.fixture
def own(tmp_path: Path) -> OwnPaths:
    return OwnPaths(tmp_path / "own")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return put(tmp_path / "m" / "settings.json", b"old", 0o600)


def written(own: OwnPaths, path: Path, text: str = NEW, disk: Disk | None = None) -> Operation:
    done = Operations(own, disk=disk).apply(plan_of(one("write", path, None, text=text)))
    assert not asides(path.parent)
    return done


def refused(done: Operation) -> str:
    assert done.state == "refused"
    return done.steps[0].problem


@pytest.mark.parametrize("text", ["?", "bm", "ü"])
def test_a_plan_that_does_not_say_what_to_write(text: str, own: OwnPaths, path: Path) -> None:
    assert "does not say what to write" in refused(written(own, path, text))
    assert path.read_bytes() == b"old"


def test_what_is_too_large(own: OwnPaths, path: Path) -> None:
    large = base64.b64encode(bytes(LIMIT + 1)).decode()
    assert "are not written like this" in refused(written(own, path, large))
    path.write_bytes(bytes(LIMIT + 1))
    assert "too large to be kept for undo" in refused(written(own, path)) and path.stat().st_size == LIMIT + 1


def test_only_files_that_are_where_they_were(own: OwnPaths, path: Path, tmp_path: Path) -> None:
    (tmp_path / "m" / "folder").mkdir()
    assert "this is no file" in refused(written(own, tmp_path / "m" / "folder"))
    plan = plan_of(one("write", path, None, text=NEW))
    path.unlink()
    assert "not there any more" in refused(Operations(own).apply(plan)) and not path.exists()
    assert "not there any more" in refused(written(own, tmp_path / "m" / "missing" / "new.json"))
    assert "changed since" in refused(_planned_new(own, put(path, b"theirs"))) and path.read_bytes() == b"theirs"


def _planned_new(own: OwnPaths, path: Path) -> Operation:
    """A plan that was made when nothing was there."""
    data = path.read_bytes()
    path.unlink()
    plan = plan_of(one("write", path, None, text=NEW))
    put(path, data)
    return Operations(own).apply(plan)


def test_a_disk_that_fails_to_read_is_told(own: OwnPaths, path: Path) -> None:
    def fails() -> None:
        raise OSError(5, os.strerror(5))

    assert refused(written(own, path, disk=meddled("read", fails))) == "Input/output error"


def test_what_somebody_writes_in_the_last_moment_stays(own: OwnPaths, path: Path) -> None:
    disk = meddled("dress", lambda: path.write_bytes(b"theirs"), after=True)
    assert "changed in the last moment, it stays" in refused(written(own, path, disk=disk))
    assert path.read_bytes() == b"theirs"
    fresh = path.with_name("fresh.json")
    disk = meddled("rename", lambda: put(fresh, b"theirs"))
    assert "something of this name is there now" in refused(written(own, fresh, disk=disk))
    assert fresh.read_bytes() == b"theirs"


def test_a_text_that_somebody_removes_while_it_is_written(own: OwnPaths, path: Path) -> None:
    disk = meddled("dress", lambda: clear_asides(path.parent), after=True)
    assert "removed while it was written" in refused(written(own, path, disk=disk)) and path.read_bytes() == b"old"


def test_undo_only_over_what_was_written(own: OwnPaths, path: Path) -> None:
    done = written(own, path)
    assert path.read_bytes() == b"new"
    path.write_bytes(b"worked on")
    assert "changed since, it stays" in Operations(own).undo(done.id).steps[0].problem
    path.unlink()
    assert "changed since, it stays" in Operations(own).undo(done.id).steps[0].problem and not path.exists()


def test_undo_of_one_that_was_new(own: OwnPaths, path: Path) -> None:
    fresh = path.with_name("fresh.json")
    done = written(own, fresh)
    fresh.write_bytes(b"worked on")
    assert "changed since, it stays" in Operations(own).undo(done.id).steps[0].problem
    assert fresh.read_bytes() == b"worked on"
    fresh.unlink()
    assert Operations(own).undo(done.id).state == "undone" and os.listdir(path.parent) == [path.name]


def test_a_journal_that_lost_the_old_text(own: OwnPaths, path: Path) -> None:
    done = written(own, path)
    journal = own.journal / f"{done.id}.jsonl"
    old = base64.b64encode(b"old").decode()
    journal.write_text(journal.read_text().replace(f'"old": "{old}"', '"old": "b2x"'))
    undone = Operations(own).undo(done.id)
    assert "does not have the old text" in undone.steps[0].problem and undone.undoable
    assert path.read_bytes() == b"new" and not asides(path.parent)


@pytest.mark.parametrize("replaced", [False, True])
def test_a_kill_around_the_replacing(replaced: bool, own: OwnPaths, path: Path) -> None:
    """Half a unit goes back: whichever text has the name, the old one has it after."""
    plan = plan_of(one("write", path, None, text=NEW), one("write", path.with_name("b"), None, 2, text=NEW))
    seen, looks = identity_of(str(path), os.lstat(path), VOLUMES), Disk().looks(str(path))
    aside = put(path.with_name(f".model-manager-{plan.id}-1"), b"new", 0o600)
    made = identity_of(str(aside), os.lstat(aside), VOLUMES)
    if replaced:
        aside.replace(path)
    facts = {
        "at": str(path), "volume": seen.volume, "seen": identity_to_record(seen), "looks": looks.record(),
        "old": base64.b64encode(b"old").decode(), "made": identity_to_record(made),
    }  # fmt: skip
    left_by_a_kill(own, plan, {"record": "doing", "n": 1, "facts": facts})
    (settled,) = Operations(own).recover()
    assert settled.state == "refused" and not asides(path.parent)
    assert path.read_bytes() == b"old" and path.stat().st_mtime_ns == LONG_AGO + 3
    assert os.listdir(path.parent) == [path.name]


def test_undo_is_possible_where_what_was_written_is_there_or_a_new_file_is_gone(path: Path) -> None:
    site, step = Site(Disk(), VOLUMES, "op"), one("write", path, None, text=NEW)
    made = site.identity(str(path))
    assert made is not None
    fresh = {"at": str(path), "made": identity_to_record(made)}
    ready(site, step, fresh), ready(site, step, {**fresh, "old": ""})
    path.write_bytes(b"changed by its tool")
    for facts in (fresh, {**fresh, "old": ""}):
        with pytest.raises(Refused, match="it was changed since, it stays"):
            ready(site, step, facts)
    path.unlink()
    ready(site, step, fresh)
    with pytest.raises(Refused, match="it was changed since, it stays"):
        ready(site, step, {**fresh, "old": ""})
