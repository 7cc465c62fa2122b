"""Files that may be copies, from the catalogue, each as it is on the disk now.

Weights of any size take part, other files of models from 1 MiB on (nobody gains by sharing small tokenizers), and
orphans: payloads that no tool lists any more. What lies in a trash, a snapshot or our own set-aside folders, and what
is still being downloaded, is never a copy.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from model_manager.base import reach
from model_manager.base.identity import FileId
from model_manager.base.own_name import apart
from model_manager.catalog import Database, leftovers, models, user_words
from model_manager.catalog.copies import FLOOR, WEIGHTS
from model_manager.catalog.models import FileView, PlaceView
from model_manager.library.duplicates.hashing import Hashing
from model_manager.operations.bins import home_trash
from model_manager.stores.found import on_disk
from model_manager.stores.grouping.file_names import data_of, is_partial
from model_manager.stores.walk.look import forbidden

Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a copy: which model has it there, in which place; an orphan has neither."""

    model: int | None
    model_name: str
    place: int | None
    tool: str
    path: str
    real: str
    """The file itself, where `path` leads to it by links."""
    whole: bool = True
    """Whether the copy is all the weights of that model: else clearing the place away takes others along."""
    beside: tuple[str, ...] = ()
    """The other files of the model in this place: settings, tokenizer, code, notes."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One file with all the names we know. `links` counts all it has; `writable`: its folder may be changed."""

    volume: str
    inode: int
    bytes: int
    links: int
    writable: bool
    names: tuple[Name, ...]
    key: str = ""
    """The inode, or the path where inodes do not last."""
    reference: bool = False
    """Whether it lies in a folder that is never touched."""
    owned: bool = True
    """Whether the file is this user's."""
    pinned: bool = False
    """Whether a model that has it is pinned."""
    shared: int = 0
    """How many of its bytes do not come back with it: see `base/comes_back`."""
    size: int = 0
    mtime_ns: int = 0
    goes_away: bool = False
    """Whether its drive can be unplugged, or lies on the network."""

    @property
    def path(self) -> str:
        return self.names[0].real

    @property
    def alone(self) -> bool:
        """Whether every name it has is known here: else sharing or removing those frees nothing."""
        reals = {name.real for name in self.names}
        if self.links < 2 or len(reals) < self.links:
            return len(reals) >= self.links
        return len(apart(reals)) >= self.links

    @property
    def identity(self) -> Identity:
        """The file, whatever its names."""
        return self.volume, self.key

    @property
    def stays(self) -> bool:
        """Whether its bytes stay whatever is done with the names that we know."""
        return self.reference or not self.writable or not self.alone


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may be a copy. `id` is what it is now; `told` is a hash that lies on disk."""

    copy: Copy
    id: FileId
    told: str | None


@dataclass(frozen=True, slots=True)
class Library:
    """`by_size`: files that another of the same size stands beside, the largest first.

    `weights`: the weight files of each model by their row, `bodies`: the same without projectors; `rows`: row ->
    identity of those in `by_size`; `find`: the file of any row, when it is still there as it was.
    `places`: the places of each model.
    """

    by_size: tuple[tuple[int, tuple[Candidate, ...]], ...]
    weights: dict[int, frozenset[int]]
    bodies: dict[int, frozenset[int]]
    rows: dict[int, Identity]
    find: Callable[[int], Candidate | None]
    places: dict[int, tuple[PlaceView, ...]]
    titles: dict[int, str]
    beside: dict[int, tuple[str, ...]]
    """The files of each place that are no weights."""


def read_library(database: Database, hashing: Hashing, reference: Sequence[str]) -> Library:
    """Looks at every file of the catalogue that is as large as another one."""
    with database.read() as tx:
        titles = models.titles(tx)
        pinned = user_words.pinned(tx)
        places = {place.id: place for place in models.places(tx) if place.state == "online"}
        files: dict[int, list[FileView]] = {}
        beside: dict[int, list[str]] = {}
        for file in models.files(tx):
            if file.role not in WEIGHTS:
                beside.setdefault(file.place, []).append(file.path)
            if file.place in places and file.size and (file.role in WEIGHTS or file.size >= FLOOR):
                files.setdefault(file.file, []).append(file)
        orphans = [row for row in leftovers.every(tx) if row.kind == "orphan" and row.size >= FLOOR]
    sizes: dict[int, list[int | str]] = {}
    for id_, names in files.items():
        sizes.setdefault(names[0].size, []).append(id_)
    tools = {row.path: row.tool for row in orphans}
    for row in orphans:
        sizes.setdefault(row.size, []).append(row.path)
    weights: dict[int, set[int]] = {}
    bodies: dict[int, set[int]] = {}
    for id_, names in files.items():
        for file in names:
            if file.role in WEIGHTS:
                weights.setdefault(file.model, set()).add(id_)
                if file.role != "projector":
                    bodies.setdefault(file.model, set()).add(id_)
    others = {place: tuple(paths) for place, paths in beside.items()}
    maker = _Maker(hashing, titles, pinned, places, weights, reference, others)

    @functools.cache
    def find(row: int) -> Candidate | None:
        return maker.candidate(files[row])

    rows: dict[int, Identity] = {}
    by_size = []
    for size, wanted in sorted(sizes.items(), reverse=True):
        found: dict[Identity, Candidate] = {}
        for one in wanted if len(wanted) > 1 else ():
            made = maker.orphan(one, tools[one]) if isinstance(one, str) else find(one)
            if made is not None:
                found.setdefault(made.copy.identity, made)
                if isinstance(one, int):
                    rows[one] = made.copy.identity
        if len(found) > 1:
            by_size.append((size, tuple(found.values())))
    of_model: dict[int, list[PlaceView]] = {}
    for place in places.values():
        of_model.setdefault(place.model, []).append(place)
    return Library(
        tuple(by_size),
        {model: frozenset(ids) for model, ids in weights.items()},
        {model: frozenset(ids) for model, ids in bodies.items()},
        rows,
        find,
        {model: tuple(found_) for model, found_ in of_model.items()},
        titles,
        others,
    )


class _Maker:
    """Makes candidates of what the catalogue says and the disk confirms."""

    def __init__(
        self, hashing: Hashing, titles: dict[int, str], pinned: frozenset[int], places: dict[int, PlaceView],
        weights: dict[int, set[int]], reference: Sequence[str], beside: dict[int, tuple[str, ...]],
    ) -> None:  # fmt: skip
        self._beside = beside
        self._hashing, self._titles, self._pinned, self._places = hashing, titles, pinned, places
        self._weights, self._reference = weights, reference
        self._trash = home_trash()
        self._notes: dict[str, frozenset[str]] = {}

    def candidate(self, names: Sequence[FileView]) -> Candidate | None:
        """One file with its names; None when it is not there any more as it was."""
        known: dict[tuple[str, int], Name] = {}
        for file in names:
            real = reach.realpath(file.path)
            if not self._is_no_copy(real):
                tool = self._places[file.place].tool
                title = self._titles.get(file.model, "")
                whole = self._weights.get(file.model) == {file.file}
                beside = self._beside.get(file.place, ())
                name = Name(file.model, title, file.place, tool, file.path, real, whole, beside)
                known.setdefault((file.path, file.place), name)
        # The file's own name before links to it.
        ordered = sorted(known.values(), key=lambda name: name.path != name.real)
        made = self._made(tuple(ordered), names[0].sha256)
        first = names[0]
        if made is None or (made.id.size, made.id.mtime_ns) != (first.size, first.mtime_ns):
            return None
        return made

    def orphan(self, path: str, tool: str) -> Candidate | None:
        real = reach.realpath(path)
        if self._is_no_copy(real):
            return None
        return self._made((Name(None, os.path.basename(path), None, tool, path, real),), None)

    def _made(self, names: tuple[Name, ...], told: str | None) -> Candidate | None:
        if not names:
            return None
        id_ = self._hashing.id(names[0].real)
        if id_ is None:
            return None
        try:
            now = os.lstat(names[0].real)
        except OSError:
            return None
        folders = {os.path.dirname(name.real) for name in names}
        copy = Copy(
            volume=id_.volume,
            inode=now.st_ino,
            bytes=on_disk(now),
            links=now.st_nlink,
            writable=all(os.access(folder, os.W_OK) for folder in folders),
            names=names,
            key=id_.key,
            size=id_.size,
            mtime_ns=id_.mtime_ns,
            goes_away=self._hashing.goes_away(names[0].real, now),
            reference=any(is_inside(name.real, folder) for name in names for folder in self._reference),
            owned=not hasattr(os, "geteuid") or now.st_uid == os.geteuid(),
            pinned=any(name.model in self._pinned for name in names),
        )
        return Candidate(copy, id_, told)

    def _unfinished(self, folder: str) -> frozenset[str]:
        """The files of a folder beside which a note says that their download has not ended."""
        known = self._notes.get(folder)
        if known is None:
            try:
                names = os.listdir(folder)
            except OSError:
                names = []
            known = self._notes[folder] = frozenset(data_of(name) for name in names if is_partial(name))
        return known

    def _is_no_copy(self, real: str) -> bool:
        folder, _, base = real.rpartition(os.sep)
        return (
            reach.on_silent(real)
            or any(forbidden(part) for part in folder.split(os.sep))
            or is_inside(real, self._trash)
            or is_partial(base)
            # aria2 and torrent clients write into the final name, at full length from the start.
            or base in self._unfinished(folder)
        )


def is_inside(path: str, folder: str) -> bool:
    """Whether a real path lies below a folder; nothing lies below one without a name."""
    if not isinstance(folder, str) or not folder:
        return False
    return path.startswith(reach.realpath(os.path.expanduser(folder)).rstrip(os.sep) + os.sep)
