"""`clean`: what could go, and why; with --take a plan."""

from __future__ import annotations

import argparse
import time

from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import UsageError
from model_manager.base.localised import localised
from model_manager.base.messages import said
from model_manager.base.text import _, later, ngettext, shown
from model_manager.cli.output import coloured, hint, print_json, tell_nothing_known
from model_manager.cli.plans import add_plan_arguments, run_plan
from model_manager.library.clean.candidate import RULES, Candidate, Library, as_json, library_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.offers import offered, reclaimable, wanted_of
from model_manager.library.clean.rules import UNUSED_DAYS, candidates, waiting
from model_manager.library.listing.known import nothing_known
from model_manager.library.removal.planning import plan_removal
from model_manager.stores.walk.under_way import may_be_under_way

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
    wrong = next((rule for rule in options.rules if rule not in RULES), None)
    if wrong is not None:
        raise UsageError(said("clean"), wrong, said("there is no such rule"), ", ".join(RULES))
    library = library_of(app.database, this_machine())
    found = offered(
        app.database, app.volumes, app.env(), library,
        candidates(library, options.rules or RULES, unused_days=options.unused_days),
    )  # fmt: skip
    if options.take or options.all_certain:
        return _take(app, library, found, options)
    total = reclaimable(library, found)
    if options.json:
        print_json({"candidates": [as_json(one) for one in found], "reclaimable": total})
        return 0
    _print(found)
    if "partial" in (options.rules or RULES):
        _print_waiting(library)
    if not found:
        if nothing_known(app.database):
            tell_nothing_known()
        else:
            print(_("There is nothing to clean up."))
        return 0
    words = ngettext("{n} suggestion, {size} could come back", "{n} suggestions, {size} could come back", len(found),
                     size=figures.size(total))  # fmt: skip
    print(words)
    hint(_("nothing goes by itself: `model-manager clean --take ID` or `--all-certain` plans it"))
    return 0


def _take(app: App, library: Library, found: list[Candidate], options: argparse.Namespace) -> int:
    known = {one.id: one for one in found}
    wrong = next((id_ for id_ in options.take if id_ not in known), None)
    if wrong is not None:
        raise UsageError(
            said("clean"), wrong, said("there is no suggestion of this id"), said("see `model-manager clean`")
        )
    chosen = [one for one in found if one.id in options.take or (options.all_certain and one.confidence == "certain")]
    if not chosen:
        raise UsageError(
            said("clean"), "", said("there is nothing of which it is certain"), said("choose with --take ID")
        )
    return run_plan(app, plan_removal(app.database, app.volumes, app.env(), wanted_of(library, chosen)), options)


def _print_waiting(library: Library) -> None:
    """Why unfinished downloads that `status` counts are not offered yet."""
    now = time.time()
    waits = waiting(library.rests, now)
    for rest, since in waits:
        print(_("not offered before {when}: {path} ({size}), {why}").format(
            when=figures.moment(since), path=shown(rest.path), size=figures.size(rest.bytes),
            why=localised(may_be_under_way(rest.path))))  # fmt: skip
    if waits:
        hint(_("what you know to have stopped goes now: `model-manager trash PATH`"))


def _print(found: list[Candidate]) -> None:
    rule = ""
    for one in found:
        if one.rule != rule:
            rule = one.rule
            print(coloured(rule, "bold"))
        print(f"  {one.id}  {figures.size(one.frees):>9}  {_(one.confidence):<8} {shown(one.name)}")
        print(f"      {localised(one.reason)}")
