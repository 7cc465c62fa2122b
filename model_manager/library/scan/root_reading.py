"""Reading one root: whether it is there, what lies in it, what of that is new, and what went."""

from __future__ import annotations

import logging
import os

from model_manager import __version__
from model_manager.base.errors import reason_of
from model_manager.base.events import RootsChanged
from model_manager.base.messages import said
from model_manager.base.reading import counting
from model_manager.catalog import listings, places, roots
from model_manager.catalog.damage import CatalogueDamaged
from model_manager.catalog.record import READER
from model_manager.catalog.roots import RootRow
from model_manager.jobs import Cancelled, Progress
from model_manager.library.scan import watch
from model_manager.library.scan.context import ScanContext, found_root, keep_problems
from model_manager.library.scan.headers import Headers
from model_manager.library.scan.last_uses import keeps_access_times
from model_manager.library.scan.news import News
from model_manager.library.scan.settling import RootSettling
from model_manager.library.scan.storing import Storing
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.contract import Store
from model_manager.stores.discovered import Leftover
from model_manager.stores.walk.folder_memory import KINDS, FolderMemory, digest
from model_manager.stores.walk.ignore_patterns import IgnorePatterns
from model_manager.stores.walk.store_reader import StoreReader

log = logging.getLogger(__name__)


class RootReading:
    """One root of a scan, in the thread that reads its mount. `every`: all roots, so that each folder is read once."""

    def __init__(
        self, context: ScanContext, root: RootRow, every: list[RootRow], progress: Progress, headers: Headers
    ) -> None:
        self._context, self._root, self._every = context, root, every
        self._progress, self._headers = progress, headers

    def run(self) -> None:
        """One adapter's mistake is a problem of its root: it must not end the scan of the others."""
        context, root = self._context, self._root
        state, writable = watch.state_of(root, context.volumes, context.database)
        if state == "offline" and watch.was_deleted(root, context.volumes, context.database):
            with context.database.write() as tx:
                roots.remove(tx, root.id)
            return
        store = BY_TOOL.get(root.tool)
        if state not in ("online", "denied") or store is None:
            say_state(context, root, state, writable)
            return
        reader = self._look()
        try:
            with counting(self._headers.count):
                self._read(store, reader, state, writable)
        except (Cancelled, CatalogueDamaged):
            raise
        except Exception as error:
            log.exception("%s: reading %s failed", store.facts.label, root.path)
            reader.problem(
                root.path, "adapter", said("{0} could not be read to its end: {1}", store.facts.label, reason_of(error))
            )
            with context.database.write() as tx:
                keep_problems(context, tx, root, reader.told(root.path))
        context.met[root.id] = reader.met

    def _read(self, store: Store, reader: StoreReader, state: str, writable: bool) -> None:
        """Describe, compare, read and store as the adapter streams; settle once it has come to its end."""
        news = News(self._context, self._root, self._headers)
        storing = Storing(self._context, self._root, self._headers, reader)
        rests: list[Leftover] = []
        for item in store.describe(found_root(self._root), reader):
            reader.step()
            if isinstance(item, Leftover):
                rests.append(item)
                continue
            found, mark = news.of(item)
            if mark is not None:
                storing.add(found, mark)
            storing.if_due()
        storing.all()
        reader.step()
        RootSettling(self._context, self._root, store, self._headers, reader).run(news, rests, state, writable)

    def _look(self) -> StoreReader:
        env = self._context.env
        memory, left_out = self._memory(), IgnorePatterns(env.left_out)
        return StoreReader(
            self._headers.asked, self._read_by_others(), self._progress.step, memory, left_out, env.not_asked
        )

    def _read_by_others(self) -> frozenset[str]:
        """The real paths of roots that are not read here: those inside this one, or reached from it by a link; also those
        that are ignored, or their models would be shown as this one's.

        A root that this one lies in is none of them, or a walk that follows a link back would end before it began.
        """
        volumes, inside = self._context.volumes, self._root.path.rstrip(os.sep) + os.sep
        real = watch.real_of(self._root.path, volumes)
        skip = {os.path.realpath(self._context.private)}
        for other in self._every:
            path = watch.real_of(other.path, volumes) if other.id != self._root.id else ""
            is_around = path == real or real.startswith(path.rstrip(os.sep) + os.sep)
            if path and (not is_around or other.path.startswith(inside)):
                skip.add(path)
        return frozenset(skip)

    def _memory(self) -> FolderMemory | None:
        """What the last scan left of the root's folders, where their times can be believed (`remembered.KINDS`).

        Its mark holds everything but the disk that decides what is found and stored: our version, how headers are read,
        the volume, whether its access times say anything, and what the person wants left out.
        """
        device = os.stat(self._root.path).st_dev
        volume = self._context.volumes.of(self._root.path, device)
        if volume.kind not in KINDS:
            return None
        with self._context.database.read() as tx:
            before = listings.of_root(tx, self._root.id)
            timed = keeps_access_times(self._root.path, self._context.volumes)
            rules = digest(__version__, READER, volume.name, timed, sorted(self._context.env.left_out))
            return FolderMemory(rules, device, before, places.fingerprints(tx, self._root.id))


def say_state(context: ScanContext, root: RootRow, state: str, writable: bool) -> None:
    """Notes that a root is not read now, and why; its models keep what is known of them."""
    if root.state != state:
        with context.database.write() as tx:
            roots.update(tx, root.id, state=state, writable=int(writable))
        context.notify(RootsChanged())
