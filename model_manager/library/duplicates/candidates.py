"""Files that may be copies, from the catalogue, each as it is on the disk now.

Weights of any size take part, other files of models from 1 MiB on (nobody gains by sharing small tokenizers), and
orphans: payloads that no tool lists any more. What lies in a trash, a snapshot or our own set-aside folders, and what
is still being downloaded, is never a copy.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from model_manager.base import reach
from model_manager.base.once import once
from model_manager.catalog import Database, copies, labels, leftovers, models
from model_manager.catalog.copies import FLOOR, WEIGHTS, ListedPlace, NamedFile
from model_manager.catalog.leftovers import LeftoverRow
from model_manager.library.duplicates.copies import Copy, FileName, Identity, PossibleCopy, is_inside
from model_manager.library.duplicates.hashing import Hashing
from model_manager.operations.trash_folders import home_trash
from model_manager.stores.discovered import on_disk
from model_manager.stores.grouping.file_names import data_of, is_partial
from model_manager.stores.walk.store_reader import forbidden


class KnownFiles:
    """What the catalogue has of files that may be copies, each looked at on the disk when it is first asked for."""

    def __init__(self, database: Database, hashing: Hashing, reference: Sequence[str]) -> None:
        with database.read() as tx:
            self.titles = models.titles(tx)
            pinned = labels.pinned(tx)
            places = copies.online_places(tx)
            self._files: dict[int, list[NamedFile]] = {}
            for file in copies.named_files(tx):
                self._files.setdefault(file.file, []).append(file)
            self.beside: Mapping[int, tuple[str, ...]] = copies.beside_weights(tx)
            """The files of each place that are no weights."""
            self._orphans = [row for row in leftovers.every(tx) if row.kind == "orphan" and row.size >= FLOOR]
        self.places: dict[int, list[ListedPlace]] = {}
        """The places of each model."""
        for place in places.values():
            self.places.setdefault(place.model, []).append(place)
        weights, bodies = _weights(self._files.values())
        self.weights: Mapping[int, frozenset[int]] = weights
        """The weight files of each model, by their row."""
        self.bodies: Mapping[int, frozenset[int]] = bodies
        """The same without projectors."""
        self.rows: dict[int, Identity] = {}
        """Row -> identity of those in `by_size`."""
        self._found: dict[int, PossibleCopy | None] = {}
        self._look = _Look(hashing, reference, pinned, places, self.titles, weights, self.beside)
        self.by_size = tuple(self._by_size())
        """Size -> the files of that size, where it is more than one; the largest first."""

    def find(self, row: int) -> PossibleCopy | None:
        """The file of any row, when it is still there as it was."""
        if row not in self._found:
            self._found[row] = self._look.candidate(self._files[row])
        return self._found[row]

    def _by_size(self) -> Iterable[tuple[int, tuple[PossibleCopy, ...]]]:
        sizes: dict[int, list[int | LeftoverRow]] = {}
        for row, names in self._files.items():
            sizes.setdefault(names[0].size, []).append(row)
        for rest in self._orphans:
            sizes.setdefault(rest.size, []).append(rest)
        for size, alike in sorted(sizes.items(), reverse=True):
            found: dict[Identity, PossibleCopy] = {}
            for one in alike if len(alike) > 1 else ():
                candidate = self.find(one) if isinstance(one, int) else self._look.orphan(one.path, one.tool)
                if candidate is not None:
                    found.setdefault(candidate.copy.identity, candidate)
                    if isinstance(one, int):
                        self.rows[one] = candidate.copy.identity
            if len(found) > 1:
                yield size, tuple(found.values())


def _weights(files: Iterable[Sequence[NamedFile]]) -> tuple[dict[int, frozenset[int]], dict[int, frozenset[int]]]:
    """The files of each model that are weights, and those of them that are no projectors."""
    weights: dict[int, list[int]] = {}
    projectors: dict[int, list[int]] = {}
    for names in files:
        for file in names:
            if file.role in WEIGHTS:
                weights.setdefault(file.model, []).append(file.file)
                if file.role == "projector":
                    projectors.setdefault(file.model, []).append(file.file)
    whole = {model: frozenset(rows) for model, rows in weights.items()}
    bodies = {model: rows - set(projectors[model]) if model in projectors else rows for model, rows in whole.items()}
    return whole, {model: rows for model, rows in bodies.items() if rows}


@dataclass(frozen=True, slots=True)
class _Folder:
    """What is the same for all files of a real folder, looked at once."""

    excluded: bool
    writable: bool
    reference: bool
    unfinished: frozenset[str]
    """Files beside which a note says that their download has not ended."""


class _Look:
    """Makes candidates of what the catalogue says and the disk confirms."""

    def __init__(
        self, hashing: Hashing, reference: Sequence[str], pinned: frozenset[int], places: Mapping[int, ListedPlace],
        titles: Mapping[int, str], weights: Mapping[int, frozenset[int]], beside: Mapping[int, tuple[str, ...]],
    ) -> None:  # fmt: skip
        self._hashing, self._reference, self._pinned = hashing, reference, pinned
        self._places, self._titles, self._weights, self._beside = places, titles, weights, beside
        self._trash = home_trash()
        self._folders: dict[str, _Folder] = {}

    def candidate(self, names: Sequence[NamedFile]) -> PossibleCopy | None:
        """One file with its names; None when it is not there any more as it was."""
        known: dict[tuple[str, int], FileName] = {}
        for file in names:
            real = reach.realpath_of_file(file.path)
            if not self._is_no_copy(real):
                known.setdefault((file.path, file.place), self._name(file, file.path if real == file.path else real))
        # The file's own name before links to it.
        ordered = sorted(known.values(), key=lambda name: name.path != name.real)
        candidate = self._seen(tuple(ordered), names[0].sha256)
        if candidate is None or (candidate.id.size, candidate.id.mtime_ns) != (names[0].size, names[0].mtime_ns):
            return None
        return candidate

    def orphan(self, path: str, tool: str) -> PossibleCopy | None:
        real = reach.realpath_of_file(path)
        if self._is_no_copy(real):
            return None
        return self._seen((FileName(None, os.path.basename(path), None, tool, path, real),), None)

    def _name(self, file: NamedFile, real: str) -> FileName:
        rows = self._weights.get(file.model, ())
        whole = len(rows) == 1 and file.file in rows
        title, beside = self._titles.get(file.model, ""), self._beside.get(file.place, ())
        return FileName(file.model, title, file.place, self._places[file.place].tool, file.path, real, whole, beside)

    def _seen(self, names: tuple[FileName, ...], told: str | None) -> PossibleCopy | None:
        if not names:
            return None
        try:
            now = reach.lstat(names[0].real)
        except OSError:
            return None
        id_ = once(("id", names[0].real), lambda: self._hashing.id_of(names[0].real, now))
        if id_ is None:
            return None
        folders = [self._folder(os.path.dirname(name.real)) for name in names]
        copy = Copy(
            volume=id_.volume,
            inode=now.st_ino,
            bytes=on_disk(now),
            links=now.st_nlink,
            writable=all(folder.writable for folder in folders),
            names=names,
            key=id_.key,
            size=id_.size,
            mtime_ns=id_.mtime_ns,
            goes_away=self._hashing.goes_away(names[0].real, now),
            reference=any(folder.reference for folder in folders),
            owned=not hasattr(os, "geteuid") or now.st_uid == os.geteuid(),
            pinned=any(name.model in self._pinned for name in names),
        )
        return PossibleCopy(copy, id_, told)

    def _is_no_copy(self, real: str) -> bool:
        base = os.path.basename(real)
        if reach.on_silent(real) or is_partial(base):
            return True
        folder = self._folder(os.path.dirname(real))
        return folder.excluded or base in folder.unfinished

    def _folder(self, path: str) -> _Folder:
        known = self._folders.get(path)
        if known is None:
            inside = os.path.join(path, "any")
            known = self._folders[path] = _Folder(
                excluded=any(forbidden(part) for part in path.split(os.sep)) or is_inside(inside, self._trash),
                writable=os.access(path, os.W_OK),
                reference=any(is_inside(inside, folder) for folder in self._reference),
                unfinished=_unfinished(path),
            )
        return known


def _unfinished(folder: str) -> frozenset[str]:
    """aria2 and torrent clients write into the final name, at full length from the start, with a note beside it."""
    try:
        names = os.listdir(folder)
    except OSError:
        return frozenset()
    return frozenset(data_of(name) for name in names if is_partial(name))
