"""`undo`: puts an operation back."""

from __future__ import annotations

import argparse

from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.base.text import _, later
from model_manager.cli.plans import look_again, told

NAME = "undo"
HELP = later("put an operation back; without an id, the last that can be")
EXAMPLE = "model-manager undo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("operation", nargs="?", metavar="OPERATION", help=_("an id from `history`"))


def run(app: App, options: argparse.Namespace) -> int:
    id_ = options.operation
    if id_ is None:
        found, _problems = app.operations.history()
        id_ = next((operation.id for operation in found if operation.undoable), None)
        if id_ is None:
            raise UsageError(
                "undo", "", "there is nothing that could be undone", "`model-manager history` lists what was done"
            )
    done = app.operations.undo(id_)
    look_again(app, done.plan)
    return told(done, options.json, _("It is as it was before.") if done.state == "undone" else _("Some of it stays."))
