"""The suites have teeth: mistakes planted in the verbs, the journal and the engine are all caught by them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from faults import Killing, KillingJournal, in_child
from scenes import SCENES, Scene, put, scene
from test_faults import clean_run, plain

from model_manager.operations import Operations
from model_manager.operations.disk import Disk
from model_manager.operations.journal import Journal, Log
from model_manager.operations.verbs import delete, link, move, trash, write


@contextmanager
def planted(where: Any, name: str, mutant: Any) -> Iterator[None]:
    before = getattr(where, name)
    setattr(where, name, mutant)
    try:
        yield
    finally:
        setattr(where, name, before)


def survives(scene_name: str, where: Path) -> bool:
    """The verdict of the kill suite on one scene: only the tree before or the tree after, and undo exact."""
    after = clean_run(SCENES[scene_name], where / "clean")
    for journal in (False, True):
        for phase in ("apply", "undo"):
            for at in range(1, 80):
                with scene(where / f"{journal}-{phase}-{at}") as s:
                    plan = SCENES[scene_name](s)
                    before = plain(s.snapshot())
                    if phase == "undo":
                        Operations(s.own).apply(plan)
                    if not in_child(lambda: _operations(s, journal, at, phase, plan)):
                        break
                    try:
                        Operations(s.own).recover()
                        now = plain(s.snapshot())
                        if now == after and scene_name != "delete":
                            Operations(s.own).undo(plan.id)
                            now = plain(s.snapshot())
                    except Exception:
                        return False
                    if now not in ((before,) if scene_name != "delete" else (before, after)):
                        return False
    return True


def _operations(s: Scene, journal: bool, at: int, phase: str, plan: Any) -> None:
    if journal:
        operations = Operations(s.own, journal=KillingJournal(str(s.own.journal), at))
    else:
        operations = Operations(s.own, disk=Killing(at))
    if phase == "apply":
        operations.apply(plan)
    else:
        operations.undo(plan.id)


def unlink_before_link(site: Any, step: Any, path: str, facts: Any) -> None:
    site.disk.remove(path)
    site.disk.rename(f"{site.aside(path, step)}-link", path)


def write_in_place(site: Any, step: Any, facts: Any, note: Callable[[Any], None]) -> None:
    site.disk.remove(step.path) if "old" in facts else None
    site.disk.write_new(step.path, write._new_text(step))
    note({"made": {"volume": site.identity(step.path).volume, "inode": site.identity(step.path).inode,
                   "size": site.identity(step.path).size, "mtime_ns": site.identity(step.path).mtime_ns}})  # fmt: skip


def remove_before_copy(site: Any, step: Any, facts: Any, note: Any) -> None:
    site.disk.lstat(step.path)
    data = Path(step.path).read_bytes()
    site.disk.remove(step.path)
    site.disk.write_new(facts["to"], data)


def delete_at_once(site: Any, step: Any, facts: Any, note: Any) -> None:
    if os.path.isdir(step.path):
        site.disk.remove_tree(step.path)
    else:
        site.disk.remove(step.path)


def done_before_doing(self: Any, log: Log, site: Any, step: Any) -> None:
    from model_manager.operations.verbs import VERBS

    verb = VERBS[step.verb]
    facts = verb.check(site, step)
    log.add("doing", step.n, facts)
    log.add("done", step.n)
    verb.do(site, step, log.story.facts(step.n), lambda noted: log.add("note", step.n, noted))


def forgets_to_record(self: Any, log: Log, site: Any, step: Any) -> None:
    from model_manager.operations.verbs import VERBS

    verb = VERBS[step.verb]
    facts = verb.check(site, step)
    verb.do(site, step, facts, lambda noted: None)
    log.add("doing", step.n, facts)
    log.add("done", step.n)


MUTANTS: dict[str, tuple[str, Any, str, Any]] = {
    "link: unlink before rename": ("link_hard", link, "_come_in", unlink_before_link),
    "write: not atomic": ("write", write, "do", write_in_place),
    "move: removed before it is copied": ("move_far", move, "do", remove_before_copy),
    "delete: at once": ("delete", delete, "do", delete_at_once),
    "delete: recovery forgets what lies aside": ("delete", delete, "recover", lambda *a: "undone"),
    "trash: recovery says undone": ("trash", trash, "recover", lambda *a: "undone"),
    "trash: never settles": ("trash", trash, "settle", lambda *a: None),
    "journal: done before doing": ("mixed", Operations, "_do", done_before_doing),
    "journal: recorded after doing": ("mixed", Operations, "_do", forgets_to_record),
    "engine: half a unit stays": ("mixed", Operations, "_put_back", lambda *a, **k: None),
    "engine: recovery does nothing": ("mixed", Operations, "_recover", lambda self: []),
    "link: undo forgets the looks": ("link_hard", Disk, "dress", lambda *a: None),
    "move: finish removes although it is undone": ("move_far", move, "recover", lambda *a: "undone"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_mistake_is_caught(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    scene_name, where, attribute, mutant = MUTANTS[name]
    with planted(where, attribute, mutant):
        try:
            caught = not survives(scene_name, tmp_path)
        except AssertionError:
            caught = True  # it does not even do its work
    assert caught


def test_without_a_mutant_it_survives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert survives("mixed", tmp_path)


class _Order(Journal):
    """Notes the order of the journal's syncs among the changes of the disk."""

    events: list[str]

    def sync(self, number: int) -> None:
        self.events.append("sync")
        super().sync(number)


class _OrderDisk(Disk):
    events: list[str]

    def rename(self, path: str, target: str) -> None:
        self.events.append("rename")
        super().rename(path, target)


def order_of(s: Scene) -> list[str]:
    journal, disk = _Order(str(s.own.journal)), _OrderDisk()
    journal.events = disk.events = []
    plan = SCENES["move"](s)
    Operations(s.own, disk=disk, journal=journal).apply(plan)
    return journal.events


def announced_first(events: list[str]) -> bool:
    """Each rename stands between a synced announcement and a synced result."""
    return all(
        events[at - 1] == "sync" and events[at + 1] == "sync" for at, event in enumerate(events) if event == "rename"
    )


def test_every_change_is_announced_durably_first(tmp_path: Path) -> None:
    with scene(tmp_path) as s:
        assert announced_first(order_of(s))


def test_a_journal_without_sync_is_caught(tmp_path: Path) -> None:
    append = Log._append

    def unsynced(self: Log, line: bytes) -> None:
        self._journal, journal = Journal(self._journal.folder), self._journal
        try:
            append(self, line)
        finally:
            self._journal = journal

    with planted(Log, "_append", unsynced), scene(tmp_path) as s:
        put(s.base / "other", b"x")
        assert not announced_first(order_of(s))
