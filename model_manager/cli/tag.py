"""`tag`: the user's own tags."""

from __future__ import annotations

import argparse

from model_manager.actions import labels, listing
from model_manager.app import App
from model_manager.base.text import _, later, shown
from model_manager.cli.output import print_json

NAME = "tag"
HELP = later("add or remove tags of your own")
EXAMPLE = "model-manager tag m12 --add roleplay --remove test"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=_("an id, a name or a path"))
    parser.add_argument("--add", action="append", default=[], metavar="T", help=_("a tag to add; may be repeated"))
    parser.add_argument(
        "--remove", action="append", default=[], metavar="T", help=_("a tag to remove; may be repeated")
    )


def run(app: App, options: argparse.Namespace) -> int:
    id_ = listing.id_of(app, options.model)
    labels.change(app, [id_], labels.LabelChange(add=options.add, remove=options.remove))
    (model,) = listing.json_of(app, [id_])
    if options.json:
        print_json({"model": model})
    else:
        print(f"{shown(model['name'])}: " + (", ".join(map(shown, model["user_tags"])) or _("no tags of your own")))
    return 0
