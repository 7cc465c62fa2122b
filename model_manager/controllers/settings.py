"""Settings: what the person chose, back to the defaults, and a text that helps others to help."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Protocol

from model_manager.actions import doctor
from model_manager.app import App
from model_manager.base.errors import reason_of
from model_manager.base.localised import localised
from model_manager.base.settings import Settings as Values
from model_manager.base.text import _, shown
from model_manager.controllers.diagnostics import diagnostics
from model_manager.controllers.messages import ScanWanted, StatusMessage
from model_manager.stores.walk.ignore_patterns import LONGEST, MOST, fault_of, good_patterns

_CHOSEN = ("appearance", "theme", "font_size", "scale", "language", "clear_way", "confirm_final", "remind_after_days",
           "not_asked", "log_level")  # fmt: skip


class SettingsView(Protocol):
    def show_diagnostics(self, text: str) -> None: ...


class SettingsController:
    def __init__(self, app: App, view: SettingsView) -> None:
        self._app, self._view = app, view

    def value(self, name: str) -> object:
        return getattr(self._app.settings.values, name)

    @property
    def data_folder(self) -> str:
        return str(self._app.paths.data)

    def choose(self, name: str, value: object) -> None:
        """Applies and remembers one choice."""
        setattr(self._app.settings.values, name, value)
        self._apply()

    def reset(self) -> None:
        """What can be chosen here as at the first start; folders, names left out, columns and the window stay."""
        fresh = Values()
        for name in _CHOSEN:
            setattr(self._app.settings.values, name, getattr(fresh, name))
        self._apply()

    def is_asked(self, tool: str) -> bool:
        """Whether a tool's service on this computer may be asked."""
        return tool not in self._app.settings.values.not_asked

    def ask_tool(self, tool: str, on: bool) -> None:
        others = [one for one in self._app.settings.values.not_asked if one != tool]
        self.choose("not_asked", others if on else [*others, tool])

    def patterns(self) -> tuple[str, ...]:
        """The names that a scan leaves out."""
        return good_patterns(self._app.settings.values.left_out)

    def leave_out(self, lines: Iterable[str]) -> str:
        """Remembers these names, one in a line, and scans when they changed. Answers in words what is wrong, if so."""
        wanted = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        for pattern in wanted:
            if problem := _problem(pattern):
                return problem
        if len(wanted) > MOST:
            return _("These are {n} names: {most} at most.").format(n=len(wanted), most=MOST)
        if tuple(wanted) != self.patterns():
            self.choose("left_out", wanted)
            self._app.jobs.post(ScanWanted())
        return ""

    def diagnose(self) -> None:
        self._app.jobs.start(_("Collecting diagnostics"), "query", lambda progress: diagnostics(self._app), self._show)

    def save_diagnostics(self, path: str) -> None:
        """Writes them to a new file; one that is there is never overwritten."""

        def work(progress: object) -> None:
            text = diagnostics(self._app)
            try:
                doctor.save(path, text)
            except FileExistsError:
                why = _("there is a file of this name already: choose another one")
            except OSError as error:
                why = localised(reason_of(error))
            else:
                self._app.jobs.post(StatusMessage(_("Saved: {path}").format(path=shown(path))))
                return
            self._app.jobs.post(StatusMessage(_("{path} was not written: {why}").format(path=shown(path), why=why)))

        self._app.jobs.start(_("Collecting diagnostics"), "query", work)

    def _show(self, text: str) -> None:
        self._view.show_diagnostics(text)
        self._app.jobs.post(StatusMessage(_("Copied. It names folders below ~, and no secrets that were recognised.")))

    def _apply(self) -> None:
        level = "DEBUG" if self._app.settings.values.log_level == "DEBUG" else "INFO"
        logging.getLogger("model_manager").setLevel(level)
        self._app.jobs.start(_("Saving settings"), "query", lambda progress: self._app.settings.save())


def _problem(pattern: str) -> str:
    """What is wrong with a name to leave out, and what to write instead."""
    fault = fault_of(pattern)
    if fault == "path":
        return _("“{name}” is a path. Write the name of the file or folder alone.").format(name=shown(pattern))
    if fault == "everything":
        return _("“{name}” would leave out nearly everything. Write more of the name.").format(name=shown(pattern))
    if fault == "long":
        return _("“{name}…” is too long: {n} letters at most.").format(name=shown(pattern[:20]), n=LONGEST)
    return ""
