"""`export`: the catalogue, for other programs."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Callable

from model_manager.actions import listing
from model_manager.actions.listing import Json
from model_manager.app import App
from model_manager.base.text import _, later, shown
from model_manager.catalog.record import CSV
from model_manager.cli.output import print_json_list

NAME = "export"
HELP = later("print every model for other programs: JSON, or CSV with one line each")
EXAMPLE = "model-manager export --csv > models.csv"

_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Also as wide letters, which spreadsheets of East Asian systems take for the same."""
_PASSED_OVER = ' \t\r\n\x0b\x0c\xa0\u3000\ufeff\u200b"'
_COMPOSED: dict[str, Callable[[Json], str]] = {
    "health": lambda model: str(model["health"]["verdict"]),
    "tools": lambda model: " ".join(dict.fromkeys(place["tool"] for place in model["places"])),
    "paths": lambda model: "\n".join(shown(place["path"]) for place in model["places"]),
    "tags": lambda model: " ".join(model["tags"]),
}
"""Columns 18 to 21, which are made of several things."""
_BEFORE = 17
_COLUMNS = (*CSV[:_BEFORE], *_COMPOSED, *CSV[_BEFORE:])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--csv", action="store_true", help=_("comma separated values instead of JSON"))


def run(app: App, options: argparse.Namespace) -> int:
    found = listing.json_of(app, listing.all_ids(app))
    if not options.csv:
        print_json_list(found)
        return 0
    writer = csv.writer(sys.stdout)
    writer.writerow(_COLUMNS)
    for model in found:
        model |= {column: made(model) for column, made in _COMPOSED.items()}
        writer.writerow([_plain(model[column]) for column in _COLUMNS])
    return 0


def _plain(value: object) -> object:
    """A text that a spreadsheet would run as a formula gets a quote in front: in any column, after spaces too.

    Control characters become `\\xNN`, but for the line breaks between paths.
    """
    if not isinstance(value, str):
        return value
    text = "\n".join(shown(line) for line in value.split("\n"))
    return "'" + text if value.lstrip(_PASSED_OVER)[:1] in _FORMULA or (value[:1] in "\t\r\n" and value) else text
