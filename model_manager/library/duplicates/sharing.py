"""Plans that leave one payload of proven copies, with every tool still working."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Literal

from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.base.messages import counted, figure, said
from model_manager.base.own_name import apart
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, roots
from model_manager.library.duplicates.copies import Copy, FileName
from model_manager.library.duplicates.far_links import said_of
from model_manager.library.duplicates.groups import CopyGroup
from model_manager.library.duplicates.keeper import contents, is_reference, most_complete
from model_manager.library.duplicates.proof import proof_of
from model_manager.library.removal.origins import OfCopies, as_text
from model_manager.library.removal.planning import finished, must_be_closed, plan_removal
from model_manager.library.removal.selection import LinkThatStays, Selection
from model_manager.operations import Plan
from model_manager.operations.plan_builder import PlanBuilder, is_read_only
from model_manager.stores.host.env import Env
from model_manager.stores.tool_facts import TOOLS

By = Literal["hardlink", "reflink", "symlink", "trash"]
KINDS = {"hardlink": "hard", "reflink": "reflink", "symlink": "symbolic"}


def plan_sharing(
    database: Database, volumes: Volumes, env: Env, groups: Sequence[CopyGroup], by: By = "hardlink",
    keep: Collection[str] = (), reference: Sequence[str] = (), only: Collection[str] = (),
) -> Plan:  # fmt: skip
    """Every copy but the keeper of each group becomes a link to it, or shares its blocks.

    `keep`: paths that shall be the keepers of their groups. `only`: the paths of copies to replace; empty:
    all. Raises ModelManagerError in words: groups that are not proved, a keeper that was ticked.
    """
    keep, only = frozenset(keep), frozenset(only)  # asked for every copy
    if by == "trash":
        return plan_trashing(database, volumes, env, groups, keep, only, reference)
    with database.read() as tx:
        known = [root for root in roots.every(tx) if not root.ignored]
    draft = PlanBuilder(volumes, [root.path for root in known])
    problems: list[ModelManagerError] = []
    for group in groups:
        keeper = chosen_keeper(group, keep, only)
        if group.kind != "identical":
            problems.append(ModelManagerError(
                said("share"), group.copies[keeper].path, said("the weights are the same, the bytes around them are not"),
                said("keep one and clear the others away: --by trash"),
            ))  # fmt: skip
            continue
        frees = [part.frees(keeper) for part in group.files]
        for number, copy in enumerate(group.copies):
            if number == keeper or (only and not any(name.real in only for name in copy.names)):
                continue
            try:
                for root in known:
                    if any(name.real.startswith(root.path.rstrip(os.sep) + os.sep) for name in copy.names):
                        must_be_closed(root, env)
                for part, freed in zip(group.files, frees, strict=True):
                    mine, stays = part.copies[number], part.copies[keeper]
                    if mine.identity != stays.identity:
                        _add(draft, database, volumes, mine, stays, by, reference, freed[number])
            except ModelManagerError as error:
                problems.append(error)
    count = len(groups)
    return finished(
        draft,
        problems,
        counted(
            "Share the bytes of {0} group of copies", "Share the bytes of {0} groups of copies", count, figure(count)
        ),
    )


def plan_trashing(
    database: Database, volumes: Volumes, env: Env, groups: Sequence[CopyGroup], keep: Collection[str] = (),
    only: Collection[str] = (), reference: Sequence[str] = (),
) -> Plan:  # fmt: skip
    """The places of every copy but the keeper go, each by its tool's own rule; the keeper's places stay.

    What stays is the most complete one, and what exists nowhere else is named before it goes. A place of which the copy
    is one file of several stays: the others would go along.
    """
    places: dict[int, None] = {}
    orphans: dict[str, None] = {}
    parted: list[FileName] = []
    stays: dict[int | str, list[LinkThatStays]] = {}
    warnings: list[str] = []
    for group in groups:
        keeper = chosen_keeper(group, keep, only, most_complete(group.copies, reference))
        kept = group.copies[keeper]
        staying = {name.place for name in kept.names} - {None}
        there = contents(kept)
        for number, copy in enumerate(group.copies):
            if number != keeper and (not only or any(name.real in only for name in copy.names)):
                going = [name for name in copy.names if name.whole and name.place not in staying]
                parted += [name for name in copy.names if not name.whole]
                must_stay = list(_staying(database, volumes, group, number, keeper)) if going else []
                for name in going:
                    key = name.path if name.place is None else f"p{name.place}"
                    stays.setdefault(key, []).extend(must_stay)
                    if name.place is None:
                        orphans[name.path] = None
                    else:
                        places[name.place] = None
                if going:
                    warnings += _alone(copy, there)
        if keeper != group.keeper and not keep:
            warnings.append(
                said("{0} stays: of these copies the most lies beside it that exists nowhere else", kept.path)
            )
    if parted and not places and not orphans:
        raise ModelManagerError(
            said("clear away"), parted[0].path, said("{0} has other files too, which are not there twice", parted[0].model_name),
            said("share the bytes by links"),
        )  # fmt: skip
    count = len(places) + len(orphans)
    title = counted("Keep one, clear {0} copy away", "Keep one, clear {0} copies away", count, figure(count))
    wanted = Selection((), tuple(places), tuple(orphans), tuple(warnings), stays)
    return plan_removal(database, volumes, env, wanted, "trash", title)


def _staying(
    database: Database, volumes: Volumes, group: CopyGroup, number: int, keeper: int
) -> Iterator[LinkThatStays]:  # fmt: skip
    """The files because of which a copy may go, each with the proof that it holds the same."""
    bytewise = group.kind == "identical"
    for part in group.files:
        copy, stays = part.copies[number], part.copies[keeper]
        try:
            proof = proof_of(database, volumes, copy.path, stays.path, bytewise)
        except OSError as error:
            raise ModelManagerError(said("clear away"), copy.path, reason_of(error), said("scan again")) from error
        yield LinkThatStays(stays.path, stays.size, stays.mtime_ns, proof if copy.identity != stays.identity else None)


def _alone(copy: Copy, there: Mapping[str, str]) -> list[str]:
    """What goes along with a copy and exists nowhere else, by name. `there`: what lies beside the one that stays."""
    lost = sorted(path for content, path in contents(copy).items() if content not in there)
    return [said("{0} goes along, and the copy that stays has nothing like it", path) for path in lost]


def chosen_keeper(group: CopyGroup, keep: Collection[str], only: Collection[str], usual: int | None = None) -> int:
    """The copy that stays: one of `keep`, else the `usual` one. Refuses what is not proved, and that every copy go."""
    if not group.proved:
        raise ModelManagerError(
            said("share"),
            group.copies[0].path,
            said("these files only look the same"),
            said("read them to the end first: --prove"),
        )
    wanted = [
        number
        for number, copy in enumerate(group.copies)
        if any(name.real in keep or name.path in keep for name in copy.names)
    ]
    keeper = wanted[0] if wanted else group.keeper if usual is None else usual
    ticked = {number for number, copy in enumerate(group.copies) if any(name.real in only for name in copy.names)}
    if len(ticked) == len(group.copies):
        raise UsageError(
            said("clear away"),
            group.copies[keeper].path,
            said("every copy was chosen"),
            said("one of them has to stay"),
        )
    if keeper in ticked and not wanted:
        return next(number for number in range(len(group.copies)) if number not in ticked)
    if keeper in ticked:
        raise UsageError(
            said("clear away"),
            group.copies[keeper].path,
            said("this is the copy that stays"),
            said("choose another keeper"),
        )
    return keeper


def _add(
    draft: PlanBuilder, database: Database, volumes: Volumes, copy: Copy, keeper: Copy, by: By, reference: Sequence[str],
    freed: int,
) -> None:  # fmt: skip
    """One copy: all its names, together. `freed`: the bytes that come back with it."""
    if is_reference(copy, reference):
        raise ModelManagerError(said("share"), copy.path, said("it lies in a folder that is never touched"))
    if not copy.writable:
        if is_read_only(os.path.dirname(copy.path)):
            raise ModelManagerError(
                said("share"), copy.path, said("the volume is read-only"), said("mount it anew, or keep this copy")
            )
        raise ModelManagerError(said("share"), copy.path, said("you may not change its folder"), said("its owner can"))
    if by != "symlink" and copy.volume != keeper.volume:
        raise ModelManagerError(
            said("share"), copy.path, said("it lies on another volume than the copy that stays"),
            said("only a symbolic link leads to another volume, or trash one of them"),
        )  # fmt: skip
    unsure = sorted({TOOLS[name.tool].label for name in copy.names if not TOOLS[name.tool].follows_links})
    if by == "symlink" and unsure:
        raise ModelManagerError(
            said("share"), copy.path, counted(
                "{0} is not known to follow links", "{0} are not known to follow links", len(unsure), ", ".join(unsure)
            ), said("use hard links"),
        )  # fmt: skip
    try:
        proof = proof_of(database, volumes, copy.path, keeper.path)
    except OSError as error:
        raise ModelManagerError(said("share"), copy.path, reason_of(error), said("scan again")) from error
    reals = apart(name.real for name in copy.names)
    if by == "symlink" and (far := said_of(copy.path, keeper.path, volumes)):
        draft.warnings.append(far)
    draft.begin_unit(copy.names[0].model_name, as_text(OfCopies()))
    for place, real in enumerate(reals):
        # Shared blocks are the file's, whatever its names; a link replaces one name.
        if by == "reflink" and place:
            break
        frees = freed if place == len(reals) - 1 or by == "reflink" else 0
        draft.link(real, keeper.path, KINDS[by], said("the same bytes as {0}", keeper.path), proof, frees)
