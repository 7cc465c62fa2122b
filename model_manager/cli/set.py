"""`set`: the user's own words on a model."""

from __future__ import annotations

import argparse

from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.base.text import _, later, shown
from model_manager.cli.output import print_json
from model_manager.library import meant
from model_manager.library.labels import words
from model_manager.library.listing.present import models_json

NAME = "set"
HELP = later("set category, note or pinned; a scan never overwrites them (category= gives it back)")
EXAMPLE = "model-manager set m12 category=llm note='my favourite' pinned=yes"

_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=_("an id, a name or a path"))
    parser.add_argument("values", nargs="+", metavar="FIELD=VALUE", help=_("category=, note= or pinned="))


def run(app: App, options: argparse.Namespace) -> int:
    pairs = [value.partition("=") for value in options.values]
    for name, equals, value in pairs:
        if not equals or name not in ("category", "note", "pinned"):
            raise UsageError(
                said("set"), f"{name}{equals}{value}", said("write category=…, note=… or pinned=yes"), EXAMPLE
            )
        if name == "pinned" and value.lower() not in _YES_NO:
            raise UsageError(said("set"), f"pinned={value}", said("write pinned=yes or pinned=no"), EXAMPLE)
    id_ = meant.model_meant(app.database, options.model)
    for name, _equals, value in pairs:
        if name == "category":
            words.set_category(app.database, id_, value or None)
        elif name == "note":
            words.set_note(app.database, id_, value)
        else:
            words.set_pinned(app.database, id_, _YES_NO[value.lower()])
    (model,) = models_json(app.database, [id_])
    if options.json:
        print_json({"model": model})
    else:
        print(_("{name}: noted").format(name=shown(model["name"])))
    return 0
