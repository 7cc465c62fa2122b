"""What the person says of models: category, tags, a note, pinned. Noted in the background, then shown."""

from __future__ import annotations

from collections.abc import Hashable

from model_manager.actions import labels
from model_manager.actions.labels import LabelChange
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ModelsChanged
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.controllers.messages import DetailsStale, StatusMessage


class LabelsController:
    """Noted of all models that are chosen, or of none: where something cannot be noted, that is said."""

    def __init__(self, app: App) -> None:
        self._app = app

    def set_category(self, ids: set[Hashable], slug: str | None) -> None:
        self._change(ids, LabelChange(category=slug or ""))

    def tag(self, ids: set[Hashable], add: list[str], remove: list[str]) -> None:
        self._change(ids, LabelChange(add=add, remove=remove))

    def set_note(self, id_: int, note: str) -> None:
        self._change({id_}, LabelChange(note=note))

    def set_pinned(self, ids: set[Hashable], pinned: bool) -> None:
        self._change(ids, LabelChange(pinned=pinned))

    def _change(self, ids: set[Hashable], wanted: LabelChange) -> None:
        chosen = tuple(int(str(id_)) for id_ in ids)

        def run(progress: object) -> None:
            try:
                labels.change(self._app, chosen, wanted)
            except ModelManagerError as error:
                self._app.jobs.post(StatusMessage(localised(error)))
            self._app.jobs.post(ModelsChanged(chosen))
            self._app.jobs.post(DetailsStale())

        self._app.jobs.start(_("Noting"), "query", run)
