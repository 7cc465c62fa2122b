"""The end of a root: what went, what is left over, when its models were used, and what the next scan may believe."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from model_manager.base.events import ModelsChanged
from model_manager.base.text import shown
from model_manager.catalog import leftovers, listings, places, roots
from model_manager.catalog.roots import RootRow
from model_manager.library.scan.context import ScanContext, found_root, keep_problems
from model_manager.library.scan.derive import derive
from model_manager.library.scan.empty_folders import left_empty
from model_manager.library.scan.headers import Headers
from model_manager.library.scan.last_uses import keep_last_uses
from model_manager.library.scan.news import Key, News
from model_manager.stores.contract import Store
from model_manager.stores.discovered import Leftover
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.walk.store_reader import StoreReader


class RootSettling:
    """Done once all of a root was described and stored: in one transaction, so that a scan which is killed before
    takes nothing for gone and believes nothing the next time."""

    def __init__(
        self, context: ScanContext, root: RootRow, store: Store, headers: Headers, reader: StoreReader
    ) -> None:
        self._context, self._root, self._store, self._headers, self._look = context, root, store, headers, reader

    def run(self, news: News, rests: list[Leftover], state: str, writable: bool) -> None:
        """`state`: of the root as it was found; `denied` where it could not be listed after all."""
        root, reader, context = self._root, self._look, self._context
        gone = news.gone(reader)
        rests = rests + self._left_empty(gone)
        uses = list(self._store.last_used(found_root(root), context.env))
        self._tell_unread_records()
        volume = context.volumes.of(root.path, os.stat(root.path).st_dev)
        with context.database.write() as tx:
            touched = places.remove(tx, gone.values())
            derive(tx, touched)
            touched |= keep_last_uses(tx, root.id, uses)
            leftovers.replace(
                tx,
                root.id,
                root.tool,
                [(rest.kind, rest.path, rest.size, rest.bytes, shown(rest.of)) for rest in rests],
            )
            keep_problems(context, tx, root, reader.told(root.path))
            row = roots.volume_id(tx, volume.name, volume.kind, volume.mount)
            state = "denied" if root.path in reader.unread else state
            roots.update(tx, root.id, state=state, writable=int(writable), volume=row, scanned_at=int(time.time()))
            self._headers.keep_asked(tx)
            if reader.memory:
                listings.put(tx, root.id, *reader.memory.after(news.lasting_marks()))
        if touched:
            context.notify(ModelsChanged(tuple(touched)))

    def _left_empty(self, gone: Iterable[Key]) -> list[Leftover]:
        """Folders that models left behind, where a folder is all that a tool knows of a model."""
        if self._store.removal.leftover is not BY_LAYOUT.leftover:
            return []
        with self._context.database.read() as tx:
            before = leftovers.of_kind(tx, self._root.id, "empty-folder")
        return left_empty(self._root.path, gone, before)

    def _tell_unread_records(self) -> None:
        """The tool's own records of use that could not be read, unless the same was said of its models."""
        unread = self._context.env.unread
        for path in list(unread):
            why = unread.pop(path, "")
            if all((problem.path, problem.why) != (path, why) for problem in self._look.problems):
                self._look.problem(path, "record", why)
