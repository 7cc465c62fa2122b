"""`check`: health from headers, shard sets and pickles."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from model_manager.actions import health, listing, scanning
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, later
from model_manager.cli.output import coloured, hint, print_json, print_table, tell_nothing_known
from model_manager.cli.progress import reading_told, scanning_told
from model_manager.library.labels.sources import again
from model_manager.library.labels.verdicts import VERDICTS

NAME = "check"
HELP = later("health of models by their headers; --deep reads every byte")
EXAMPLE = "model-manager check"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", nargs="*", metavar="MODEL", help=_("an id, a name or a path; all when none is given"))

    parser.add_argument("--deep", action="store_true", help=_("read every byte: known hashes, values, checksums"))
    parser.add_argument("--again", action="store_true", help=_("with --deep: also what was read before and stayed"))


def run(app: App, options: argparse.Namespace) -> int:
    with scanning_told(app) as progress:
        scanning.scan(app, progress)  # what changed since is read; what did not is not
    ids = [listing.id_of(app, text) for text in options.models] or listing.all_ids(app)
    if options.deep:
        with reading_told() as progress:
            health.check_every_byte(app, ids, progress, options.again)
    found = [{key: model[key] for key in ("id", "name", "health", "code")} for model in listing.json_of(app, ids)]
    if options.json:
        print_json({"models": [{key: one[key] for key in ("id", "health", "code")} for one in found]})
        return 0
    if not found:
        tell_nothing_known()
        return 0
    sick = [one for one in found if one["health"]["verdict"] not in ("good", "unknown") or one["code"]]
    sources = health.sources(app)
    rows = []
    for one in sick:
        verdict = one["health"]["verdict"]
        rows.append((one["id"], one["name"], _(VERDICTS[verdict]), _why(one, sources)))
    if rows:
        print_table([_("Id"), _("Name"), _("Health"), _("Why")], rows)
    text = _("{n} checked by their headers, {sick} with something to look at")
    if options.deep:
        text = _("{n} read to their last byte, {sick} with something to look at")
    print(coloured(text.format(n=figures.count(len(found)), sick=len(sick)), "bold"))
    hint(_("`model-manager show ID` names the files"))
    return 0


def _why(one: dict[str, Any], sources: Mapping[int, Sequence[str]]) -> str:
    why = localised(one["health"]["detail"]) or (_("names code: ") + ", ".join(one["code"]) if one["code"] else "")
    where = again(sources.get(int(one["id"][1:])))
    return f"{why}; {localised(where)}" if where else str(why)
