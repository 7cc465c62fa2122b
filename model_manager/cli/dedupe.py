"""`dedupe`: one payload for copies, every tool still working."""

from __future__ import annotations

import argparse

from model_manager.app import App
from model_manager.base.errors import UsageError
from model_manager.base.text import _, given_path, later
from model_manager.cli.plans import add_plan_arguments, run_plan
from model_manager.library import duplicates
from model_manager.library.dedupe import plan_sharing

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
    reference = app.settings.values.reference_folders
    found = duplicates.prove(app.database, app.volumes, reference=reference)
    known = {group.id: group for group in found.groups}
    wrong = next((id_ for id_ in options.groups if id_ not in known), None)
    if wrong is not None:
        raise UsageError(
            "find the group", wrong, "no proven copies have this id", "see `model-manager duplicates --prove`"
        )
    groups = [known[id_] for id_ in options.groups] or [group for group in found.groups if group.kind == "identical"]
    keep = [given_path(path) for path in options.keep]
    plan = plan_sharing(app.database, app.volumes, app.env(), groups, options.by, keep, reference)
    return run_plan(app, plan, options)
