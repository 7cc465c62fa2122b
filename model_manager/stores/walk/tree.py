"""Plain files in folders, the way most tools keep models: one walk, one set of rules.

Speed (notes/performance.md): `scandir`, and `stat` only for files whose name may be a model's.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base import reach
from model_manager.base.messages import said
from model_manager.base.passable import is_kernels
from model_manager.stores.discovered import FoundFile, FoundModel, Leftover
from model_manager.stores.grouping.file_names import is_partial, may_matter
from model_manager.stores.grouping.grouping import group
from model_manager.stores.walk.archives import archives
from model_manager.stores.walk.folder_memory import FolderMemory
from model_manager.stores.walk.folder_models import model_of, models_in, notes_among, unfinished
from model_manager.stores.walk.localdir import has_downloads
from model_manager.stores.walk.plain import Plain, PlainFolder, subfolder, top_folder
from model_manager.stores.walk.store_reader import NAME, StoreReader, forbidden, is_link, lies_below

_DEEPEST = 24
_MOST_IN_A_FOLDER_MODEL = 20_000
_CACHE = os.sep + ".cache"
_VOSK = os.sep + "am"
_PACKAGES = frozenset({"model_index.json", "modules.json"})


@dataclass(slots=True)
class _Visited:
    """The folders met in one walk. `real`: the real path of where it began."""

    real: str
    keys: set[tuple[int, int]] = field(default_factory=set)
    steady: bool = True
    """Whether the folder listed last holds no link and each of its subfolders is read by this walk alone."""


def describe_tree(
    root: str, reader: StoreReader, plain: Plain, remembers: bool = False
) -> Iterator[FoundModel | Leftover]:
    """The models and leftovers below `root`.

    `remembers`: the adapter passes on what is found here as it is, so what `look.memory` says of a folder that has
    not changed holds for the adapter too.
    """
    walk = _Walk(root, reader, plain, reader.memory if remembers else None)
    while walk.waiting:
        reader.step()
        folder = walk.waiting.pop()
        if not walk.is_as_it_was(folder):
            yield from walk.listed(folder)


class _Walk:
    """One walk over plain folders. `waiting`: folders still to be looked at, the next one last."""

    def __init__(self, root: str, reader: StoreReader, plain: Plain, memory: FolderMemory | None) -> None:
        self._look, self._plain, self._memory = reader, plain, memory
        self._visited = _Visited(os.path.realpath(root))
        self._rules = plain.mark() if memory else b""
        self.waiting = [top_folder(root, plain)]

    def is_as_it_was(self, folder: PlainFolder) -> bool:
        """Whether a folder need not be listed: its subfolders wait then as they were known.

        Allowed only where all holds:
        - the folder, and each file in it that may be a model's, has the inode, size, time of writing and change time
          that it had, the rules are the same, and all that was found in it is still in the catalogue (`Memory`);
        - nothing above it was reached by a link, and no link was followed yet in this walk: a link may lead to what is
          met a second time, and which of the names counts depends on the order of the walk;
        - no subfolder has become another root meanwhile.
        """
        memory = self._memory
        if memory is None or folder.apart:
            return False
        below = memory.unchanged(folder.path, self._rules) if not self._visited.keys else None
        inside = os.path.join(folder.path, "")
        if below is None or any(inside + name in self._look.skip for name in below):
            memory.same.discard(folder.path)
            return False
        self.waiting.extend(subfolder(folder, name, inside + name, self._plain) for name in reversed(below))
        return True

    def listed(self, folder: PlainFolder) -> Iterator[FoundModel | Leftover]:
        """What lies in a folder; its subfolders wait, unless they are part of a model that the folder is."""
        reader, plain, memory = self._look, self._plain, self._memory
        # Asked before the folder is listed: what changes after is seen the next time.
        stat = memory.settled(folder.path) if memory is not None and not folder.apart else None
        before = reader.met_problems + len(reader.unread)
        files, folders = _list(folder, reader, self._visited, plain)
        cached = self._has_records(folder, folders)
        whole = self._is_whole(folder)
        if whole or _is_package(files, folders, folder.relative):
            listing = _collect(folder, files, folders, reader, self._visited)
            found = models_in(folder, listing, may_matter(listing), reader, plain, whole, package=True)
            yield from _wanted(found, folder, reader)
            return
        if reader.left_out:
            folders = [below for below in folders if not reader.left_out.has(below.name)]
        self.waiting.extend(reversed(folders))
        mattering = may_matter(files)
        models = models_in(folder, files, mattering, reader, plain, False)
        if folders and files:
            models = itertools.chain(models, archives(folder.path, files, [below.name for below in folders], reader))
        models = _wanted(models, folder, reader)
        if memory is None or stat is None or cached:
            yield from models
            return
        items = []
        for item in models:
            items.append(item)
            yield item
        if before == reader.met_problems + len(reader.unread):
            _keep(memory, folder, self._rules, stat, folders, {name: files[name] for name in mattering}, items)

    def _has_records(self, folder: PlainFolder, folders: list[PlainFolder]) -> bool:
        """Whether a folder may hold records of downloads, which say something of files further down: nothing in it and,
        where it does, below it is remembered. A link may be a `.cache` too."""
        if self._memory is None:
            return False
        may = not self._visited.steady or _CACHE in [below.path[-len(_CACHE) :] for below in folders]
        if may and has_downloads(folder.path):
            for below in folders:
                below.apart = True
        return may

    def _is_whole(self, folder: PlainFolder) -> bool:
        """Whether the tool keeps one model in each folder such as this."""
        relative = folder.relative
        return bool(self._plain.whole) and relative != "" and relative.rpartition("/")[0] in self._plain.whole


def _wanted(
    items: Iterator[FoundModel | Leftover], folder: PlainFolder, reader: StoreReader
) -> Iterator[FoundModel | Leftover]:
    """Without what the person wants left out."""
    return (
        reader.left_out.rest_of(items, folder.path, lambda index: _parts(index, reader)) if reader.left_out else items
    )


def _parts(index: str, reader: StoreReader) -> Iterable[str]:
    """The folders that a pipeline's model_index.json names."""
    named = reader.json(index)
    return named if isinstance(named, dict) else ()


