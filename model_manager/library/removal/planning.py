"""Plans that clear models, places and leftovers away, each by its tool's own rule."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import cast

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.base.messages import counted, figure, said
from model_manager.base.sixty_four_bits import folded
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.catalog.roots import RootRow
from model_manager.library.labels.verdicts import AWAY
from model_manager.library.removal.held import not_held
from model_manager.library.removal.links import broken
from model_manager.library.removal.origins import OfLeftover, as_text
from model_manager.library.removal.plan_words import things
from model_manager.library.removal.seen_elsewhere import seen_elsewhere
from model_manager.library.removal.selection import LinkThatStays, Selection
from model_manager.library.removal.shelf import Shelf, read_shelf
from model_manager.library.removal.units import RemovalUnit, origin_of, units
from model_manager.library.removal.unused import BY_CONTENT, must_be_unused, must_be_whole, used_by
from model_manager.operations import Plan
from model_manager.operations.kept_files import kept_as
from model_manager.operations.plan import KeptFile
from model_manager.operations.plan_builder import PlanBuilder, Way
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.discovered import FoundRoot, Leftover, LeftoverKind
from model_manager.stores.host.env import Env
from model_manager.stores.hub.layout import repository_of
from model_manager.stores.parts import Asking, CannotRemove, Going, Part, Placed, Writing
from model_manager.stores.walk.running_downloads import may_be_under_way

_WORDS = {"trash": later("Move to the trash"), "aside": later("Set aside"), "delete": later("Delete for good")}


def plan_removal(
    database: Database, volumes: Volumes, env: Env, wanted: Selection, way: Way = "trash", title: str = "",
    shelf: Shelf | None = None,
) -> Plan:  # fmt: skip
    """One plan for all that is wanted; what cannot go is a warning in words, and an error when nothing can.

    `shelf`: what the catalogue holds, where it was read already. Raises ModelManagerError (NoTrash where a volume has no
    trash and nothing else could be planned).
    """
    shelf = shelf or read_shelf(database)
    draft, problems = drafted(shelf, volumes, env, wanted, way)
    for path, other in seen_elsewhere(draft.paths(), shelf, volumes):
        draft.warnings.append(
            said("{0} is, or may be, the same file as {1}, seen by another way: it goes too", other, path)
        )
    plan = finished(draft, problems, title)
    return plan if title else replace(plan, title=_title(way, shelf, wanted, len(things(plan))))


def drafted(
    shelf: Shelf, volumes: Volumes, env: Env, wanted: Selection, way: Way
) -> tuple[PlanBuilder, list[ModelManagerError]]:
    """The steps of all that is wanted, and why the rest cannot be planned.

    Leftovers go first: that nobody needs them is certain only as long as the models of their store are there to ask.
    """
    draft = PlanBuilder(volumes, [root.path for root in shelf.roots.values() if not root.ignored], way)
    draft.warnings.extend(wanted.warnings)
    problems: list[ModelManagerError] = []
    groups = list(units(shelf, wanted))
    for group in groups:
        of = ", ".join(dict.fromkeys(place.name for place in group.places))
        before = len(problems)
        keys: list[int | str] = [*group.models, *(f"p{id_}" for id_ in group.ids)]
        stays = [one for key in keys for one in wanted.stays.get(key, ())]
        _add_unit(
            draft,
            problems,
            group.root,
            of,
            not_held(_parts_of_places(group, env, shelf, volumes), group.root, env),
            origin_of(group, shelf),
            stays,
            volumes,
        )
        if len(problems) > before:
            continue
        leading = list(broken((link for link, _model in group.links), draft.takes))
        if foreign := {link for link, model in group.links if model not in group.models} & {
            link for link, _to in leading
        }:
            draft.drop_unit()
            link = min(foreign)
            problems.append(CannotRemove(
                said("clear away"), next(to for one, to in leading if one == link), said("{0} of another model uses it", link),
                said("clear that away first"),
            ))  # fmt: skip
            continue
        for link, to in leading:
            draft.warnings.append(said("the link {0} leads to {1}, and would lead nowhere", link, to))
        if any(
            file.role == "weights" and file.path in place.elsewhere for place in group.places for file in place.files
        ):
            draft.warnings.append(said("{0}: its weights stay on the disk: they have another name, which is kept", of))
    for path in wanted.paths:
        root, leftover = _leftover(path, shelf.rests, shelf.roots.values())
        origin = as_text(OfLeftover(root.tool, root.path, leftover))
        parts = not_held(_parts_of_leftover(root, leftover, env, shelf, volumes), root, env)
        if leftover.kind == "partial" and (why := may_be_under_way(path)):
            draft.warnings.append(said("{0}: {1}", path, why))
        kept = wanted.stays.get(path, ())
        _add_unit(draft, problems, root, os.path.basename(path), parts, origin, kept, volumes, first=True)
    pinned = sorted({model for group in groups for model in group.models & shelf.pinned})
    if pinned:
        draft.warnings.append(said("pinned by you: {0}", ", ".join(shelf.titles.get(id_, "") for id_ in pinned)))
    return draft, problems


def finished(draft: PlanBuilder, problems: Sequence[ModelManagerError], title: str) -> Plan:
    """The plan, with what could not be planned as warnings; raises the first problem when there is no step."""
    draft.left.extend(said("{0}: {1}", problem.path, problem.reason) for problem in problems)
    for path, holders in draft.holders().items():
        names = ", ".join(sorted({holder.name for holder in holders}))
        draft.warnings.append(said("in use by {0}: {1}", names, path))
    plan = draft.plan(title)
    if not plan.steps and problems:
        raise problems[0]
    return plan


def _add_unit(
    draft: PlanBuilder, problems: list[ModelManagerError], root: RootRow, of: str, parts: Iterator[Part], origin: str,
    stays: Sequence[LinkThatStays], volumes: Volumes, first: bool = False,
) -> None:  # fmt: skip
    """One unit, or none of it and a problem."""
    draft.begin_unit(of, origin, first)
    met = 0
    try:
        _must_allow(root)
        kept = [_kept(one, volumes) for one in stays]
        for part in parts:
            met += 1
            if isinstance(part, Asking):
                size = sum(_size(path) for path in part.paths)
                draft.ask(part.url, part.method, part.body, part.probe, part.gone, size, size, part.why)
                draft.warnings.append(later("a tool removes it itself, for good: there is no undo"))
            elif isinstance(part, Writing):
                draft.write(part.path, part.text, part.why)
            else:
                draft.take(part.path, part.why, {"fresh": "yes"} if part.fresh else None, kept)
        if not met:
            raise CannotRemove(said("clear away"), of, said("nothing of it may go now"), said("scan again"))
    except ModelManagerError as error:
        draft.drop_unit()
        problems.append(_unplugged(root) or error)
    except OSError as error:
        draft.drop_unit()
        why = CannotRemove(said("clear away"), str(error.filename or of), reason_of(error), said("scan again"))
        problems.append(_unplugged(root) or why)


def _unplugged(root: RootRow) -> CannotRemove | None:
    """That the drive of a folder is not there, which says more than that some file in it is not."""
    try:
        reach.lstat(root.path)
    except FileNotFoundError:
        return CannotRemove(said("clear away"), root.path, AWAY["offline"], said("bring it back, and scan again"))
    except OSError:
        return None
    return None


def _kept(one: LinkThatStays, volumes: Volumes) -> KeptFile:
    """A file that stays, asked on the disk. Raises CannotRemove and OSError."""
    kept = kept_as(reach.realpath_of_file(one.path), volumes)
    if (kept.identity.size, folded(kept.identity.mtime_ns or 0)) != (one.size, one.mtime_ns):
        raise CannotRemove(
            said("keep the copy"), one.path, said("it changed since it was looked at"), said("scan again")
        )
    return replace(kept, same=one.same)


def _must_allow(root: RootRow) -> None:
    if root.state != "online":
        raise CannotRemove(
            said("clear away"), root.path, AWAY.get(root.state, root.state), said("bring it back, and scan again")
        )
    reach.must_answer(root.path)


def _parts_of_places(group: RemovalUnit, env: Env, shelf: Shelf, volumes: Volumes) -> Iterator[Part]:
    must_be_closed(group.root, env)
    must_be_whole(group.root, volumes)
    yield from parts_of_places(group.root, group.places, env, group.along, shelf, volumes)


def parts_of_places(
    root: RootRow, places: Sequence[Placed], env: Env, going: Collection[int], shelf: Shelf, volumes: Volumes
) -> Iterator[Part]:
    """What goes with these places by their tool's rule, without payloads that a place of another store uses too."""
    for part in BY_TOOL[root.tool].removal.places(found_root(root), places, env):
        shared = root.tool in BY_CONTENT or any(repository_of(place.path) for place in places)
        if isinstance(part, Going) and shared and not os.path.islink(part.path):
            if os.path.isdir(part.path):
                _must_be_ours_alone(part.path, going, shelf, volumes)
            elif used_by(part.path, going, shelf, volumes):
                continue
        yield part


