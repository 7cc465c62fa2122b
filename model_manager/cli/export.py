"""`export`: the catalogue, for other programs."""

from __future__ import annotations

import argparse
import csv
import sys

from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.catalog.rows import read_rows
from model_manager.cli.output import print_json
from model_manager.library.present import models_json

NAME = "export"
HELP = later("print every model for other programs: JSON, or CSV with one line each")
EXAMPLE = "model-manager export --csv > models.csv"

_COLUMNS = ("id", "name", "category", "category_evidence", "format", "architecture", "base_model", "parameters",
            "quant", "bits_per_weight", "context_length", "size", "bytes", "licence", "added", "pinned",
            "note")  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--csv", action="store_true", help=_("comma separated values instead of JSON"))


def run(app: App, options: argparse.Namespace) -> int:
    with app.database.read() as tx:
        ids = [row.id for row in read_rows(tx)]
    found = models_json(app.database, ids)
    if not options.csv:
        print_json(list(found))
        return 0
    writer = csv.writer(sys.stdout)
    writer.writerow([*_COLUMNS, "health", "tools", "paths", "tags"])
    for model in found:
        tools = " ".join(dict.fromkeys(place["tool"] for place in model["places"]))
        paths = "\n".join(place["path"] for place in model["places"])
        values = [_plain(model[column]) for column in _COLUMNS]
        writer.writerow([*values, model["health"]["verdict"], tools, paths, " ".join(model["tags"])])
    return 0


def _plain(value: object) -> object:
    """A text that begins like a formula would be run by a spreadsheet: it gets a quote in front."""
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@"):
        return "'" + value
    return value
