"""`delete`: models and leftovers for good, by each tool's own rule."""

from __future__ import annotations

import argparse

from model_manager.actions import removal
from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.cli.plans import add_plan_arguments, run_removal

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
    return run_removal(app, lambda: removal.plan_named(app, options.items, options.place, "delete"), options)
