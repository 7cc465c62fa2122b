"""Asked by `operations` just before each unit: whether its paths may be changed at this moment.

A plan may be old, and a journal may come from anywhere. So every path is held against the folders that are watched, and
the rule of removal that made a unit is asked once more: a blob that another manifest names by now stays.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.messages import counted, said
from model_manager.base.real_paths import is_below, resolved
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, roots
from model_manager.catalog.roots import RootRow
from model_manager.library.labels.verdicts import AWAY
from model_manager.library.removal.held import not_held
from model_manager.library.removal.links import broken, links_beside
from model_manager.library.removal.origins import OfCopies, OfLeftover, OfPlaces, from_text
from model_manager.library.removal.planning import found_root, must_be_closed, parts_of_places
from model_manager.library.removal.shelf import Shelf, read_shelf
from model_manager.library.removal.unused import must_be_unused, must_be_whole
from model_manager.operations import Step
from model_manager.operations.held import why_held
from model_manager.operations.shown_trash import is_laid_as_in_a_trash, is_where_it_went
from model_manager.operations.trashed import in_a_trash
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.host.env import Env
from model_manager.stores.parts import Asking, CannotRemove, Part

_HARMLESS = frozenset({"make_folder"})
"""Makes an empty folder where a person chose to have one, and takes it away again."""


_LOOKED_FOR = 1.0
"""Seconds for which it is believed which names of files are links."""


class Guard:
    """Says in words why a unit may not be touched now, or nothing.

    `thrown`: the paths of what we moved to the trash. `version`: another one whenever the catalogue may have changed; while
    it is the same, what was read for the last unit holds for the next. Reading it for each of 1,000 took most of a minute.
    """

    def __init__(
        self,
        database: Database,
        volumes: Volumes,
        env: Callable[[], Env],
        thrown: Callable[[], Collection[str]] = lambda: (),
        version: Callable[[], object] = object,
    ) -> None:
        self._database, self._volumes, self._env, self._thrown = database, volumes, env, thrown
        self._version = version
        self._read: tuple[object, float, Shelf] | None = None

    def __call__(self, unit: tuple[Step, ...], origin: str | None) -> str:
        steps = [step for step in unit if step.verb not in _HARMLESS]
        if not steps:
            return ""
        shelf = self._shelf()
        known = [root for root in shelf.roots.values() if not root.ignored]
        try:
            if all(step.verb == "delete" and is_laid_as_in_a_trash(step.path) for step in steps):
                thrown = self._thrown()
                if all(step.path in thrown for step in steps):
                    return ""
                if all(in_a_trash(step.path) for step in steps):
                    return _NOT_OURS
            if lost := next(filter(_is_lost, steps), None):
                return said(
                    "{0} is no trash of yours now, and has no note of {1}: nothing is moved there or back",
                    lost.target,
                    lost.path,
                )
            if outside := next((path for step in steps for path in _outside(step, known)), ""):
                return said("{0} lies outside the folders that are watched: scan again, or add its folder", outside)
            env = self._env()
            self._must_be_closed(steps, known, env)
            if origin is None:
                return ""
            return self._held(steps, env) or self._asked_again(steps, origin, shelf, env)
        except ModelManagerError as error:
            return said("{0}: {1}", error.reason, error.hint) if error.hint else error.reason
        except OSError as error:
            return reason_of(error)

    def once_aside(self, unit: tuple[Step, ...], origin: str | None) -> str:
        """The same once all of a unit lies aside: why it must come back after all, or nothing.

        A tag or a revision may have come since, which found its layers there and names them.
        """
        asked = from_text(origin) if origin else None
        gone = [step.path for step in unit if step.verb in ("delete", "trash")]
        if not gone or not isinstance(asked, OfPlaces | OfLeftover):
            return ""
        with self._database.read() as tx:
            root = next((one for one in roots.every(tx) if (one.path, one.tool) == (asked.root, asked.tool)), None)
        try:
            named = (
                next(iter(BY_TOOL[root.tool].removal.named_now(found_root(root), gone, self._env())), "")
                if root
                else ""
            )
        except ModelManagerError as error:
            return error.reason
        except OSError as error:
            return reason_of(error)
        return said("{0} is needed by something else since a moment ago: it stays", named) if named else ""

    def _shelf(self) -> Shelf:
        """What the catalogue holds now; what was looked at on the disk for it is a second old at most."""
        version, now = self._version(), time.monotonic()
        if self._read is None or self._read[0] != version:
            self._read = version, now, read_shelf(self._database)
        elif now - self._read[1] > _LOOKED_FOR:
            self._read = version, now, replace(self._read[2])
        return self._read[2]

    def _must_be_closed(self, steps: Sequence[Step], known: Sequence[RootRow], env: Env) -> None:
        for root in known:
            if any(is_below(step.path, reach.realpath(root.path)) for step in steps):
                must_be_closed(root, env)

    def _held(self, steps: Sequence[Step], env: Env) -> str:
        """Why a path is held by another operation, which is not settled."""
        held = env.held
        paths = [path for step in steps for path in (step.path, step.target if step.verb == "link" else None) if path]
        return next((why for path in paths if (why := why_held(path, held))), "") if held else ""

    def _asked_again(self, steps: Sequence[Step], text: str, shelf: Shelf, env: Env) -> str:
        origin = from_text(text)
        if origin is None:
            return later("it is not known what asked for this: make a new plan")
        if isinstance(origin, OfCopies):
            return "" if all(step.verb == "link" for step in steps) else _NOT_ITS_OWN
        root = next((root for root in shelf.roots.values() if root.path == origin.root), None)
        if root is None or root.ignored or root.tool != origin.tool:
            return said("{0} is not watched any more", origin.root)
        if root.state != "online":
            return said("{0}: {1}; bring it back, and scan again", origin.root, AWAY.get(root.state, root.state))
        if isinstance(origin, OfPlaces) and (link := _new_link(steps, origin, shelf)):
            return said("{0} leads to it since this was planned: make a new plan", link)
        parts = list(not_held(self._parts(origin, root, shelf, env), root, env))
        may = {part.url if isinstance(part, Asking) else resolved(part.path) for part in parts}
        wrong = next((step.path for step in steps if not _is_allowed(step, may)), "")
        return said("{0} is needed by something else since this was planned: make a new plan", wrong) if wrong else ""

    def _parts(self, origin: OfPlaces | OfLeftover, root: RootRow, shelf: Shelf, env: Env) -> Iterator[Part]:
        if isinstance(origin, OfLeftover):
            must_be_unused(root, origin.leftover, shelf, self._volumes)
            yield from BY_TOOL[root.tool].removal.leftover(found_root(root), origin.leftover, env)
            return
        paths = {path for _name, _path, files in origin.places for path, _role, _title in files}
        listed = [file for path in paths for file in shelf.by_path.get(path, ())]
        ids, models = {file.path: file.file for file in listed}, {file.model for file in listed}
        if fresh := (models & shelf.pinned) - set(origin.pinned):
            names = ", ".join(sorted(shelf.titles.get(id_, "") for id_ in fresh))
            why = counted(
                "{0} was pinned since this was planned", "{0} were pinned since this was planned", len(fresh), names
            )
            raise CannotRemove(said("clear away"), names, why)
        placed = [shelf.placed(name, path, files, ids, origin.along) for name, path, files in origin.places]
        must_be_whole(root, self._volumes)
        yield from parts_of_places(root, placed, env, origin.along, shelf, self._volumes)


def _is_allowed(step: Step, may: Collection[str]) -> bool:
    """Whether the rule lets go what a step takes, by itself or with a whole folder around it.

    Once the others of a folder went, by this very plan too, the rule names the folder that it holds alone by now: the
    files that were planned are not needed any more than before. They go as they were shown, and the folder stays.
    """
    if step.path in may:
        return True
    return step.verb in ("trash", "delete") and any(is_below(step.path, folder) for folder in may)


def _new_link(steps: Sequence[Step], origin: OfPlaces, shelf: Shelf) -> str:
    """A link that leads to what goes and was not there when that was planned; empty where there is none."""
    own = {path for _name, _path, files in origin.places for path, _role, _title in files}
    sizes = [os.stat(path).st_size for path in own if os.path.isfile(path)]
    links = [file.path for file in links_beside(sizes, (), shelf)]
    fresh = [link for link in links if link not in own and link not in origin.links]
    taken = [step.path for step in steps if step.verb in ("trash", "delete")]
    return next(
        (link for link, _to in broken(fresh, lambda path: any(path == one or is_below(path, one) for one in taken))), ""
    )


_NOT_OURS = later("this did not come into the trash by this program: it stays")
_NOT_ITS_OWN = later("a plan that shares copies does nothing else: make a new plan")


def _is_lost(step: Step) -> bool:
    """Whether the folder to which a step moves things is no trash now, and does not show that it was."""
    return step.verb == "trash" and step.target is not None and not is_where_it_went(step.target, step.path)


def _outside(step: Step, known: Sequence[RootRow]) -> Iterator[str]:
    """The paths of a step that lie in no folder that is watched."""
    if step.verb == "ask":  # an address: the verb itself takes none but this computer's
        return
    paths = [step.path] + ([step.target] if step.target and step.verb in ("link", "move", "copy") else [])
    folders = [reach.realpath(root.path) for root in known]
    yield from (path for path in paths if not any(is_below(path, folder) for folder in folders))
