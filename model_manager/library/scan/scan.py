"""A scan: roots, what changed in them, what is gone. Streams what it learns; survives anything it meets."""

from __future__ import annotations

import gc
import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from model_manager import __version__
from model_manager.base.errors import reason_of
from model_manager.base.events import Event, ModelsChanged, RootsChanged, ScanFinished
from model_manager.base.reading import counting
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, files, kept_words, leftovers, listings, places, problems, roots
from model_manager.catalog.codec import READER
from model_manager.catalog.damage import CatalogueDamaged
from model_manager.catalog.roots import RootRow
from model_manager.jobs import Cancelled, Progress
from model_manager.library.scan import watch
from model_manager.library.scan.derive import derive
from model_manager.library.scan.empty_folders import left_empty
from model_manager.library.scan.headers import Headers
from model_manager.library.scan.lanes import Lane
from model_manager.library.scan.last_uses import NOT_KEPT, keep_last_uses, keeps_access_times
from model_manager.library.scan.register import Pending, Register, beside, fingerprint, prepare
from model_manager.library.scan.second_ways import note_second_ways
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.found import Found, FoundRoot, Leftover, Problem
from model_manager.stores.host.env import Env
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.left_out import LeftOut
from model_manager.stores.walk.look import Look, lies_below
from model_manager.stores.walk.remembered import KINDS, Memory, digest

log = logging.getLogger(__name__)

