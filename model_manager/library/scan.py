"""A scan: roots, what changed in them, what is gone. Streams what it learns; survives anything it meets."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from model_manager.base.errors import reason_of
from model_manager.base.events import Event, ModelsChanged, RootsChanged, ScanFinished
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, files, leftovers, places, roots
from model_manager.catalog.roots import RootRow
from model_manager.jobs import Cancelled, Progress
from model_manager.library import watch
from model_manager.library.headers import Headers
from model_manager.library.register import Pending, Register, derive, fingerprint, prepare
from model_manager.stores import BY_TOOL
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover, Problem
from model_manager.stores.look import Look

log = logging.getLogger(__name__)

_BATCH = 200
_EVERY = 0.15  # seconds between writes: rows reach the window while a large root is still walked


@dataclass
class Report:
    """What `scan --json` prints."""

    roots: list[RootRow] = field(default_factory=list)
    models: int = 0
    files: int = 0
    seconds: float = 0.0
    read_bytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    cancelled: bool = False


class Scan:
    """One scan over all roots, or over those given. Not reused."""

    def __init__(
        self,
        database: Database,
        volumes: Volumes,
        env: Env,
        private: str,
        notify: Callable[[Event], None] = lambda _: None,
    ) -> None:
        self._database, self._volumes, self._env, self._private = database, volumes, env, private
        self._notify = notify
        self._headers = Headers(database, volumes)
        self._register = Register(volumes, self._headers)
        self._fresh: set[int] = set()
        self._report = Report()
        self._met: dict[int, set[str]] = {}

    def run(self, progress: Progress, only: Iterable[int] | None = None) -> Report:
        """Scans; a cancelled scan keeps what it has learned and takes nothing for gone."""
        start = time.monotonic()
        self._volumes.forget()
        try:
            progress.step(phase="Looking for your tools")
            every = watch.find_roots(self._database, self._env, self._private)
            self._notify(RootsChanged())
            chosen = [root for root in every if only is None or root.id in set(only)]
            for number, root in enumerate(self._in_order(chosen)):
                progress.step(number, len(chosen), phase=f"Reading {watch.label_of(root.tool)}")
                self._scan_root(root, every, progress)
            self._finish()
        except Cancelled:
            self._report.cancelled = True
        self._summarise(time.monotonic() - start)
        return self._report

    def _in_order(self, chosen: list[RootRow]) -> list[RootRow]:
        """Local roots first: one that does not answer must not keep the others waiting."""

        def network(root: RootRow) -> bool:
            mount = self._volumes.mount_of(root.path)
            return bool(mount and mount.kind.startswith(("nfs", "cifs", "smb", "fuse.", "9p", "davfs")))

        return sorted(chosen, key=network)

    def _scan_root(self, root: RootRow, every: list[RootRow], progress: Progress) -> None:
        state, writable = watch.state_of(root, self._volumes, self._database)
        store = BY_TOOL.get(root.tool)
        if state == "offline" and watch.was_deleted(root, self._volumes, self._database):
            self._forget(root)
            return
        if state not in ("online", "denied") or store is None:
            self._say_state(root, state, writable)
            return
        inside = root.path.rstrip(os.sep) + os.sep
        real = os.path.realpath(root.path)
        skip = frozenset(
            path for other in every if other.id != root.id
            for path in (os.path.realpath(other.path),)
            if (path != real and not real.startswith(path.rstrip(os.sep) + os.sep)) or other.path.startswith(inside)
        )  # fmt: skip
        skip |= {os.path.realpath(self._private)}
        look = Look(self._headers.facts, skip, progress.step)
        found = FoundRoot(root.tool, root.path, root.found_by, root.details)  # type: ignore[arg-type]
        try:
            self._read_root(root, store.describe(found, look), look, state, writable)
        except Cancelled:
            raise
        except Exception as error:  # one adapter's mistake must not end the scan of the others
            log.exception("%s: reading %s failed", store.label, root.path)
            look.problem(root.path, "adapter", f"{store.label} could not be read to its end: {reason_of(error)}")
            self._keep_problems(root, look)
        self._met[root.id] = look.met

    def _read_root(
        self, root: RootRow, items: Iterable[Found | Leftover], look: Look, state: str, writable: bool
    ) -> None:
        with self._database.read() as tx:
            known = places.of_root(tx, root.id)
        seen: set[tuple[str, str]] = set()
        rests: list[Leftover] = []
        waiting: list[Pending] = []
        due = time.monotonic() + _EVERY
        for item in items:
            look.step()
            if isinstance(item, Leftover):
                rests.append(item)
                continue
            key = (item.path, shown(item.name))
            seen.add(key)
            mark = fingerprint(item, self._volumes)
            here = known.get(key)
            if here is None or here.fingerprint != mark:
                waiting.append(prepare(item, mark, self._headers))
            if len(waiting) >= _BATCH or (waiting and time.monotonic() > due):
                self._store(root, waiting)
                waiting, due = [], time.monotonic() + _EVERY
        self._store(root, waiting)
        gone = [place.id for key, place in known.items() if key not in seen and not _unread(key[0], look.unread)]
        volume = self._volumes.of(root.path, os.stat(root.path).st_dev)
        with self._database.write() as tx:
            touched = places.remove(tx, gone)
            derive(tx, touched)
            leftovers.replace(tx, root.id, root.tool, [(r.kind, r.path, r.size, r.bytes, shown(r.of)) for r in rests])
            leftovers.replace_problems(tx, root.id, [(p.path, p.kind, shown(p.why)) for p in look.problems])
            row = roots.volume_id(tx, volume.name, volume.kind, volume.mount)
            if look.unread and root.path in look.unread:
                state = "denied"
            roots.update(tx, root.id, state=state, writable=int(writable), volume=row, scanned_at=int(time.time()))
        self._report.problems += look.problems
        if touched:
            self._notify(ModelsChanged(tuple(touched)))

    def _store(self, root: RootRow, waiting: list[Pending]) -> None:
        if not waiting:
            return
        with self._database.write() as tx:
            touched = self._register.store(tx, root, waiting)
        self._fresh |= touched
        self._notify(ModelsChanged(tuple(touched)))

    def _forget(self, root: RootRow) -> None:
        with self._database.write() as tx:
            roots.remove(tx, root.id)

    def _say_state(self, root: RootRow, state: str, writable: bool) -> None:
        if root.state != state:
            with self._database.write() as tx:
                roots.update(tx, root.id, state=state, writable=int(writable))
            self._notify(RootsChanged())

    def _keep_problems(self, root: RootRow, look: Look) -> None:
        self._report.problems += look.problems
        with self._database.write() as tx:
            leftovers.replace_problems(tx, root.id, [(p.path, p.kind, shown(p.why)) for p in look.problems])

    def _finish(self) -> None:
        """What no root names any more is gone; roots that others lead into get their second name."""
        with self._database.write() as tx:
            changed = places.mark_gone(tx, self._fresh)
            derive(tx, changed)
            files.forget_unnamed(tx)
            every = {os.path.realpath(root.path): root for root in roots.every(tx)}
            tools = {root.id: root.tool for root in every.values()}
            for reader, met in self._met.items():
                for path in met:
                    target = every.get(path)
                    if target and reader in tools and tools[reader] not in (target.tool, *target.also):
                        roots.update(tx, target.id, also={*target.also, tools[reader]})
        if changed:
            self._notify(ModelsChanged(tuple(changed)))

    def _summarise(self, seconds: float) -> None:
        report = self._report
        with self._database.read() as tx:
            report.roots = roots.every(tx)
            report.models, report.files = files.counts(tx)
        report.seconds, report.read_bytes = seconds, self._headers.read_bytes
        self._notify(RootsChanged())
        self._notify(ScanFinished(report.models, report.files, seconds, len(report.problems), report.cancelled))


def _unread(path: str, folders: list[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


_one_at_a_time = threading.Lock()


def scan(scanner: Scan, progress: Progress, only: Iterable[int] | None = None) -> Report:
    """Runs a scan when no other of this process runs."""
    with _one_at_a_time:
        return scanner.run(progress, only)
