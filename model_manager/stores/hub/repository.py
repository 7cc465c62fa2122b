"""A repository in the Hugging Face cache layout, used by huggingface_hub, llama.cpp, Buzz, SD.Next and many more.

The layout stands in `layout`. Plain `scandir` and `readlink`: a seventh of scan_cache_dir's time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from model_manager.base import reach
from model_manager.base.errors import reason_of
from model_manager.base.set_aside import WHY, lies_aside
from model_manager.base.text import later
from model_manager.stores.hub.layout import COMMIT, UNFINISHED, etag_in, id_of
from model_manager.stores.walk.folder_memory import Whole
from model_manager.stores.walk.store_reader import NAME, StoreReader, is_folder, is_link

_DEEPEST = 16
_REFS, _BLOBS = os.sep + "refs", os.sep + "blobs"
SNAPSHOTS = os.sep + "snapshots"
Key = tuple[int, int]


class SnapshotFile(NamedTuple):
    """One snapshot file: where its name is, what it leads to, the blob's name when it is a link.

    `blob`: the name in the repository's own `blobs`, empty when the link leads elsewhere.
    """

    path: str
    stat: os.stat_result
    etag: str
    blob: str


class RepositoryDoubt(NamedTuple):
    """A part of a repository of which it is not known what it names, and why in words."""

    path: str
    why: str


@dataclass(slots=True)
class Repository:
    path: str
    id: str
    refs: dict[str, str] = field(default_factory=dict)  # commit -> ref
    snapshots: dict[str, dict[str, SnapshotFile]] = field(default_factory=dict)
    dangling: dict[str, list[str]] = field(default_factory=dict)
    blobs: dict[str, os.DirEntry[str]] = field(default_factory=dict)
    doubts: list[RepositoryDoubt] = field(default_factory=list)
    whole: Whole | None = None
    """What gathers the folders and files that this is read from."""

    @property
    def certain(self) -> bool:
        """Whether all of it could be read: else nothing in it is called unused."""
        return not self.doubts

    def doubt(self, path: str, why: str) -> None:
        self.doubts.append(RepositoryDoubt(path, why))

    def used(self) -> set[Key]:
        return {key_of(one.stat) for files in self.snapshots.values() for one in files.values()}

    def is_tidy(self) -> bool:
        """Whether every revision has a name and every blob is linked to: then nothing in it can be left over."""
        if any(name.endswith(UNFINISHED) for name in self.blobs) or not self.refs.keys() >= self.snapshots.keys():
            return False
        return {one.blob for files in self.snapshots.values() for one in files.values()}.issuperset(self.blobs)

    def looks_at(self, path: str) -> None:
        """Said before a folder is listed or a file read."""
        if self.whole is not None:
            self.whole.look(path)

    def stands_alone(self) -> bool:
        """Whether nothing else can use a file of it, nor it a file of something else: every file of its revisions is a
        link to a blob of its own, which is no link and has no second name."""
        if not self.certain or not self.is_tidy() or any(self.dangling.values()) or not self.snapshots:
            return False
        if os.path.islink(self.path + SNAPSHOTS):
            return False
        for files in self.snapshots.values():
            for entry in files.values():
                blob = self.blobs.get(entry.blob)
                if blob is None or is_link(blob) or entry.stat.st_nlink != 1:
                    return False
        return True

    def keep(self, found: Iterable[tuple[str, str]]) -> None:
        """Lets the next scan believe this repository while nothing that it was read from changes.

        Allowed only where it stands alone: then what is left over in another repository, or in the cache-wide store,
        cannot depend on it, and it need not be read to tell.
        """
        if self.whole is None or not self.stands_alone():
            return
        for files in self.snapshots.values():
            for entry in files.values():
                self.whole.add(self.path + _BLOBS + os.sep + entry.blob, entry.stat)
        self.whole.keep(found)


def key_of(stat: os.stat_result) -> Key:
    """One file, whatever its names, while nothing is remounted."""
    return stat.st_dev, stat.st_ino


def read_repository(path: str, name: str, reader: StoreReader, whole: Whole | None = None) -> Repository:
    """`whole`: what shall gather everything that it is read from, so that it may be remembered."""
    repo = Repository(path, id_of(name), whole=whole)
    for ref, commit in _refs(repo, reader):
        repo.refs.setdefault(commit, ref)
    repo.blobs = {entry.name: entry for entry in _listed(repo, path + _BLOBS, reader)}
    blobs = {} if os.path.islink(path + SNAPSHOTS) else repo.blobs  # `..` means another folder behind a link
    for entry in sorted(_listed(repo, path + SNAPSHOTS, reader), key=NAME):
        if entry.is_symlink():  # the hub makes none here: what such a link leads to is not known to be unused
            repo.doubt(entry.path, later("it is a link in the place of a revision"))
        elif is_folder(entry):
            repo.snapshots[entry.name], repo.dangling[entry.name] = _snapshot(entry.path, blobs, repo, reader)
        else:
            repo.doubt(entry.path, later("it is no folder of a revision"))
    if repo.blobs:
        _must_name_something(repo)
    return repo


def _must_name_something(repo: Repository) -> None:
    """Doubt where revisions that were here are not: they may lie on a drive that is not connected."""
    if not any(repo.snapshots.values()) and not any(repo.dangling.values()):
        repo.doubt(repo.path + SNAPSHOTS, later("no file of any revision is there"))
    for commit, files in repo.snapshots.items():
        if not files and not repo.dangling[commit]:
            repo.doubt(f"{repo.path}{SNAPSHOTS}{os.sep}{commit}", later("no file of this revision is there"))
        for one in files.values():
            if not one.blob and not os.path.islink(one.path):
                repo.doubt(one.path, later("it is a file in the place of a link to a blob"))
                break
    if not repo.refs:
        repo.doubt(repo.path + _REFS, later("no branch or tag is there"))
    for commit, ref in repo.refs.items():
        if commit not in repo.snapshots:
            repo.doubt(f"{repo.path}{_REFS}/{ref}", later("it names a revision that is not there"))


def _listed(repo: Repository, folder: str, reader: StoreReader) -> list[os.DirEntry[str]]:
    """A folder's entries; doubt where it cannot be read or is a link that leads nowhere."""
    before = len(reader.unread)
    entries = []
    repo.looks_at(folder)
    for entry in reader.listing(folder):
        if lies_aside(entry.name):
            repo.doubt(entry.path, WHY)
        else:
            entries.append(entry)
    if len(reader.unread) > before:
        repo.doubt(folder, reader.problems[-1].why)
    elif not entries and os.path.islink(folder) and not reach.is_dir(folder):
        why = later("it is a link that leads nowhere now")
        reader.problem(folder, "folder", why)
        reader.unread.append(folder)
        repo.doubt(folder, why)
    return entries