_SELDOM = (20_000, 20, 20)
"""When Python looks for cycles during a scan: it makes thousands of records and no cycle (0.07 s of 1.6)."""
_BATCH = 200
_EVERY = 0.15  # seconds between writes: rows reach the window while a large root is still walked
_FEW = 20  # models of the first write: rows stand in the window 50 ms sooner than after a whole batch


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
        self._left_out = LeftOut(env.left_out)
        self._headers = Headers(database, volumes)
        self._others: list[Headers] = []
        self._fresh: set[int] = set()
        self._report = Report()
        self._met: dict[int, set[str]] = {}

    def run(self, progress: Progress, only: Iterable[int] | None = None, after: Scan | None = None) -> Report:
        """Scans; a cancelled scan keeps what it has learned and takes nothing for gone.

        `after`: one that was cut short and that this one goes on for: what was new to that one is new to this one too.
        """
        start = time.monotonic()
        self._fresh |= after._fresh if after is not None else set()
        self._volumes.forget()
        lanes: list[Lane] = []
        often = gc.get_threshold()
        gc.set_threshold(*_SELDOM)
        try:
            progress.step(phase="Looking for your tools")
            with counting(self._headers.count):
                every = watch.find_roots(self._database, self._env, self._private, self._volumes)
            self._report.problems += self._search_problems()
            self._notify(RootsChanged())
            chosen = [root for root in every if only is None or root.id in set(only)]
            local = [root for root in chosen if not watch.is_slow(root.path, self._volumes)]
            lanes = self._start_lanes([root for root in chosen if root not in local], every)
            for number, root in enumerate(local):
                progress.step(number, len(local), phase=f"Reading {watch.label_of(root.tool)}")
                self._scan_root(root, every, progress, self._headers)
            self._wait_for(lanes, progress)
            self._finish()
        except Cancelled:
            self._report.cancelled = True
        finally:
            gc.set_threshold(*often)
            for lane in lanes:
                lane.cancel()
        self._summarise(time.monotonic() - start)
        return self._report

    def _search_problems(self) -> list[Problem]:
        with self._database.read() as tx:
            return [Problem("", "search", why) for _tool, why in problems.of_search(tx)]

    def _start_lanes(self, slow: list[RootRow], every: list[RootRow]) -> list[Lane]:
        """A lane for each mount that may not answer, with headers of its own: they serve one thread."""
        by_mount: dict[str, list[RootRow]] = {}
        for root in slow:
            mount = self._volumes.mount_of(root.path)
            by_mount.setdefault(mount.point if mount else "", []).append(root)
        lanes = []
        for roots_ in by_mount.values():
            headers = Headers(self._database, self._volumes)
            self._others.append(headers)
            lanes.append(Lane(roots_, lambda root, step, own=headers: self._scan_root(root, every, step, own)))  # type: ignore[misc]
        return lanes

    def _wait_for(self, lanes: list[Lane], progress: Progress) -> None:
        """Waits for lanes that show signs of life; what the others have not read keeps what is known of it."""
        for lane in lanes:
            if lane.left:
                progress.step(phase=f"Waiting for {watch.label_of(lane.left[0].tool)}")
            while not lane.wait(0.05):
                progress.step()
                if lane.is_silent():
                    lane.cancel()
                    for root in list(lane.left):
                        self._say_state(root, "not-answering", False)
                    break

    def _scan_root(self, root: RootRow, every: list[RootRow], progress: Progress, headers: Headers) -> None:
        state, writable = watch.state_of(root, self._volumes, self._database)
        store = BY_TOOL.get(root.tool)
        if state == "offline" and watch.was_deleted(root, self._volumes, self._database):
            self._forget(root)
            return
        if state not in ("online", "denied") or store is None:
            self._say_state(root, state, writable)
            return
        inside = root.path.rstrip(os.sep) + os.sep
        real = watch.real_of(root.path, self._volumes)
        skip = frozenset(
            path for other in every if other.id != root.id
            for path in (watch.real_of(other.path, self._volumes),)
            if (path != real and not real.startswith(path.rstrip(os.sep) + os.sep)) or other.path.startswith(inside)
        )  # fmt: skip
        skip |= {os.path.realpath(self._private)}
        look = Look(headers.asked, skip, progress.step, self._memory(root), self._left_out, self._env.not_asked)
        found = _found(root)
        try:
            with counting(headers.count):
                self._read_root(root, store.describe(found, look), look, state, writable, headers)
        except (Cancelled, CatalogueDamaged):
            raise
        except Exception as error:  # one adapter's mistake must not end the scan of the others
            log.exception("%s: reading %s failed", store.facts.label, root.path)
            look.problem(root.path, "adapter", f"{store.facts.label} could not be read to its end: {reason_of(error)}")
            self._keep_problems(root, look)
        self._met[root.id] = look.met

    def _read_root(
        self,
        root: RootRow,
        items: Iterable[Found | Leftover],
        look: Look,
        state: str,
        writable: bool,
        headers: Headers,
    ) -> None:
        register = Register(self._volumes, headers)
        known: dict[tuple[str, str], places.PlaceRow] | None = None
        seen: dict[tuple[str, str], bytes] = {}
        loose: set[tuple[str, str]] = set()  # models with files that a folder's memory does not look at
        rests: list[Leftover] = []
        waiting: list[tuple[Found, bytes]] = []
        blind = not keeps_access_times(root.path, self._volumes)
        due = time.monotonic() + _EVERY
        for item in items:
            look.step()
            if isinstance(item, Leftover):
                rests.append(item)
                continue
            if blind:
                item = item._replace(details={**item.details, **NOT_KEPT})
            known = self._known(root) if known is None else known
            key = (item.path, shown(item.name))
            others = beside(item, headers)
            seen[key] = mark = fingerprint(item, self._volumes, others)
            if others:
                loose.add(key)
            here = known.get(key)
            if here is None or here.fingerprint != mark:
                waiting.append((item, mark))
            if len(waiting) >= (_BATCH if self._fresh else _FEW) or (waiting and time.monotonic() > due):
                self._store_all(root, waiting, register, headers, look)
                waiting, due = [], time.monotonic() + _EVERY
        self._store_all(root, waiting, register, headers, look)
        look.step()
        gone = self._gone(root, known, seen, look)
        rests += self._left_empty(root, gone)
        uses = list(BY_TOOL[root.tool].last_used(_found(root), self._env))
        for path in list(self._env.unread):
            why = self._env.unread.pop(path, "")
            if all((one.path, one.why) != (path, why) for one in look.problems):  # not what was said of its models
                look.problem(path, "record", why)
        told = look.told(root.path)
        volume = self._volumes.of(root.path, os.stat(root.path).st_dev)
        with self._database.write() as tx:
            touched = places.remove(tx, gone.values())
            derive(tx, touched)
            touched |= keep_last_uses(tx, root.id, uses)
            leftovers.replace(tx, root.id, root.tool, [(r.kind, r.path, r.size, r.bytes, shown(r.of)) for r in rests])
            problems.replace(tx, root.id, [(p.path, p.kind, shown(p.why)) for p in told])
            row = roots.volume_id(tx, volume.name, volume.kind, volume.mount)
            if look.unread and root.path in look.unread:
                state = "denied"
            roots.update(tx, root.id, state=state, writable=int(writable), volume=row, scanned_at=int(time.time()))
            headers.keep_asked(tx)
            if look.memory:
                marks = {key: mark for key, mark in seen.items() if key not in loose}
                listings.put(tx, root.id, *look.memory.after(marks))
        self._report.problems += told
        if touched:
            self._notify(ModelsChanged(tuple(touched)))

    def _memory(self, root: RootRow) -> Memory | None:
        """What the last scan left of a root's folders, where their times can be believed."""
        device = os.stat(root.path).st_dev
        volume = self._volumes.of(root.path, device)
        if volume.kind not in KINDS:
            return None
        with self._database.read() as tx:
            before = listings.of_root(tx, root.id)
            rules = digest(__version__, READER, volume.name, sorted(self._env.left_out))
            return Memory(rules, device, before, places.fingerprints(tx, root.id))

    def _known(self, root: RootRow) -> dict[tuple[str, str], places.PlaceRow]:
        with self._database.read() as tx:
            return places.of_root(tx, root.id)

    def _gone(
        self,
        root: RootRow,
        known: dict[tuple[str, str], places.PlaceRow] | None,
        seen: dict[tuple[str, str], bytes],
        look: Look,
    ) -> dict[tuple[str, str], int]:
        """Places that the root has no more, by path and name. Asks only when something changed (5,000 take 10 ms)."""
        same = look.memory.seen() if look.memory else set()
        unread = frozenset(look.unread)
        if known is None and look.memory and same >= look.memory.places:
            return {}
        return {
            key: place.id
            for key, place in (self._known(root) if known is None else known).items()
            if key not in seen
            and place.fingerprint not in same
            and not (key[0] in unread or lies_below(key[0], unread))
        }

    def _left_empty(self, root: RootRow, gone: Iterable[tuple[str, str]]) -> list[Leftover]:
        """Folders that models left behind, where a folder is all that a tool knows of a model."""
        if BY_TOOL[root.tool].removal.leftover is not BY_LAYOUT.leftover:
            return []
        with self._database.read() as tx:
            before = leftovers.of_kind(tx, root.id, "empty-folder")
        return left_empty(root.path, gone, before)

    def _store_all(
        self, root: RootRow, waiting: list[tuple[Found, bytes]], register: Register, headers: Headers, look: Look
    ) -> None:
        """Reads headers, then stores: one kind of work after another takes two thirds of the time of both by turns."""
        ready: list[Pending] = []
        due = time.monotonic() + _EVERY
        for found, mark in waiting:
            look.step()
            ready.append(prepare(found, mark, headers))
            if time.monotonic() > due:  # a slow disk: what is known is shown
                self._store(root, ready, register)
                ready, due = [], time.monotonic() + _EVERY
        self._store(root, ready, register)

    def _store(self, root: RootRow, ready: list[Pending], register: Register) -> None:
        if not ready:
            return
        with self._database.write() as tx:
            touched = register.store(tx, root, ready)
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
        told = look.told(root.path)
        self._report.problems += told
        with self._database.write() as tx:
            problems.replace(tx, root.id, [(p.path, p.kind, shown(p.why)) for p in told])

    def _finish(self) -> None:
        """What no root names any more is gone; roots that others lead into get their second name."""
        with self._database.write() as tx:
            changed = places.mark_gone(tx, self._fresh) | kept_words.give_back(tx)
            derive(tx, changed)
            files.forget_unnamed(tx)
            every = {watch.real_of(root.path, self._volumes): root for root in roots.every(tx)}
            tools = {root.id: root.tool for root in every.values()}
            for reader, met in self._met.items():
                for path in met:
                    target = every.get(path)
                    if target and reader in tools and tools[reader] not in (target.tool, *target.also):
                        roots.update(tx, target.id, also={*target.also, tools[reader]})
        if changed := changed | note_second_ways(self._database, self._volumes):
            self._notify(ModelsChanged(tuple(changed)))

    def _summarise(self, seconds: float) -> None:
        report = self._report
        with self._database.read() as tx:
            report.roots = roots.every(tx)
            report.models, report.files = files.counts(tx)
        report.seconds, report.read_bytes = seconds, sum(one.count.bytes for one in (self._headers, *self._others))
        self._notify(RootsChanged())
        self._notify(ScanFinished(report.models, report.files, seconds, len(report.problems), report.cancelled))


def _found(root: RootRow) -> FoundRoot:
    return FoundRoot(root.tool, root.path, root.found_by, root.details)  # type: ignore[arg-type]
