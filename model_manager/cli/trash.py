"""`trash`: models and leftovers into the trash of their volume, by each tool's own rule."""

from __future__ import annotations

import argparse

from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.cli.plans import add_plan_arguments, run_plan
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.wanted import wanted_of

NAME = "trash"
HELP = later("move models or leftovers to the trash, by each tool's own rule")
EXAMPLE = "model-manager trash llama3.1:8b --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "items", nargs="+", metavar="MODEL|PATH", help=_("an id, a name or a path; or a leftover's path")
    )
    parser.add_argument(
        "--place", action="append", default=[], metavar="ID", help=_("only this place of the model (from `show`)")
    )
    parser.add_argument(
        "--aside",
        action="store_true",
        help=_("into a folder of this program's on their volume, where no trash is possible"),
    )
    add_plan_arguments(parser)


def run(app: App, options: argparse.Namespace) -> int:
    wanted = wanted_of(app.database, options.items, options.place)
    return run_plan(
        app, plan_removal(app.database, app.volumes, app.env(), wanted, "aside" if options.aside else "trash"), options
    )
