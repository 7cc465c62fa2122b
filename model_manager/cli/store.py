"""`store`: the base path, laid out by category."""

from __future__ import annotations

import argparse
import os

from model_manager.actions import roots
from model_manager.app import App
from model_manager.base.text import _, given_path, later, shown, written
from model_manager.cli.output import hint, print_json
from model_manager.cli.plans import add_plan_arguments, run_plan
from model_manager.cli.roots import look_at

NAME = "store"
HELP = later("the base folder for your own models; PATH sets it, --make-folders plans its category folders")
EXAMPLE = "model-manager store ~/AI/models --make-folders"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", nargs="?", metavar="PATH", help=_("the folder to use from now on"))
    parser.add_argument("--make-folders", action="store_true", help=_("make a folder for each category"))
    add_plan_arguments(parser)


def run(app: App, options: argparse.Namespace) -> int:
    path = given_path(options.path) if options.path else ""
    if path and (os.path.isdir(path) or not options.make_folders):
        look_at(app, roots.set_base_path(app, path))
        path = ""
    base = path or app.settings.values.base_path
    if options.make_folders:
        status = run_plan(app, roots.plan_category_folders(app, base), options)
        if path and os.path.isdir(path):  # it was made just now
            look_at(app, roots.set_base_path(app, path))
        return status
    if options.json:
        print_json({"store": written(base) or None})
    else:
        print(shown(base) if base else _("No base folder is set."))
        hint(_("`model-manager store PATH` sets it, `--make-folders` makes its category folders"))
    return 0