def _keep(
    memory: FolderMemory,
    folder: PlainFolder,
    rules: bytes,
    stat: os.stat_result,
    folders: list[PlainFolder],
    files: Mapping[str, os.DirEntry[str]],
    items: list[FoundModel | Leftover],
) -> None:
    """Remembers a folder, unless something in it has to be looked at each time. `files`: those that may matter."""
    models = [item for item in items if isinstance(item, FoundModel)]
    if len(models) < len(items):
        return
    seen = {file.name: file.stat for model in models for file in model.files}
    for name in files:
        if name not in seen:
            try:
                seen[name] = os.stat(files[name].path)
            except OSError:
                return
    below = [one.name for one in folders]
    memory.keep(folder.path, rules, stat, below, seen, [(model.path, model.name) for model in models])


def found_at(path: str, reader: StoreReader, plain: Plain) -> FoundModel | None:
    """The one model that has a file or folder at `path`, with what belongs beside it; None when there is none."""
    parent, name = os.path.split(path.rstrip(os.sep))
    if silent := reach.silent_mount(path):
        reader.problem(path, "file", said("the drive or share at {0} does not answer", silent))
        reader.unread.append(path)
        return None
    if os.path.isdir(path):
        top = top_folder(path, plain)
        visited = _Visited(os.path.realpath(path))
        files, folders = _list(top, reader, visited, plain)
        listing = _collect(top, files, folders, reader, visited)
        groups = group(list(listing), whole=True)
        return model_of(top, groups[0], listing, reader, plain) if groups else None
    if not os.path.isfile(path):
        return None
    listing, _folders = _list(top_folder(parent, plain, _DEEPEST + 1), reader, _Visited(parent), plain)
    for one in group([other for other in listing if not is_partial(other)]):
        if any(member == name for member, role in one.files if role in ("weights", "adapter", "projector")):
            found = model_of(top_folder(parent, plain), one, listing, reader, plain)
            notes = notes_among([other for other in listing if is_partial(other)], listing, reader)
            return unfinished(found, notes) if found else None
    return _by_content(path, reader, plain)


