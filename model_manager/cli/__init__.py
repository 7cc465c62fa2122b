"""The command line: one file per command. `model-manager` without a command opens the window."""

from __future__ import annotations

from model_manager.cli import (
    apply,
    categories,
    check,
    doctor,
    export,
    history,
    list,
    roots,
    scan,
    set,
    show,
    status,
    store,
    tag,
    undo,
)
from model_manager.cli.main import main

COMMANDS = (scan, status, list, show, roots, categories, set, tag, check, store, apply, history, undo, export, doctor)
"""In the order in which help lists them."""

__all__ = ["COMMANDS", "main"]
