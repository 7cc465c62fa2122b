"""`dedupe`: one payload for copies, every tool still working."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from model_manager.app import App
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.messages import said
from model_manager.base.text import _, later, shown
from model_manager.cli.plans import add_plan_arguments, run_plan
from model_manager.cli.progress import reading_told
from model_manager.library.duplicates import search as duplicates
from model_manager.library.duplicates.groups import Group
from model_manager.library.duplicates.sharing import plan_sharing
from model_manager.library.meant import meant, where

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
    with reading_told() as progress:
        found = duplicates.prove(app.database, app.volumes, progress, reference)
    known = {group.id: group for group in found.groups}
    wrong = next((id_ for id_ in options.groups if id_ not in known), None)
    if wrong is not None:
        raise UsageError(
            said("find the group"),
            wrong,
            said("no proven copies have this id"),
            said("see `model-manager duplicates --prove`"),
        )
    groups = [known[id_] for id_ in options.groups] or [group for group in found.groups if group.kind == "identical"]
    keep = [_kept(app, groups, text) for text in options.keep]
    for group in groups:
        if len(both := [copy.path for copy in group.copies if copy.path in keep]) > 1:
            raise UsageError(
                said("keep the copy"),
                both[1],
                said("one copy of a group stays, and two were named"),
                said("name one of them"),
            )
    plan = plan_sharing(app.database, app.volumes, app.env(), groups, options.by, keep, reference)
    return run_plan(app, plan, options)


def _kept(app: App, groups: Sequence[Group], text: str) -> str:
    """The file of the copy that shall stay: by any of its paths, or by a model's id or name."""
    at = where(text)
    copies = [copy for group in groups for copy in group.copies]
    found = {copy.path for copy in copies if any(at.is_at(name.path) or at.is_at(name.real) for name in copy.names)}
    if not found:
        one = meant(app.database, text)
        found = {
            copy.path for copy in copies for name in copy.names
            if name.model == one.model and (not one.places or name.place in one.places)
        }  # fmt: skip
    if not found:
        raise ModelManagerError(
            said("keep the copy"),
            shown(text),
            said("it is no copy of these groups"),
            said("`model-manager duplicates --prove` lists them"),
        )
    if len(found) > 1:
        raise ModelManagerError(
            said("choose the copy"), shown(text), said("{0} copies have this name", len(found)),
            said("name one by its path: {0}", '; '.join(shown(path) for path in sorted(found))),
        )  # fmt: skip
    return found.pop()
