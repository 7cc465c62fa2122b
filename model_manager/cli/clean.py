"""`clean`: what could go, and why; with --take a plan."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from model_manager.actions import cleaning, listing
from model_manager.actions.cleaning import RULES, UNUSED_DAYS, Candidate, Suggestions
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, later, ngettext, shown
from model_manager.cli.output import coloured, hint, print_json, tell_nothing_known
from model_manager.cli.plans import add_plan_arguments, run_removal
from model_manager.stores.walk.running_downloads import may_be_under_way

NAME = "clean"
HELP = later("what could go and why; --take plans it")
EXAMPLE = "model-manager clean old-quant partial"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "rules",
        nargs="*",
        metavar="RULE",
        help=_("only these rules; all without: {rules}").format(rules=", ".join(RULES)),
    )
    parser.add_argument("--take", nargs="+", default=[], metavar="ID", help=_("plan that these go"))
    parser.add_argument("--all-certain", action="store_true", help=_("plan that all of which it is certain go"))
    parser.add_argument(
        "--unused-days", type=int, default=UNUSED_DAYS, metavar="N",
        help=_("what `unused` means (default: {n})").format(n=UNUSED_DAYS),
    )  # fmt: skip
    add_plan_arguments(parser)


def run(app: App, options: argparse.Namespace) -> int:
    offer = cleaning.suggest(app, options.rules, options.unused_days)
    if options.take or options.all_certain:
        chosen = cleaning.taken(offer, options.take, options.all_certain)
        return run_removal(app, lambda: cleaning.plan_cleaning(app, offer, chosen), options)
    found = offer.candidates
    total = offer.frees(found)
    if options.json:
        print_json({"candidates": [cleaning.as_json(one) for one in found], "reclaimable": total})
        return 0
    _print(found)
    _print_waiting(offer)
    if not found:
        if listing.nothing_known(app):
            tell_nothing_known()
        else:
            print(_("There is nothing to clean up."))
        return 0
    words = ngettext("{n} suggestion, {size} could come back", "{n} suggestions, {size} could come back", len(found),
                     size=figures.size(total))  # fmt: skip
    print(words)
    hint(_("nothing goes by itself: `model-manager clean --take ID` or `--all-certain` plans it"))
    return 0


def _print_waiting(offer: Suggestions) -> None:
    """Why unfinished downloads that `status` counts are not offered yet."""
    for rest, since in offer.waiting:
        print(_("not offered before {when}: {path} ({size}), {why}").format(
            when=figures.moment(since), path=shown(rest.path), size=figures.size(rest.bytes),
            why=localised(may_be_under_way(rest.path))))  # fmt: skip
    if offer.waiting:
        hint(_("what you know to have stopped goes now: `model-manager trash PATH`"))


def _print(found: Sequence[Candidate]) -> None:
    rule = ""
    for one in found:
        if one.rule != rule:
            rule = one.rule
            print(coloured(rule, "bold"))
        print(f"  {one.id}  {figures.size(one.frees):>9}  {_(one.confidence):<8} {shown(one.name)}")
        print(f"      {localised(one.reason)}")
