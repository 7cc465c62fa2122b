"""The system's file manager at a folder."""

from __future__ import annotations

import subprocess
import sys

from model_manager.base.errors import reason_of
from model_manager.base.localised import localised
from model_manager.base.text import _, shown


def open_folder(folder: str) -> str:
    """Opens it; answers in words why it could not be opened, empty when it was."""
    opener = {"darwin": "open", "win32": "explorer"}.get(sys.platform, "xdg-open")
    try:
        subprocess.Popen([opener, folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError as error:
        return _("{folder} could not be opened: {why}").format(folder=shown(folder), why=localised(reason_of(error)))
    return ""
