"""Plans that clear models, places and leftovers away, each by its tool's own rule, and the guard of every plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.base.facts import Role
from model_manager.base.text import given_paths, later
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, Tx, leftovers, models, roots
from model_manager.catalog.models import FileView, PlaceView
from model_manager.catalog.roots import RootRow
from model_manager.library.words import named
from model_manager.operations import Plan, Step
from model_manager.operations.draft import Draft, Way
from model_manager.stores import BY_TOOL
from model_manager.stores.env import Env
from model_manager.stores.found import FoundRoot, Leftover, LeftoverKind
from model_manager.stores.hub_removal import repository_of
from model_manager.stores.removal import Asking, CannotRemove, Part, Placed, PlacedFile, Writing

_WORDS = {"trash": later("Move to the trash"), "aside": later("Set aside"), "delete": later("Delete for good")}
_MOST_HOPS = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """What shall go: whole models, single places of models, and paths of leftovers."""

    models: tuple[int, ...] = ()
    places: tuple[int, ...] = ()
    paths: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    """What a person has to know of this choice."""


@dataclass(slots=True)
class _Group:
    """Places of one root that share files: one unit."""

    root: RootRow
    places: list[Placed] = field(default_factory=list)
    models: set[int] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    """Links of places that stay and lead to a file of these."""


def plan_removal(
    database: Database, volumes: Volumes, env: Env, wanted: Wanted, way: Way = "trash", title: str = ""
) -> Plan:
    """One plan for all that is wanted; what cannot go is a warning in words, and an error when nothing can.

    Raises ModelManagerError (NoTrash where a volume has no trash and nothing else could be planned).
    """
    with database.read() as tx:
        known = {root.id: root for root in roots.every(tx)}
        rests = leftovers.every(tx)
        groups = list(_groups(tx, wanted, known))
        pinned = _pinned(tx, groups)
    draft = Draft(volumes, [root.path for root in known.values() if not root.ignored], way)
    draft.warnings.extend(wanted.warnings)
    problems: list[ModelManagerError] = []
    for group in groups:
        of = ", ".join(dict.fromkeys(place.name for place in group.places))
        before = len(problems)
        _add_unit(draft, problems, group.root, of, _parts_of_places(group, env))
        if len(problems) > before:
            continue
        draft.warnings.extend(_broken(group.links, draft))
        if any(
            file.role == "weights" and file.path in place.elsewhere for place in group.places for file in place.files
        ):
            draft.warnings.append(later(f"{of}: its weights stay, another name of them is kept"))
    for path in wanted.paths:
        root, leftover = _leftover(path, rests, known.values())
        _add_unit(draft, problems, root, os.path.basename(path), _parts_of_leftover(root, leftover, env))
    if pinned:
        draft.warnings.append(later(f"pinned by you: {', '.join(pinned)}"))
    return finished(draft, problems, title or _title(way, database, wanted))


def finished(draft: Draft, problems: Sequence[ModelManagerError], title: str) -> Plan:
    """The plan, with what could not be planned as warnings; raises the first problem when there is no step."""
    draft.warnings.extend(later(f"left: {problem.path}: {problem.reason}") for problem in problems)
    plan = draft.plan(title)
    if not plan.steps and problems:
        raise problems[0]
    return plan


def _add_unit(draft: Draft, problems: list[ModelManagerError], root: RootRow, of: str, parts: Iterator[Part]) -> None:
    """One unit, or none of it and a problem."""
    draft.begin_unit(of)
    met = 0
    try:
        _must_allow(root)
        for part in parts:
            met += 1
            if isinstance(part, Asking):
                size = sum(_size(path) for path in part.paths)
                draft.ask(part.url, part.method, part.body, part.probe, part.gone, size, size, part.why)
                draft.warnings.append(later("a tool removes it itself, for good: there is no undo"))
            elif isinstance(part, Writing):
                draft.write(part.path, part.text, part.why)
            else:
                draft.take(part.path, part.why, {"fresh": "yes"} if part.fresh else None)
        if not met:
            raise CannotRemove("clear away", of, "nothing of it may go now", "scan again")
    except ModelManagerError as error:
        draft.drop_unit()
        problems.append(error)
    except OSError as error:
        draft.drop_unit()
        problems.append(CannotRemove("clear away", str(error.filename or of), reason_of(error), "scan again"))


def _must_allow(root: RootRow) -> None:
    if root.state != "online":
        raise CannotRemove("clear away", root.path, f"this folder is {root.state}", "connect it and scan again")


def _parts_of_places(group: _Group, env: Env) -> Iterator[Part]:
    store = BY_TOOL[group.root.tool]
    must_be_closed(group.root, env)
    yield from store.remove(found_root(group.root), group.places, env)


def _parts_of_leftover(root: RootRow, leftover: Leftover, env: Env) -> Iterator[Part]:
    must_be_closed(root, env)
    yield from BY_TOOL[root.tool].remove_leftover(found_root(root), leftover, env)


def must_be_closed(root: RootRow, env: Env) -> None:
    """Raises CannotRemove while a tool that keeps its index in memory is running."""
    for tool in (root.tool, *root.also):
        store = BY_TOOL.get(tool)
        if store is not None and store.must_close and (why := store.in_use(env)):
            raise CannotRemove("change the files of", store.label, why, f"close {store.label} first")


def found_root(root: RootRow) -> FoundRoot:
    return FoundRoot(root.tool, root.path, "user", root.details)


def _groups(tx: Tx, wanted: Wanted, known: dict[int, RootRow]) -> Iterator[_Group]:
    """The places that go, joined where they share a file in one root."""
    going = [place for place in models.places(tx) if place.model in wanted.models or place.id in wanted.places]
    ids = {place.id for place in going}
    missing = set(wanted.places) - ids
    if missing:
        raise UsageError("find the place", f"p{min(missing)}", "there is none of this id", "`show MODEL` lists them")
    files: dict[int, list[FileView]] = {}
    others: dict[int, list[str]] = {}
    for file in models.files(tx):
        if file.place in ids:
            files.setdefault(file.place, []).append(file)
        else:
            others.setdefault(file.file, []).append(file.path)
    one_unit = frozenset(id_ for id_, root in known.items() if BY_TOOL[root.tool].one_unit)
    for joined in _joined(going, files, one_unit):
        group = _Group(known[joined[0].root])
        for place in joined:
            own = files.get(place.id, [])
            shared = {
                file.path: {_real(path): path for path in others[file.file]} for file in own if file.file in others
            }
            stay = frozenset(path for path, names in shared.items() if _real(path) in names)
            group.links += [name for names in shared.values() for name in names.values() if os.path.islink(name)]
            members = tuple(PlacedFile(file.path, cast(Role, file.role), file.name) for file in own)
            group.places.append(Placed(place.name, place.path, members, stay))
            group.models.add(place.model)
        yield group


def _real(path: str) -> str:
    """A path with its folder resolved: two names of one thing are equal, a link and what it leads to are not."""
    return os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))


def _broken(links: Iterable[str], draft: Draft) -> Iterator[str]:
    """Links that would lead nowhere, in words: tools that follow them lose the model too."""
    for link in dict.fromkeys(links):
        hop = link
        for _ in range(_MOST_HOPS):
            if not os.path.islink(hop):
                break
            hop = _real(os.path.join(os.path.realpath(os.path.dirname(hop)), os.readlink(hop)))
            if draft.takes(hop):
                yield later(f"the link {link} leads to {hop}, and would lead nowhere")
                break


def _joined(
    going: Sequence[PlaceView], files: dict[int, list[FileView]], one_unit: frozenset[int]
) -> list[list[PlaceView]]:
    """Places of one root that share a file, by whatever names, or a repository, transitively; else each alone.

    Only together do they tell what nobody needs any more. `one_unit`: roots whose places share an index.
    """
    groups: list[list[PlaceView]] = []
    by_mark: dict[tuple[int, int | str], int] = {}
    of_group: dict[int, set[int | str]] = {}
    for place in going:
        shared: set[int | str] = {file.file for file in files.get(place.id, [])}
        shared |= {repository_of(place.path), "index" if place.root in one_unit else ""} - {""}
        met = sorted({by_mark[key] for one in shared if (key := (place.root, one)) in by_mark})
        if met:
            target = met[0]
            for other in met[1:]:
                groups[target] += groups[other]
                of_group[target] |= of_group.pop(other)
                groups[other] = []
        else:
            target = len(groups)
            groups.append([])
            of_group[target] = set()
        groups[target].append(place)
        of_group[target] |= shared
        for one in of_group[target]:
            by_mark[(place.root, one)] = target
    return [group for group in groups if group]


def _leftover(path: str, rests: Iterable[leftovers.LeftoverRow], known: Iterable[RootRow]) -> tuple[RootRow, Leftover]:
    row = next((rest for rest in rests if rest.path == path), None)
    if row is None:
        raise UsageError("clear away", path, "no model and no leftover has this path", "scan again, or see `list`")
    inside = [root for root in known if path.startswith(root.path.rstrip(os.sep) + os.sep)]
    root = max(inside, key=lambda root: (root.tool == row.tool, len(root.path)))
    return root, Leftover(cast(LeftoverKind, row.kind), row.path, row.size, row.bytes, row.of)


def _pinned(tx: Tx, groups: Iterable[_Group]) -> list[str]:
    ids = sorted({model for group in groups for model in group.models})
    return [str(record["name"]) for record in models.records(tx, ids) if record["pinned"]]


def _title(way: Way, database: Database, wanted: Wanted) -> str:
    with database.read() as tx:
        names = [str(record["name"]) for record in models.records(tx, wanted.models)]
    count = len(wanted.models) + len(wanted.places) + len(wanted.paths)
    what = names[0] if count == 1 and names else later(f"{count} {'item' if count == 1 else 'items'}")
    return f"{_WORDS[way]}: {what}"


def _size(path: str) -> int:
    try:
        found = os.lstat(path)
    except OSError:
        return 0
    return min(found.st_size, 512 * getattr(found, "st_blocks", found.st_size))


def wanted_of(database: Database, texts: Sequence[str], places: Sequence[str] = ()) -> Wanted:
    """What a person named: models by id, name or path, leftovers by path, places by id.

    Raises UsageError. A place belongs to one of the models that are named, which then stays otherwise.
    """
    with database.read() as tx:
        rests = {row.path for row in leftovers.every(tx)}
    paths, ids = [], []
    for text in texts:
        path = next((one for one in given_paths(text) if one in rests), "")
        if path:
            paths.append(path)
        else:
            ids.append(named(database, text))
    if not places:
        return Wanted(tuple(ids), (), tuple(paths))
    with database.read() as tx:
        known = {f"p{place.id}": place.id for place in models.places(tx, ids)}
    wrong = next((place for place in places if place not in known), None)
    if wrong is not None:
        raise UsageError("find the place", wrong, "the models that you named have no place of this id",
                         "`show MODEL --json` lists them")  # fmt: skip
    return Wanted((), tuple(known[place] for place in places), tuple(paths))


def touched(database: Database, plan: Plan) -> list[int]:
    """The roots that a plan changes something in: to be scanned again after it."""
    with database.read() as tx:
        every = roots.every(tx)
    paths = [path for step in plan.steps for path in (step.path, step.target or "")]
    asked = any(step.verb == "ask" for step in plan.steps)
    return [
        root.id for root in every
        if asked or any(path.startswith(os.path.realpath(root.path).rstrip(os.sep) + os.sep) for path in paths)
    ]  # fmt: skip


class Guard:
    """Asked by `operations` just before each unit: whether its paths may be changed at this moment."""

    def __init__(self, database: Database, env: Callable[[], Env]) -> None:
        self._database, self._env = database, env

    def __call__(self, unit: tuple[Step, ...]) -> str:
        with self._database.read() as tx:
            known = [root for root in roots.every(tx) if not root.ignored]
        env = self._env()
        for step in unit:
            for root in known:
                if step.path.startswith(os.path.realpath(root.path).rstrip(os.sep) + os.sep):
                    try:
                        must_be_closed(root, env)
                    except CannotRemove as error:
                        return f"{error.reason}: {error.hint}"
        return ""
