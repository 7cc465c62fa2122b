"""`set`: the user's own words on a model."""

from __future__ import annotations

import argparse

from model_manager.actions import labels, listing
from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.base.text import _, later, shown
from model_manager.cli.output import print_json

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
    id_ = listing.id_of(app, options.model)
    values = {name: value for name, _equals, value in pairs}
    pinned = _YES_NO[values["pinned"].lower()] if "pinned" in values else None
    labels.change(app, [id_], labels.LabelChange(values.get("category"), values.get("note"), pinned))
    (model,) = listing.json_of(app, [id_])
    if options.json:
        print_json({"model": model})
    else:
        print(_("{name}: noted").format(name=shown(model["name"])))
    return 0
