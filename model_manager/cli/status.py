"""`status`: the one-screen summary."""

from __future__ import annotations

import argparse

from model_manager.actions import listing
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.text import _, later, ngettext
from model_manager.cli.output import hint, print_json, print_table, tell_nothing_known
from model_manager.library.listing.status import Status, seen_twice
from model_manager.library.scan import watch

NAME = "status"
HELP = later("what is where, how much it weighs, how healthy it is")
EXAMPLE = "model-manager status"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def run(app: App, options: argparse.Namespace) -> int:
    found = listing.status(app)
    if options.json:
        print_json(_json(found))
        return 0
    if not found.models and not found.leftovers and not found.away:
        tell_nothing_known()
        return 0
    size = figures.size(found.bytes)
    print(ngettext("{n} model, {size} on disk", "{n} models, {size} on disk", found.models, size=size))
    if found.rests:
        text = _("{size} more in unfinished downloads and other leftovers")
        print(text.format(size=figures.size(found.rests)))
    for line in seen_twice(found):
        print(line)
    if found.away:
        text = ngettext("{n} model more is not there now: see `model-manager roots`",
                        "{n} models more are not there now: see `model-manager roots`", found.away)  # fmt: skip
        print(text)
    if found.reclaimable:
        text = _("about {size} could come back: further copies, and what nobody needs for certain")
        print(text.format(size=figures.size(found.reclaimable)))
    if found.unproved:
        text = _("{size} of it in copies that only look the same: `model-manager duplicates --prove` reads them")
        print(text.format(size=figures.size(found.unproved)))
    print()
    rows = [(watch.label_of(tool), figures.count(count), figures.size(size)) for tool, count, size in found.tools]
    print_table([_("Tool"), _("Models"), _("On disk")], rows, right=(1, 2))
    print()
    rows = [(slug, figures.count(count), figures.size(size)) for slug, count, size in found.categories]
    print_table([_("Category"), _("Models"), _("On disk")], rows, right=(1, 2))
    sick = {verdict: count for verdict, count in found.health.items() if verdict not in ("good", "unknown")}
    if sick:
        print("\n" + _("Health: ") + ", ".join(f"{count} {verdict}" for verdict, count in sorted(sick.items())))
    if found.leftovers:
        parts = [f"{kind} {figures.size(size)}" for kind, size in sorted(found.leftovers.items())]
        print(_("Leftovers: ") + ", ".join(parts))
    hint("\n" + _("`model-manager list health:truncated` shows one kind, `model-manager show NAME` one model"))
    return 0


def _json(found: Status) -> dict[str, object]:
    return {
        "bytes": found.bytes, "apparent_bytes": found.apparent, "reclaimable": found.reclaimable,
        "tools": [{"tool": tool, "models": count, "bytes": size} for tool, count, size in found.tools],
        "categories": [{"category": slug, "models": count, "bytes": size} for slug, count, size in found.categories],
        "health": found.health, "leftovers": found.leftovers,
    }  # fmt: skip
