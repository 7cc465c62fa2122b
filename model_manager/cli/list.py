"""`list`: models by the query language, and leftovers."""

from __future__ import annotations

import argparse

from model_manager.actions import listing
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.text import _, later, shown
from model_manager.cli.output import hint, print_json_lists, print_table, tell_nothing_known
from model_manager.library.labels.verdicts import STATES, VERDICTS
from model_manager.library.scan import watch

NAME = "list"
HELP = later("list models, largest first; QUERY narrows (words, category:, tool:, quant:, health:, >10gb …)")
EXAMPLE = "model-manager list 'tool:ollama quant:q4 >4gb'"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("query", nargs="*", metavar="QUERY", help=_("terms; all must hold; a - in front negates"))


def run(app: App, options: argparse.Namespace) -> int:
    text = " ".join(options.query)
    rows = listing.search(app, text)
    if options.json:
        ids = [row.id for row in rows]
        rows.clear()  # printing goes on for long, and these are most of what is in memory
        # Before anything is printed: it asks the adapters, which can fail.
        rests = [] if text.strip() else listing.leftovers(app)
        print_json_lists({"models": listing.json_of(app, ids), "leftovers": rests})
        return 0
    if not rows and not text.strip():
        tell_nothing_known()
        return 0
    if not rows:
        print(_("No model matches."))
        hint(_("`model-manager scan` looks for models"))
        return 0
    lines = [
        (f"m{row.id}", shown(row.name), row.category, row.quant or row.quant_label or "", figures.size(row.size),
         ", ".join(watch.label_of(tool) for tool in row.tools.split(",")),
          _(STATES[row.away]) if row.away else "" if row.verdict == "good" else _(VERDICTS[row.verdict]))
        for row in rows
    ]  # fmt: skip
    headings = [_("Id"), _("Name"), _("Category"), _("Quant"), _("Size"), _("Where"), _("Health")]
    print_table(headings, lines, right=(4,))
    hint(_("`model-manager show ID` tells all about one"))
    return 0
