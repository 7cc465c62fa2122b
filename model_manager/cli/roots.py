"""`roots`: the folders watched."""

from __future__ import annotations

import argparse

from model_manager.actions import listing, roots
from model_manager.actions.scanning import ScansElsewhere
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.base.text import _, given_path, later
from model_manager.cli.output import hint, print_json, print_table
from model_manager.cli.progress import scanning_told, tell_unseen
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
    found = listing.roots_json(app)
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
        changed = roots.add(app, given_path(values[0]), whole)
    elif action == "remove":
        changed = roots.remove(app, values[0])
    elif action == "ignore":
        changed = roots.ignore(app, values[0])
    else:
        changed = roots.move(app, values[0], given_path(values[1]))
    look_at(app, changed)


def look_at(app: App, changed: roots.RootsChange) -> None:
    """Scans what has to be looked at because of a change, and says so where another process is scanning."""
    try:
        with scanning_told(app) as progress:
            roots.look_at_changed(app, changed, progress)
    except ScansElsewhere as busy:
        tell_unseen(busy)
