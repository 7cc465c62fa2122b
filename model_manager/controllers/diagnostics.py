"""A text that helps others to help: without secrets, and without the names of the home and of its owner."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re

from model_manager import __version__
from model_manager.actions import doctor, listing
from model_manager.app import App

_SECRET = re.compile(
    r"\b(?:hf|sk|gh[oprsu]|github_pat|gho|glpat|xox[abp]|civitai)[_-][A-Za-z0-9_-]{8,}"
    r"|(?<=://)[^/@\s]+:[^/@\s]+@"
    r"|(?<=Bearer )[\w.~+/=-]{8,}"
    r"|(?<=[?&\"' ])(?:api[_-]?key|access[_-]?token|token|password|secret)\"?\s*[=:]\s*\"?[^\s\"'&,}]+",
    re.IGNORECASE,
)
_END = r"(?![\w.-])"
"""A path's part ends here: /home/robin2 is somebody else's."""
_LOG_TAIL = 20_000


def diagnostics(app: App) -> str:
    """The program's own health, its folders and the end of its log."""
    found = {
        "version": __version__,
        "system": f"{platform.system()} {platform.release()}",
        "checks": [[one.name, one.ok, one.detail] for one in doctor.check(app)],
        "roots": [[root["tool"], root["path"], root["state"], root["models"]] for root in listing.roots_json(app)],
    }
    try:
        with open(app.paths.log, encoding="utf-8", errors="replace") as file:
            log = file.read()[-_LOG_TAIL:]
    except OSError:
        log = ""
    text = f"{json.dumps(found, indent=1, ensure_ascii=False)}\n\n{log}"
    return without_secrets(text, os.path.expanduser("~"), _user())


def without_secrets(text: str, home: str, user: str = "") -> str:
    """Tokens and passwords left out, the home folder as `~`, the user's name as a part of other paths too."""
    text = _SECRET.sub("…", text)
    if len(home) > 1:
        text = re.sub(rf"{re.escape(home)}{_END}", "~", text)
    return re.sub(rf"(?<=[/\\]){re.escape(user)}{_END}", "…", text) if user else text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no entry for this user
        return ""
