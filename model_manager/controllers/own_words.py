"""What the person says of models: category, tags, a note, pinned. Noted in the background, then shown."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ModelsChanged
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.controllers.messages import DetailsStale, Said
from model_manager.library.labels import words


class OwnWords:
    """Noted for one model after the other; where that fails it is said, and what was noted before stays."""

    def __init__(self, app: App) -> None:
        self._app = app

    def set_category(self, ids: set[Hashable], slug: str | None) -> None:
        self._change(ids, lambda id_: words.set_category(self._app.database, id_, slug))

    def tag(self, ids: set[Hashable], add: list[str], remove: list[str]) -> None:
        self._change(ids, lambda id_: words.tag(self._app.database, id_, add, remove))

    def set_note(self, id_: int, note: str) -> None:
        self._change({id_}, lambda one: words.set_note(self._app.database, one, note))

    def set_pinned(self, ids: set[Hashable], pinned: bool) -> None:
        self._change(ids, lambda id_: words.set_pinned(self._app.database, id_, pinned))

    def _change(self, ids: set[Hashable], work: Callable[[int], None]) -> None:
        chosen = tuple(int(str(id_)) for id_ in ids)

        def run(progress: object) -> None:
            try:
                with self._app.database.together():
                    for id_ in chosen:
                        work(id_)
            except ModelManagerError as error:
                self._app.jobs.post(Said(localised(error)))
            self._app.jobs.post(ModelsChanged(chosen))
            self._app.jobs.post(DetailsStale())

        self._app.jobs.start(_("Noting"), "query", run)
