"""How each screen but the library is made. Loaded at the first visit of any, so that the window is painted sooner."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from model_manager.views.clean import CleanScreen
from model_manager.views.disk_map import DiskMapScreen
from model_manager.views.duplicates import DuplicatesScreen
from model_manager.views.families import FamiliesScreen
from model_manager.views.folders import FoldersScreen
from model_manager.views.health import HealthScreen
from model_manager.views.history import HistoryScreen
from model_manager.views.settings import SettingsScreen

if TYPE_CHECKING:
    from model_manager.views.window import Window


def made(name: str, window: Window) -> Any:
    """The screen of this name, below the window's body."""
    body, app, changes = window.body, window.app, window.changes
    makers: dict[str, Callable[[], Any]] = {
        "disk_map": lambda: DiskMapScreen(body, window.library.controller, window.show_model),
        "duplicates": lambda: DuplicatesScreen(body, app, changes),
        "clean": lambda: CleanScreen(body, app, changes),
        "families": lambda: FamiliesScreen(body, app, changes),
        "health": lambda: HealthScreen(body, app, window.show_model, changes),
        "folders": lambda: FoldersScreen(body, app, changes),
        "history": lambda: HistoryScreen(body, app, changes),
        "settings": lambda: SettingsScreen(
            body, app, window.restyle, window.open, window.reset_columns, window.toasts.show
        ),
    }
    return makers[name]()
