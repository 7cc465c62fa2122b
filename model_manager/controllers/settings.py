"""Settings: what the person chose, back to the defaults, and a text that helps others to help."""

from __future__ import annotations

import json
import logging
import os
import platform
import re
from typing import Protocol

from model_manager import __version__
from model_manager.app import App
from model_manager.base.settings import Settings as Values
from model_manager.base.text import _
from model_manager.controllers.messages import Said
from model_manager.jobs import JobChanged
from model_manager.library.doctor import checks
from model_manager.library.present import roots_json

_CHOSEN = ("appearance", "theme", "font_size", "scale", "language", "clear_way", "log_level")
_SECRET = re.compile(r"\b(?:hf|sk|ghp|gho|glpat|xox[abp])[_-][A-Za-z0-9_-]{8,}|(?<=://)[^/@\s]+:[^/@\s]+@")
_LOG_TAIL = 20_000


class SettingsView(Protocol):
    def show_diagnostics(self, text: str) -> None: ...


class Settings:
    def __init__(self, app: App, view: SettingsView) -> None:
        self._app, self._view = app, view

    def value(self, name: str) -> object:
        return getattr(self._app.settings.values, name)

    def choose(self, name: str, value: object) -> None:
        """Applies and remembers one choice."""
        setattr(self._app.settings.values, name, value)
        logging.getLogger("model_manager").setLevel(str(self._app.settings.values.log_level))
        self._save()

    def reset(self) -> None:
        """What can be chosen here as it was at the first start; folders, columns and the window stay."""
        fresh = Values()
        for name in _CHOSEN:
            setattr(self._app.settings.values, name, getattr(fresh, name))
        self._save()

    def diagnose(self) -> None:
        self._app.jobs.start(
            _("Collecting diagnostics"), "query", lambda progress: _Diagnostics(diagnostics(self._app))
        )

    def handle(self, message: object) -> None:
        if isinstance(message, JobChanged) and isinstance(message.job.result, _Diagnostics) and message.state == "done":
            self._view.show_diagnostics(message.job.result.text)
            self._app.jobs.post(Said(_("Copied. It names folders below ~, and no secrets that were recognised.")))

    def _save(self) -> None:
        self._app.jobs.start(_("Saving settings"), "query", lambda progress: self._app.settings.save())


class _Diagnostics:
    def __init__(self, text: str) -> None:
        self.text = text


def diagnostics(app: App) -> str:
    """The program's own health, its folders and the end of its log, without the home's name and without secrets."""
    found = {
        "version": __version__,
        "system": f"{platform.system()} {platform.release()}",
        "checks": [[one.name, one.ok, one.detail] for one in checks(app.paths, app.database)],
        "roots": [[root["tool"], root["path"], root["state"], root["models"]] for root in roots_json(app.database)],
    }
    try:
        with open(app.paths.log, encoding="utf-8", errors="replace") as file:
            log = file.read()[-_LOG_TAIL:]
    except OSError:
        log = ""
    return without_secrets(f"{json.dumps(found, indent=1, ensure_ascii=False)}\n\n{log}", os.path.expanduser("~"))


def without_secrets(text: str, home: str) -> str:
    """Tokens and passwords in addresses left out, the home folder as `~`."""
    return _SECRET.sub("…", text).replace(home, "~")