def _refs(repo: Repository, reader: StoreReader) -> Iterator[tuple[str, str]]:
    waiting = [(repo.path + _REFS, "")]
    while waiting:
        path, prefix = waiting.pop()
        for entry in sorted(_listed(repo, path, reader), key=NAME):
            if is_folder(entry, links=False):
                waiting.append((entry.path, f"{prefix}{entry.name}/"))
                continue
            repo.looks_at(entry.path)
            text = reader.small(entry.path, 4096)
            commit = text.decode("ascii", "replace").strip() if text else ""
            if not COMMIT.match(commit):
                repo.doubt(entry.path, later("it does not say which revision it means"))
            if commit:
                yield prefix + entry.name, commit


def _snapshot(
    folder: str, blobs: Mapping[str, os.DirEntry[str]], repo: Repository, reader: StoreReader
) -> tuple[dict[str, SnapshotFile], list[str]]:
    """The files of one revision by relative path, and the names that lead nowhere.

    A link into the repository's `blobs` is not followed by the system: their listing knows them already.
    """
    files: dict[str, SnapshotFile] = {}
    dangling: list[str] = []
    waiting = [(folder, "", 0)]
    while waiting:
        path, prefix, depth = waiting.pop()
        beginning = "../" * (depth + 2) + "blobs/"
        for entry in _listed(repo, path, reader):
            name, link, blob = prefix + entry.name, "", None
            try:
                if entry.is_symlink():
                    link = os.readlink(entry.path)
                    own = link[len(beginning) :] if link.startswith(beginning) else ""
                    blob = blobs.get(own)
                    stat, etag = (os.stat(entry.path), etag_in(link)) if blob is None else (blob.stat(), own)
                elif not entry.is_dir():
                    stat, etag, own = entry.stat(), "", ""
                else:
                    if depth < _DEEPEST:
                        waiting.append((entry.path, name + "/", depth + 1))
                    else:
                        repo.doubt(entry.path, later("its folders are too deep: not all of it could be looked at"))
                    continue
            except FileNotFoundError:
                dangling.append(name)
                if not link.startswith(beginning):
                    repo.doubt(entry.path, later("it is a link that leads nowhere now"))
                continue
            except OSError as error:
                reader.problem(entry.path, "file", reason_of(error))
                repo.doubt(entry.path, reason_of(error))
                continue
            if (stat.st_mode & 0o170000) == 0o100000:
                files[name] = SnapshotFile(entry.path, stat, etag, own)
                if blob is None and link and not _is_inside(entry.path, repo.path):
                    repo.doubt(entry.path, later("it is a link that leads out of the repository"))
            else:
                repo.doubt(entry.path, later("it is neither a file nor a link to one"))
    return files, dangling


def _is_inside(path: str, repo: str) -> bool:
    """Whether a link leads to a blob of its repository or to the cache-wide store, however it is written."""
    real = reach.realpath(path)
    stores = (repo + _BLOBS, os.path.dirname(repo) + _BLOBS)
    return any(real.startswith(os.path.join(reach.realpath(store), "")) for store in stores)
