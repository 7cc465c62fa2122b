"""`doctor`: the program's own health."""

from __future__ import annotations

import argparse

from model_manager.actions import doctor
from model_manager.app import App
from model_manager.base.localised import localised
from model_manager.base.text import _, later
from model_manager.cli.output import coloured, hint, print_json

NAME = "doctor"
HELP = later("the program's own health: versions, Tk, database, permissions, free space")
EXAMPLE = "model-manager doctor"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(app: App, options: argparse.Namespace) -> int:
    found = doctor.check(app)
    doctor.told(app)
    if options.json:
        print_json({"checks": [{"name": one.name, "ok": one.ok, "detail": one.detail} for one in found]})
    else:
        width = max(len(one.name) for one in found)
        for one in found:
            mark = coloured(_("ok").ljust(7), "green") if one.ok else coloured(_("problem"), "red")
            print(f"{mark}  {localised(one.name).ljust(width)}  {localised(one.detail)}")
        if all(one.ok for one in found):
            hint(_("everything is as it should be"))
    return 0 if all(one.ok for one in found) else 1
