"""Settings: a list of pages, one file each."""

from model_manager.views.settings.screen import SettingsScreen

__all__ = ["SettingsScreen"]
