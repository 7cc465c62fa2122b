"""The end of a scan: what concerns all roots together, once each was read or given up."""

from __future__ import annotations

from model_manager.base.events import ModelsChanged
from model_manager.catalog import Tx, files, label_backup, places, roots
from model_manager.library.scan import watch
from model_manager.library.scan.context import ScanContext
from model_manager.library.scan.derive import derive
from model_manager.library.scan.mount_aliases import note_second_ways


class Ending:
    """Never reached by a scan that was cancelled: what it did not come to would be taken for gone."""

    def __init__(self, context: ScanContext) -> None:
        self._context = context

    def run(self) -> None:
        """What no root names any more is gone; words find their models again; files seen twice count once."""
        context = self._context
        with context.database.write() as tx:
            changed = places.mark_gone(tx, context.stored) | label_backup.give_back(tx)
            derive(tx, changed)
            files.forget_unnamed(tx)
            self._note_other_tools(tx)
        if changed := changed | note_second_ways(context.database, context.volumes):
            context.notify(ModelsChanged(tuple(changed)))

    def _note_other_tools(self, tx: Tx) -> None:
        """A root that another leads into by a link is used by that one's tool too."""
        by_path = {watch.real_of(root.path, self._context.volumes): root for root in roots.every(tx)}
        tools = {root.id: root.tool for root in by_path.values()}
        for reader, met in self._context.met.items():
            for path in met:
                target = by_path.get(path)
                if target and reader in tools and tools[reader] not in (target.tool, *target.also):
                    roots.update(tx, target.id, also={*target.also, tools[reader]})
