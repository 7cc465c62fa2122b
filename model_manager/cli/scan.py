"""`scan`: finds roots, reads what changed, forgets what is gone."""

from __future__ import annotations

import argparse
import sys

from model_manager.actions import listing, roots, scanning
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, given_path, later, ngettext, shown, written
from model_manager.cli.output import hint, print_json
from model_manager.cli.progress import scanning_told
from model_manager.library.listing.status import seen_twice

NAME = "scan"
HELP = later("find every model on this computer; PATH adds a folder of your own")
EXAMPLE = "model-manager scan ~/AI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help=_("a folder of your own to watch from now on"))
    parser.add_argument("--whole", action="store_true", help=_("add it although your whole home lies in it"))


def run(app: App, options: argparse.Namespace) -> int:
    roots.add_all(app, [given_path(path) for path in options.paths], options.whole)
    with scanning_told(app, phases=True) as progress:
        report = scanning.scan(app, progress)
    total = listing.status(app)
    if options.json:
        print_json(
            {
                "roots": listing.roots_json(app), "models": report.models, "files": report.files,
                "size": total.apparent, "bytes": total.bytes, "seconds": round(report.seconds, 3),
                "read_bytes": report.read_bytes,
                "problems": [{"path": written(p.path), "kind": p.kind, "why": p.why} for p in report.problems],
            }
        )  # fmt: skip
        return 0
    for problem in report.problems[:20]:
        why = localised(problem.why)
        print(f"{shown(problem.path)}: {why}" if problem.path else why, file=sys.stderr)
    if len(report.problems) > 20:
        print(_("… and {n} more problems").format(n=len(report.problems) - 20), file=sys.stderr)
    print(
        _("{models} {places}, {size} on disk, in {seconds} s").format(
            models=ngettext("{n} model", "{n} models", report.models),
            places=ngettext("in {n} place", "in {n} places", sum(1 for root in report.roots if not root.ignored)),
            size=figures.size(total.bytes), seconds=figures.seconds(report.seconds),
        )
    )  # fmt: skip
    for line in seen_twice(total):
        print(line)
    hint(_("`model-manager status` sums up, `model-manager list` shows them"))
    return 0
