"""The command line: one file per command. `model-manager` without a command opens the window."""

from __future__ import annotations

from model_manager.cli import (
    apply,
    categories,
    check,
    clean,
    dedupe,
    delete,
    doctor,
    duplicates,
    empty,
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
    trash,
    undo,
)
from model_manager.cli.main import main

COMMANDS = (
    scan, status, list, show, roots, categories, set, tag, check, duplicates, dedupe, clean, trash, delete, store, apply, history, undo, empty,
    export, doctor,
)  # fmt: skip
"""In the order in which help lists them."""

__all__ = ["COMMANDS", "main"]
