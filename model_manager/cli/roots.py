"""`roots`: the folders watched."""

from __future__ import annotations

import argparse

from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.base.text import _, given_path, later
from model_manager.cli.output import hint, print_json, print_table
from model_manager.jobs import Progress
from model_manager.library.listing.present import roots_json
from model_manager.library.scan import watch

NAME = "roots"
HELP = later("the folders watched; add, remove, ignore or move one (nothing on disk changes)")
EXAMPLE = "model-manager roots add ~/AI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", nargs="?", choices=("add", "remove", "ignore", "move"))
    parser.add_argument("values", nargs="*", metavar="PATH|ID", help=_("add PATH; remove ID; ignore ID; move ID PATH"))
    parser.add_argument("--whole", action="store_true", help=_("add it although your whole home lies in it"))


def run(app: App, options: argparse.Namespace) -> int:
    if options.action:
        _change(app, options.action, options.values, options.whole)
    found = roots_json(app.database)
    if options.json:
        print_json({"roots": found})
        return 0
    if not found:
        print(_("No folder is watched yet."))
        hint(_("`model-manager scan` finds your tools' folders; `model-manager roots add FOLDER` adds one"))
        return 0
    rows = [
        (root["id"], watch.label_of(root["tool"]), figures.count(root['models']), figures.size(root["bytes"]),
         root["state"] + ("" if root["writable"] or root["state"] != "online" else _(", read-only")), root["path"])
        for root in found
    ]  # fmt: skip
    print_table([_("Id"), _("Tool"), _("Models"), _("On disk"), _("State"), _("Path")], rows, right=(2, 3), path=5)
    hint(_("`model-manager roots ignore ID` hides one, `model-manager roots move ID PATH` says where it is now"))
    return 0


def _change(app: App, action: str, values: list[str], whole: bool) -> None:
    needed = 2 if action == "move" else 1
    if len(values) != needed:
        raise UsageError(said("change the roots"), "", said("the wrong number of values"), EXAMPLE)
    if action == "add":
        if not whole:
            watch.must_be_meant(given_path(values[0]))
        root = watch.add_root(app.database, given_path(values[0]))
        app.scanner().run(Progress(), only=[root.id])
    elif action == "remove":
        watch.remove_root(app.database, values[0])
    elif action == "ignore":
        watch.ignore_root(app.database, values[0])
    else:
        root = watch.move_root(app.database, values[0], given_path(values[1]))
        app.scanner().run(Progress(), only=[root.id])
