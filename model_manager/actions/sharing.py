"""Copies: found, proved, and plans that leave one payload of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model_manager.actions.context import Context
from model_manager.actions.planning import told_as_gone
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.messages import said
from model_manager.base.text import shown
from model_manager.jobs import Progress
from model_manager.library.duplicates import search
from model_manager.library.duplicates.groups import CopyGroup
from model_manager.library.duplicates.search import Duplicates, as_json
from model_manager.library.duplicates.sharing import By
from model_manager.library.duplicates.sharing import plan_sharing as plan_of_groups
from model_manager.library.model_lookup import meant, where
from model_manager.operations import Plan

__all__ = ["By", "Chosen", "CopyGroup", "Duplicates", "as_json", "chosen_groups", "find", "plan_sharing"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """`keep`: the paths of the copies that shall stay, one of a group at most."""

    groups: tuple[CopyGroup, ...]
    keep: tuple[str, ...] = ()


def find(context: Context, progress: Progress, prove: bool = False) -> Duplicates:
    """What is there more than once. Without `prove` nothing is read but pieces, and what was read before counts."""
    look = search.prove if prove else search.flag_and_recall
    return look(context.database, context.volumes, progress, context.settings.values.reference_folders)


def chosen_groups(context: Context, found: Duplicates, ids: Sequence[str], keep: Sequence[str]) -> Chosen:
    """The groups of these ids, all identical ones without; `keep`: a path, a model's id or its name for each copy that
    shall stay. Raises ModelManagerError."""
    known = {group.id: group for group in found.groups}
    wrong = next((id_ for id_ in ids if id_ not in known), None)
    if wrong is not None:
        raise UsageError(
            said("find the group"),
            wrong,
            said("no proven copies have this id"),
            said("see `model-manager duplicates --prove`"),
        )
    groups = [known[id_] for id_ in ids] or [group for group in found.groups if group.kind == "identical"]
    return Chosen(tuple(groups), tuple(_kept(context, groups, text) for text in keep))


def plan_sharing(
    context: Context, groups: Sequence[CopyGroup], by: By, keep: Sequence[str] = (), only: Sequence[str] = ()
) -> Plan:
    """Plans that the copies of these groups give way, all but one or `only` those at these paths.

    Raises ModelManagerError: two were named to stay, none may go, something went meanwhile (NotThere).
    """
    for group in groups:
        both = [
            copy.path
            for copy in group.copies
            if any(at in keep for name in copy.names for at in (name.real, name.path))
        ]
        if len(both) > 1:
            raise UsageError(
                said("keep the copy"),
                both[1],
                said("one copy of a group stays, and two were named"),
                said("name one of them"),
            )
    reference = tuple(context.settings.values.reference_folders)
    return told_as_gone(
        context,
        lambda: plan_of_groups(
            context.database, context.volumes, context.env(), groups, by, keep, reference, only
        ),
    )  # fmt: skip


def _kept(context: Context, groups: Sequence[CopyGroup], text: str) -> str:
    """The file of the copy that shall stay: by any of its paths, or by a model's id or name."""
    at = where(text)
    copies = [copy for group in groups for copy in group.copies]
    found = {copy.path for copy in copies if any(at.is_at(name.path) or at.is_at(name.real) for name in copy.names)}
    if not found:
        one = meant(context.database, text)
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
