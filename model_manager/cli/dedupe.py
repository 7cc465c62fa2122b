"""`dedupe`: one payload for copies, every tool still working."""

from __future__ import annotations

import argparse

from model_manager.actions import sharing
from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.cli.plans import add_plan_arguments, made, run_plan
from model_manager.cli.progress import reading_told

NAME = "dedupe"
HELP = later("make one payload of proven copies: links, shared blocks, or the trash for all but one")
EXAMPLE = "model-manager dedupe --by hardlink --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "groups", nargs="*", metavar="GROUP", help=_("ids from `duplicates`; all identical ones without")
    )
    parser.add_argument("--by", choices=("hardlink", "reflink", "symlink", "trash"), default="hardlink",
                        help=_("how the others give way (default: hardlink)"))  # fmt: skip
    parser.add_argument(
        "--keep", action="append", default=[], metavar="PATH", help=_("the copy that stays in its group")
    )
    add_plan_arguments(parser)


def run(app: App, options: argparse.Namespace) -> int:
    with reading_told() as progress:
        found = sharing.find(app, progress, prove=True)
    chosen = sharing.chosen_groups(app, found, options.groups, options.keep)
    plan = made(app, lambda: sharing.plan_sharing(app, chosen.groups, options.by, chosen.keep))
    return run_plan(app, plan, options)
