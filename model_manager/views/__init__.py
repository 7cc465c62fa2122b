"""The window. Paints and forwards gestures; the only package that knows Tk."""

from __future__ import annotations

from model_manager.views.start import main

__all__ = ["main"]
