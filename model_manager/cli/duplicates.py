"""`duplicates`: the same bytes more than once."""

from __future__ import annotations

import argparse
import sys

from model_manager.actions import listing, sharing
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, later, ngettext, shown
from model_manager.cli.output import coloured, hint, print_json, tell_nothing_known
from model_manager.cli.progress import reading_told
from model_manager.library.scan import watch

NAME = "duplicates"
HELP = later("the same bytes more than once; --prove reads every one of them")
EXAMPLE = "model-manager duplicates --prove"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--prove", action="store_true", help=_("read what looks the same to its end, each file once"))


def run(app: App, options: argparse.Namespace) -> int:
    with reading_told() as progress:
        found = sharing.find(app, progress, options.prove)
    if options.json:
        print_json(sharing.as_json(found))
        return 0
    for group in found.groups:
        print(
            coloured(f"{group.id}  {shown(group.copies[0].names[0].model_name)}", "bold")
            + f"  {figures.size(group.size)} × {len(group.copies)}, "
            + (_("proved") if group.proved else _("looks the same"))
            + ("" if group.kind == "identical" else ", " + _("the same weights in another wrapping"))
        )
        frees = group.frees()
        for number, copy in enumerate(group.copies):
            mark = _("keep") if number == group.keeper else figures.size(frees[number])
            for name in copy.names:
                print(f"  {mark:>10}  {watch.label_of(name.tool):<18}  {shown(name.path)}")
    for problem in found.problems:
        print(f"{shown(problem.path)}: {localised(problem.why)}", file=sys.stderr)
    if not found.groups:
        if listing.nothing_known(app):
            tell_nothing_known()
        else:
            print(_("Nothing is there twice."))
        return 0
    words = ngettext(
        "{n} group, {size} could come back", "{n} groups, {size} could come back", len(found.groups),
        size=figures.size(found.reclaimable),
    )  # fmt: skip
    print(words)
    if any(not group.proved for group in found.groups):
        hint(_("--prove reads them to be sure"))
    else:
        hint(_("`model-manager dedupe` makes one payload of them"))
    return 0
