"""`trash`: models and leftovers into the trash of their volume, by each tool's own rule."""

from __future__ import annotations

import argparse

from model_manager.actions import removal
from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.cli.plans import add_plan_arguments, run_removal

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
    way: removal.Way = "aside" if options.aside else "trash"
    return run_removal(app, lambda: removal.plan_named(app, options.items, options.place, way), options)