def _by_content(path: str, reader: StoreReader, plain: Plain) -> FoundModel | None:
    """A file whose name says nothing (a payload of another store), where its content says that it is a model."""
    name, stat = os.path.basename(path), reader.stat(path)
    if stat is None or is_partial(name) or reader.facts(path, stat).format == "unknown":
        return None
    return FoundModel(name, path, (FoundFile(path, stat, "weights", name),), claims=plain.claims)


def _list(
    folder: PlainFolder, reader: StoreReader, visited: _Visited, plain: Plain
) -> tuple[dict[str, os.DirEntry[str]], list[PlainFolder]]:
    files: dict[str, os.DirEntry[str]] = {}
    below: list[os.DirEntry[str]] = []
    entries = reader.listing(folder.path)
    visited.steady = reader.memory is not None and not _links(entries)
    for entry in entries:
        try:
            if entry.is_dir():
                below.append(entry)
            else:
                files[entry.name] = entry
        except OSError:  # a link that leads to itself
            visited.steady = False
    if not below or folder.depth >= _DEEPEST:
        if below and folder.depth == _DEEPEST:
            reader.problem(
                folder.path, "folder", said("what lies more than {0} folders deep is not looked into", _DEEPEST)
            )
        return files, []
    here = ""
    folders: list[PlainFolder] = []
    for entry in sorted(below, key=NAME) if len(below) > 1 else below:
        name = entry.name
        if forbidden(name) or name == "__pycache__" or (plain.passed_over and name.lower() in plain.passed_over):
            continue
        link = is_link(entry)
        if link:
            reader.step()  # following links takes the longest: 100,000 of them a while
            here = here or os.path.realpath(folder.path)
        if _enter(entry, link, here, reader, visited):
            folders.append(subfolder(folder, name, entry.path, plain, link))
        else:
            visited.steady = False
    return files, folders


def _links(entries: list[os.DirEntry[str]]) -> bool:
    try:
        return any(map(os.DirEntry.is_symlink, entries))
    except OSError:
        return True


def _enter(entry: os.DirEntry[str], link: bool, here: str, reader: StoreReader, visited: _Visited) -> bool:
    """Whether to go into a folder: each once, no other root's, no way back up through a link.

    A link to a folder below the root is left to that folder's own name. `here`: of a link, its folder's real path.
    """
    if reader.skip or link:
        real = os.path.realpath(entry.path) if link else entry.path
        if real in reader.skip or (link and lies_below(real, reader.skip)):
            reader.met.add(real)
            return False
        if link and is_kernels(real):
            return False
        if link and (here == real or here.startswith(os.path.join(real, ""))):
            return False
        if link and real.startswith(os.path.join(visited.real, "")):
            return False
    if not link and not visited.keys:
        return True  # without links nothing can be met twice
    try:
        found = os.stat(entry.path)
    except OSError:
        return False
    key = (found.st_dev, found.st_ino)
    if key in visited.keys:
        return False
    visited.keys.add(key)
    return True


def _is_package(files: Mapping[str, object], folders: list[PlainFolder], relative: str) -> bool:
    """Whether a folder and what is below it are read together."""
    if not _PACKAGES.isdisjoint(files) or relative.endswith((".mlmodelc", ".mlpackage")):
        return True
    if "config.json" not in files and not any(folder.path.endswith(_VOSK) for folder in folders):
        return False
    below = {folder.name for folder in folders}
    if "config.json" in files and below & {"onnx", "openvino"}:
        return True
    return "am" in below and bool(below & {"conf", "graph", "ivector"})


def _collect(
    top: PlainFolder,
    files: dict[str, os.DirEntry[str]],
    folders: list[PlainFolder],
    reader: StoreReader,
    visited: _Visited,
) -> dict[str, os.DirEntry[str]]:
    """Every file below a folder model, by relative path."""
    listing = dict(files)
    waiting = list(folders)
    while waiting and len(listing) < _MOST_IN_A_FOLDER_MODEL:
        reader.step()
        folder = waiting.pop()
        inner, deeper = _list(folder, reader, visited, Plain())
        prefix = folder.relative[len(top.relative) :].strip("/") + "/"
        listing.update({prefix + name: entry for name, entry in inner.items()})
        waiting.extend(deeper)
    return listing
