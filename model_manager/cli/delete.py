"""`delete`: models and leftovers for good, by each tool's own rule."""

from __future__ import annotations

import argparse

from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.cli.plans import add_plan_arguments, run_plan
from model_manager.library.removal.planning import plan_removal
from model_manager.library.removal.wanted import wanted_of

NAME = "delete"
HELP = later("delete models or leftovers for good: there is no undo")
EXAMPLE = "model-manager delete llama3.1:8b --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "items", nargs="+", metavar="MODEL|PATH", help=_("an id, a name or a path; or a leftover's path")
    )
    parser.add_argument(
        "--place", action="append", default=[], metavar="ID", help=_("only this place of the model (from `show`)")
    )
    add_plan_arguments(parser)


def run(app: App, options: argparse.Namespace) -> int:
    wanted = wanted_of(app.database, options.items, options.place)
    return run_plan(app, plan_removal(app.database, app.volumes, app.env(), wanted, "delete"), options)
