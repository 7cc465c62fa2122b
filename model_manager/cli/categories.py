"""`categories`: the user's tree."""

from __future__ import annotations

import argparse

from model_manager.actions import labels
from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.base.text import _, later, number
from model_manager.cli.output import hint, print_json, print_table

NAME = "categories"
HELP = later("the category tree; add, rename or remove one of your own")
EXAMPLE = "model-manager categories add llm/roleplay"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("add", "rename", "remove"))
    parser.add_argument("values", nargs="*", metavar="SLUG", help=_("add SLUG; rename OLD NEW; remove SLUG"))


def run(app: App, options: argparse.Namespace) -> int:
    if options.action:
        _change(app, options.action, options.values)
    found = [
        {"category": one.slug, "name": one.name, "own": one.own, "models": one.models} for one in labels.tree(app)
    ]  # fmt: skip
    if options.json:
        print_json({"categories": found})
        return 0
    rows = [(str(one["category"]), str(one["name"]), number(f"{one['models']:,}")) for one in found]
    print_table([_("Category"), _("Name"), _("Models")], rows, right=(2,))
    hint(_("`model-manager set MODEL category=SLUG` moves a model to one"))
    return 0


def _change(app: App, action: str, values: list[str]) -> None:
    if len(values) != (2 if action == "rename" else 1):
        raise UsageError(said("change the categories"), "", said("the wrong number of names"), EXAMPLE)
    if action == "add":
        labels.add_category(app, values[0])
    elif action == "rename":
        labels.rename_category(app, values[0], values[1])
    else:
        labels.remove_category(app, values[0])
