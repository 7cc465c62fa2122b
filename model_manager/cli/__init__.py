"""The command line: one file per command. `model-manager` without a command opens the window."""

from __future__ import annotations

from model_manager.cli.main import main

__all__ = ["main"]
