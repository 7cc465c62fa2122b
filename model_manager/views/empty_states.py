"""What a screen says while no model is known: where to begin, and what will stand there."""

from __future__ import annotations

from model_manager.actions.listing import nothing_known
from model_manager.app import App
from model_manager.base.text import _


def where_to_begin() -> str:
    return _("No models yet. The scan looks where your tools keep them; Folders adds your own.")


def first_words(app: App, will: str, otherwise: str) -> str:
    """`otherwise`, or, while nothing is known, where to begin and what `will` stand there."""
    return f"{where_to_begin()} {will}" if nothing_known(app) else otherwise