def _must_be_ours_alone(folder: str, going: Collection[int], shelf: Shelf, volumes: Volumes) -> None:
    """Raises CannotRemove where a folder that would go whole holds a payload that a place which stays uses."""
    for inside, _folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(inside, name)
            if not os.path.islink(path) and (other := used_by(path, going, shelf, volumes)):
                raise CannotRemove(
                    said("clear away"), path, said("{0} of another model uses it", other), said("clear that away first")
                )


def _parts_of_leftover(root: RootRow, leftover: Leftover, env: Env, shelf: Shelf, volumes: Volumes) -> Iterator[Part]:
    must_be_closed(root, env)
    must_be_unused(root, leftover, shelf, volumes)
    yield from BY_TOOL[root.tool].removal.leftover(found_root(root), leftover, env)


def must_be_closed(root: RootRow, env: Env) -> None:
    """Raises CannotRemove while a tool that keeps its index in memory is running."""
    for tool in (root.tool, *root.also):
        store = BY_TOOL.get(tool)
        if store is not None and store.facts.must_close and (why := store.in_use(env)):
            raise CannotRemove(
                said("change the files of"), store.facts.label, why, said("close {0} first", store.facts.label)
            )


def found_root(root: RootRow) -> FoundRoot:
    return FoundRoot(root.tool, root.path, "user", root.details)


