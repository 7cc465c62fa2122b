"""`empty`: what this program put into the trash, for good."""

from __future__ import annotations

import argparse
import re

from model_manager.actions import history
from model_manager.actions.history import Trashed
from model_manager.app import App
from model_manager.base import figures, units
from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.base.text import _, later, ngettext, shown, written
from model_manager.cli.output import hint, print_json, print_table
from model_manager.cli.plans import add_plan_arguments, run_plan

NAME = "empty"
HELP = later("delete for good what this program put in the trash; --list shows it")
EXAMPLE = "model-manager empty --older-than 30d --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help=_("only these, ids from `history`"))
    parser.add_argument("--older-than", metavar="30d", help=_("only what has lain there for so many days"))
    parser.add_argument("--list", action="store_true", help=_("show what is there, change nothing"))
    add_plan_arguments(parser)


def run(app: App, options: argparse.Namespace) -> int:
    items = history.in_trash(app, options.operations, _days(options.older_than))
    if options.list:
        return _show(history.with_room(app, items), options.json)
    if not any(item.where == "trash" for item in items):
        if options.json:
            print_json({"plan": None})
        else:
            print(_("Nothing of this program's is in the trash, or not for so long: nothing is to be done."))
        return 0
    return run_plan(app, history.plan_emptying(app, items), options)


def _show(items: list[Trashed], as_json: bool) -> int:
    if as_json:
        print_json({"trashed": [
            {"operation": item.operation, "unit": item.unit, "path": written(item.path), "kept": written(item.kept),
             "bytes": item.bytes, "frees": item.frees, "at": units.iso(item.at), "where": item.where}
            for item in items
        ]})  # fmt: skip
        return 0
    there = [item for item in items if item.where == "trash"]
    if not there:
        print(_("Nothing of this program's is in the trash."))
        return 0
    print_table(
        [_("Size"), _("Since"), _("Operation"), _("Was")],
        [(figures.size(item.bytes), units.iso(item.at), item.operation, shown(item.path)) for item in there],
        right=(0,),
        path=3,
    )
    total = figures.size(sum(item.frees for item in there))
    print(
        ngettext(
            "{n} thing in the trash; emptying frees {size}", "{n} things in the trash; emptying frees {size}",
            len(there), size=total,
        )
    )  # fmt: skip
    hint(_("`model-manager undo OPERATION` puts them back, `model-manager empty` deletes them for good"))
    return 0


def _days(text: str | None) -> int:
    if text is None:
        return 0
    match = re.fullmatch(r"(\d{1,6})d?", text)
    if not match:
        raise UsageError(said("understand the age"), text, said("write days, as in 30d"))
    return int(match[1])
