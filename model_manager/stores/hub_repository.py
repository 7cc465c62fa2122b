"""A repository in the Hugging Face cache layout, used by huggingface_hub, llama.cpp, Buzz, SD.Next and many more.

`models--<org>--<name>/{refs,snapshots/<commit>,blobs,trees}`; snapshot entries link to `blobs/<etag>`, which
since huggingface_hub 1.32 may itself link to the cache-wide `blobs/<2 hex>/<xet>`; without symlinks (Windows)
the files lie in the snapshots. Read from huggingface_hub 2.4: file_download.py, utils/_cache_manager.py,
utils/_shared_blobs.py, _tree_cache.py. Plain `scandir` and `readlink`: a seventh of scan_cache_dir's time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from model_manager.base.errors import reason_of
from model_manager.stores.look import Look, is_folder

_DEEPEST = 16
_REFS, _BLOBS = os.sep + "refs", os.sep + "blobs"
SNAPSHOTS = os.sep + "snapshots"
Key = tuple[int, int]


class Entry(NamedTuple):
    """One snapshot file: where its name is, what it leads to, the blob's name when it is a link.

    `blob`: the name in the repository's own `blobs`, empty when the link leads elsewhere.
    """

    path: str
    stat: os.stat_result
    etag: str
    blob: str


@dataclass(slots=True)
class Repository:
    path: str
    id: str
    refs: dict[str, str] = field(default_factory=dict)  # commit -> ref
    snapshots: dict[str, dict[str, Entry]] = field(default_factory=dict)
    dangling: dict[str, list[str]] = field(default_factory=dict)
    blobs: dict[str, os.DirEntry[str]] = field(default_factory=dict)
    certain: bool = True
    """Whether all of it could be read: else nothing in it is called an orphan."""

    def used(self) -> set[Key]:
        return {key_of(one.stat) for files in self.snapshots.values() for one in files.values()}

    def is_tidy(self) -> bool:
        """Whether every revision has a name and every blob is linked to: then nothing in it can be left over."""
        if any(name.endswith(".incomplete") for name in self.blobs) or not self.refs.keys() >= self.snapshots.keys():
            return False
        return {one.blob for files in self.snapshots.values() for one in files.values()}.issuperset(self.blobs)


def key_of(stat: os.stat_result) -> Key:
    """One file, whatever its names, while nothing is remounted."""
    return stat.st_dev, stat.st_ino


def read_repository(path: str, name: str, look: Look) -> Repository:
    before = len(look.unread)
    repo = Repository(path, name.removeprefix("models--").replace("--", "/"))
    for ref, commit in _refs(path + _REFS, look):
        repo.refs.setdefault(commit, ref)
    repo.blobs = {entry.name: entry for entry in look.listing(path + _BLOBS)}
    blobs = {} if os.path.islink(path + SNAPSHOTS) else repo.blobs  # `..` means another folder behind a link
    for entry in look.entries(path + SNAPSHOTS):
        if entry.is_symlink():
            repo.certain = False  # the hub makes none here: what such a link leads to is not known to be unused
        elif is_folder(entry):
            repo.snapshots[entry.name], repo.dangling[entry.name] = _snapshot(entry.path, blobs, look)
    repo.certain = repo.certain and len(look.unread) == before
    return repo


def _refs(folder: str, look: Look) -> Iterator[tuple[str, str]]:
    waiting = [(folder, "")]
    while waiting:
        path, prefix = waiting.pop()
        for entry in look.entries(path):
            if is_folder(entry, links=False):
                waiting.append((entry.path, f"{prefix}{entry.name}/"))
            elif text := look.small(entry.path, 4096):
                yield prefix + entry.name, text.decode("ascii", "replace").strip()


def _snapshot(folder: str, blobs: Mapping[str, os.DirEntry[str]], look: Look) -> tuple[dict[str, Entry], list[str]]:
    """The files of one revision by relative path, and the names that lead nowhere.

    A link into the repository's `blobs` is not followed by the system: their listing knows them already.
    """
    files: dict[str, Entry] = {}
    dangling: list[str] = []
    waiting = [(folder, "", 0)]
    while waiting:
        path, prefix, depth = waiting.pop()
        beginning = "../" * (depth + 2) + "blobs/"
        for entry in look.listing(path):
            name = prefix + entry.name
            try:
                if entry.is_symlink():
                    link = os.readlink(entry.path)
                    own = link[len(beginning) :] if link.startswith(beginning) else ""
                    blob = blobs.get(own)
                    stat, etag = (os.stat(entry.path), _etag(link)) if blob is None else (blob.stat(), own)
                elif not entry.is_dir():
                    stat, etag, own = entry.stat(), "", ""
                else:
                    if depth < _DEEPEST:
                        waiting.append((entry.path, name + "/", depth + 1))
                    continue
            except FileNotFoundError:
                dangling.append(name)
                continue
            except OSError as error:
                look.problem(entry.path, "file", reason_of(error))
                continue
            if (stat.st_mode & 0o170000) == 0o100000:
                files[name] = Entry(entry.path, stat, etag, own)
    return files, dangling


def _etag(link: str) -> str:
    """The blob's name when a link leads into a repository's `blobs/`: below a cache-wide store names are Xet hashes."""
    above, _, name = link.replace("\\", "/").rpartition("/")
    return name if above == "blobs" or above.endswith("/blobs") else ""