def _leftover(path: str, rests: Iterable[LeftoverRow], known: Iterable[RootRow]) -> tuple[RootRow, Leftover]:
    row = next((rest for rest in rests if rest.path == path), None)
    if row is None:
        raise UsageError(
            said("clear away"), path, said("no model and no leftover has this path"), said("scan again, or see `list`")
        )
    inside = [root for root in known if path.startswith(root.path.rstrip(os.sep) + os.sep)]
    root = max(inside, key=lambda root: (root.tool == row.tool, len(root.path)))
    return root, Leftover(cast(LeftoverKind, row.kind), row.path, row.size, row.bytes, row.of)


def _title(way: Way, shelf: Shelf, wanted: Selection, count: int) -> str:
    """What goes, by its name if it is one model, and how many names and leftovers that are."""
    names = [shelf.titles[id_] for id_ in wanted.models if id_ in shelf.titles]
    names += [place.name for place in shelf.places if place.id in wanted.places]
    if len(names) != 1 or wanted.paths:
        what: str = counted("{0} item", "{0} items", count, figure(count))
    elif count > 1:
        what = counted(
            "{0} and {1} other name ({2} items)",
            "{0} and {1} other names ({2} items)",
            count - 1,
            names[0],
            figure(count - 1),
            figure(count),
        )
    else:
        what = names[0]
    return said("{0}: {1}", _WORDS[way], what)


def _size(path: str) -> int:
    try:
        found = reach.lstat(path)
    except OSError:
        return 0
    return min(found.st_size, 512 * getattr(found, "st_blocks", found.st_size))
