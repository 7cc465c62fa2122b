"""`history`: every change of the disk, newest first."""

from __future__ import annotations

import argparse
import sys

from model_manager.actions.history import history
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, later
from model_manager.cli.output import hint, print_json, print_table
from model_manager.library.removal.plan_words import STATES

NAME = "history"
HELP = later("what this program changed on your disk, newest first")
EXAMPLE = "model-manager history"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(app: App, options: argparse.Namespace) -> int:
    past = history(app)
    if options.json:
        print_json({"operations": [operation.as_json() for operation in past.operations]})
        return 0
    found = past.done
    for problem in past.problems:
        print(localised(problem), file=sys.stderr)
    if not found:
        print(_("This program has changed nothing on your disk."))
        hint(_("`model-manager store PATH --make-folders` is a first plan"))
        return 0
    rows = [(one.id, figures.moment(one.at), _(STATES[one.state]), localised(one.plan.title)) for one in found]
    print_table([_("Id"), _("When"), _("State"), _("What")], rows)
    hint(_("`model-manager undo ID` puts one back; without an id, the last"))
    return 0
