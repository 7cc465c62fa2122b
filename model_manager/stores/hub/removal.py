"""How a model leaves a Hugging Face cache: by the plan that its library computes, as our parts.

Nothing goes that the layout does not know, nothing through a link, and no blob that a link of another repository leads
to: a person's notes in a revision or a document among the blobs keep the folders that they lie in.

The order is the library's own: snapshot entries, refs, blobs that no revision leads to any more, and the
payload of the cache-wide store when this was the last repository that leads to it (huggingface_hub 2.4:
utils/_cache_manager.py, utils/_shared_blobs.py). A payload whose `.refs` is missing is never removed.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field

from model_manager.base.errors import reason_of
from model_manager.base.facts import Facts
from model_manager.base.messages import said
from model_manager.base.reading import read_small
from model_manager.base.set_aside import WHY, lies_aside
from model_manager.base.text import later
from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.grouping.file_names import is_weights
from model_manager.stores.grouping.known_files import is_known
from model_manager.stores.hub.layout import (
    COMMIT,
    ETAG,
    IN_REPOSITORY,
    IN_SNAPSHOT,
    MODELS,
    OWN,
    PAYLOAD,
    UNFINISHED,
    is_repository,
)
from model_manager.stores.hub.repository import read_repository
from model_manager.stores.parts import CannotRemove, Going, Part, Placed
from model_manager.stores.walk.removal import saying
from model_manager.stores.walk.running_downloads import must_not_be_fetched
from model_manager.stores.walk.store_reader import StoreReader

_DEEPEST = 16


@dataclass(slots=True)
class _Repo:
    """One repository as it is now: entries by path with the blob each leads to ("" for a file of its own)."""

    path: str
    snapshots: dict[str, dict[str, str]] = field(default_factory=dict)
    refs: dict[str, list[str]] = field(default_factory=dict)

    def named(self, commit: str) -> bool:
        return commit in self.refs


def remove_from_hub(root: FoundRoot, places: Sequence[Placed]) -> Iterator[Part]:
    """The entries of these places, what nothing names after them, and the rest of a revision without weights."""
    by_repo: dict[str, set[str]] = {}
    for place in places:
        for file in place.files:
            match = IN_SNAPSHOT.match(file.path)
            if match and file.path not in place.elsewhere:
                by_repo.setdefault(match["repo"], set()).add(file.path)
    if places and not by_repo:
        raise CannotRemove(
            said("clear away"),
            places[0].path,
            said("none of its files is its alone"),
            said("clear away the whole model, or scan again"),
        )
    stay = frozenset(path for place in places for path in place.elsewhere)
    blobs: set[str] = set()
    for path, entries in by_repo.items():
        must_not_be_fetched(os.path.join(path, "blobs", "x"))
        repo = _read(path)
        yield from _remove(repo, _with_unnamed(repo, entries), blobs, stay)
    yield from _payloads(root.path, blobs)


def remove_hub_leftover(root: FoundRoot, leftover: Leftover) -> Iterator[Part]:
    """An orphan, a partial download, or a revision that nothing names; looked at once more."""
    match = IN_REPOSITORY.match(leftover.path)
    must_not_be_fetched(leftover.path)
    if PAYLOAD.match(leftover.path) and not match:
        _must_all_be_whole(root.path, leftover.path)
        parts = list(_payload(leftover.path, root.path, set()))
        if not parts:
            raise CannotRemove(
                said("clear away"), leftover.path, said("a repository leads to these bytes now, or the note beside them is missing"),
                said("scan again; without that note the Hugging Face library never removes them, and neither do we"),
            )  # fmt: skip
        yield from parts
        return
    blobs: set[str] = set()
    if match is None or leftover.kind == "partial":
        yield Going(leftover.path, leftover.of or said("an unfinished download"))
        return
    repo = _read(match["repo"])
    _must_be_whole(match["repo"], leftover.path)
    if match["what"] == "snapshots":
        if repo.named(match["name"]):
            raise CannotRemove(
                said("clear away"), leftover.path, said("a branch or tag names this revision now"), said("scan again")
            )
        yield from _remove(repo, set(repo.snapshots.get(match["name"], {})), blobs)
        yield from _payloads(root.path, blobs)
        return
    blob = os.path.join(os.path.realpath(os.path.dirname(leftover.path)), match["name"])
    if any(blob == other for files in repo.snapshots.values() for other in files.values()) or blob in _led_to(repo):
        raise CannotRemove(
            said("clear away"), leftover.path, said("a revision leads to this blob now"), said("scan again")
        )
    yield Going(blob, said("no revision names this blob"))
    yield from _payloads(root.path, {blob})


def _remove(repo: _Repo, entries: set[str], gone: set[str], stay: Set[str] = frozenset()) -> Iterator[Part]:
    """What goes of one repository; the blobs that go are added to `gone`. A revision with a path of `stay` does not."""
    going = _Going(repo, entries, stay)
    parts = [Going(repo.path, going.why)] if going.is_all else [*going.parts()]
    names = ", ".join(os.path.basename(path) for path in going.stays[:3]) + (" …" if len(going.stays) > 3 else "")
    if going.stays and parts:
        parts[0] = saying(parts[0], names)
    gone.update(going.blobs)
    yield from parts


class _Going:
    """What goes of a repository when these entries do."""

    def __init__(self, repo: _Repo, entries: set[str], stay: Set[str]) -> None:
        self.repo = repo
        self._own = os.path.join(os.path.realpath(os.path.join(repo.path, "blobs")), "")
        self.emptied = [
            commit for commit, files in repo.snapshots.items() if not stay & set(files) and _goes_whole(files, entries)
        ]
        for commit in self.emptied:
            entries |= {path for path, blob in repo.snapshots[commit].items() if self._is_layouts(path, blob)}
        refused = {path for files in repo.snapshots.values() for path, blob in files.items()
                   if path in entries and not self._is_layouts(path, blob)}  # fmt: skip
        entries -= refused
        self.entries = entries
        left = {blob for files in repo.snapshots.values() for path, blob in files.items() if path not in entries}
        left |= _led_to(repo)
        own_folder = not os.path.islink(os.path.join(repo.path, "blobs"))  # what lies elsewhere is not the cache's
        self.blobs = dict.fromkeys(
            blob for files in repo.snapshots.values() for path, blob in files.items()
            if path in entries and own_folder and blob.startswith(self._own) and blob not in left and os.path.lexists(blob)
        )  # fmt: skip
        unknown = {path for commit in self.emptied for path in repo.snapshots[commit] if path not in entries}
        self.stays = sorted(unknown | refused)
        others = [commit for commit, files in repo.snapshots.items() if files and commit not in self.emptied]
        whole = not others and not self.stays and self._leads_inside()
        self.stays += self._foreign(left) if not others else []
        self.is_all = bool(self.emptied) and whole and not self.stays and _is_the_librarys(repo)

    @property
    def why(self) -> str:
        if os.path.islink(self.repo.path):
            return later("the link to the whole repository: what it leads to stays")
        return later("the whole repository: nothing else of it is used")

    def parts(self) -> Iterator[Going]:
        if os.path.islink(self.repo.path):
            raise CannotRemove(
                said("clear away"), self.repo.path, said("it is a link, and nothing is removed through one"),
                said("remove the model where the link leads to"),
            )  # fmt: skip
        inside: set[str] = set()
        for commit in self.emptied:
            files = self.repo.snapshots[commit]
            if self.entries.issuperset(files):
                inside |= set(files)
                folder = os.path.join(self.repo.path, "snapshots", commit)
                yield Going(folder, later("a revision of which nothing else is used"))
            for ref in self.repo.refs.get(commit, ()):
                yield Going(ref, later("names the revision that goes"))
        for path in sorted(self.entries - inside):
            yield Going(path, later("its name in the repository"))
        for blob in self.blobs:
            link = os.path.islink(blob)
            yield Going(
                blob,
                later("a link in the place of its bytes: what it leads to stays")
                if link and not _payload_of(blob)
                else later("its bytes: no revision leads to them any more"),
            )

    def _is_layouts(self, path: str, blob: str) -> bool:
        """Whether the library may have put this entry into a revision: a link to its blobs, or a file of a model's form."""
        return blob.startswith(self._own) or is_known(path)

    def _leads_inside(self) -> bool:
        """Whether every link of the revisions that go leads to a blob of this very repository."""
        return all(not blob or blob.startswith(self._own)
                   for commit in self.emptied for blob in self.repo.snapshots[commit].values())  # fmt: skip

    def _foreign(self, left: Set[str]) -> list[str]:
        """What lies in the repository that the library never made, and blobs that are led to from elsewhere."""
        found = []
        blobs = os.path.join(self.repo.path, "blobs")
        for name in _names(blobs):
            path = os.path.join(blobs, name)
            known = ETAG.match(name) and not (os.path.isdir(path) and not os.path.islink(path))
            if (not known and not name.endswith(UNFINISHED)) or self._own + name in left:
                found.append(path)
        for path in _files(os.path.join(self.repo.path, "trees"), 0):
            if not re.fullmatch(r"[0-9a-f]{40}\.json", os.path.basename(path)):
                found.append(path)
        for path in _files(os.path.join(self.repo.path, ".no_exist"), 0):
            if os.path.islink(path) or os.lstat(path).st_size:
                found.append(path)
        for commit, refs in self.repo.refs.items():
            if not COMMIT.match(commit):
                found += refs
        found += [os.path.join(self.repo.path, name) for name in _names(self.repo.path) if name not in OWN]
        snapshots = os.path.join(self.repo.path, "snapshots")
        return found + [os.path.join(snapshots, name) for name in _names(snapshots) if name not in self.repo.snapshots]


def _led_to(repo: _Repo) -> set[str]:
    """The blobs of a repository that links in other repositories of its cache lead to."""
    cache, own = os.path.split(repo.path)
    blobs = os.path.join(os.path.realpath(os.path.join(repo.path, "blobs")), "")
    found: set[str] = set()
    for other in _names(cache):
        if other == own or not is_repository(other):
            continue
        for folder in ("snapshots", "blobs"):
            top = os.path.join(cache, other, folder)
            try:
                links = [path for path in _files(top, 0) if os.path.islink(path)] if os.path.isdir(top) else []
            except (OSError, CannotRemove):
                continue
            for path in links:
                target = os.path.join(os.path.realpath(os.path.dirname(path)), os.readlink(path))
                target = os.path.join(os.path.realpath(os.path.dirname(target)), os.path.basename(target))
                if target.startswith(blobs):
                    found.add(target)
    return found


def _must_all_be_whole(cache: str, of: str) -> None:
    """The same of all repositories of a cache, where a blob that is not there may be one that led to a payload."""
    for name in _names(cache):
        path = os.path.join(cache, name)
        if lies_aside(name):
            raise CannotRemove(said("clear away"), path, WHY, said("then scan again"))
        if name.startswith(MODELS) and os.path.isdir(path):
            _must_be_whole(path, of, True)


def _must_be_whole(path: str, of: str, blobs: bool = False) -> None:
    """CannotRemove while a part of a repository cannot be read, or leads nowhere: it may name what seems unused."""
    repo = read_repository(path, os.path.basename(path), StoreReader(lambda _path, _stat: Facts("unknown")))
    if blobs and any(repo.dangling.values()):
        repo.doubt(path, later("some of its blobs are not there"))
    if repo.doubts:
        place, why = repo.doubts[0]
        raise CannotRemove(
            said("clear away"),
            of,
            said("{0} may name it: {1}", place, why),
            said("connect its drive or repair it, and scan again"),
        )


def _payloads(cache: str, blobs: set[str]) -> Iterator[Part]:
    """The payloads of the cache-wide store that only these blobs lead to."""
    for payload in sorted({payload for blob in blobs if (payload := _payload_of(blob))}):
        yield from _payload(payload, cache, blobs)


def _goes_whole(files: dict[str, str], entries: set[str]) -> bool:
    """Whether no weights are left in a revision: READMEs and settings alone are of no use to anybody."""
    if not entries & set(files):
        return False
    return not any(is_weights(os.path.basename(path)) for path in files if path not in entries)


def _with_unnamed(repo: _Repo, entries: set[str]) -> set[str]:
    """Revisions without a name that lead to the same blobs would keep them from coming back: their entries go too."""
    blobs = {blob for files in repo.snapshots.values() for path, blob in files.items() if path in entries and blob}
    unnamed = {
        path
        for commit, files in repo.snapshots.items()
        if repo.refs and not repo.named(commit)
        for path, blob in files.items()
        if blob in blobs
    }
    return entries | unnamed


def _read(path: str) -> _Repo:
    """The repository as it is now. CannotRemove when a part of it cannot be read: then nothing is known unused."""
    repo = _Repo(path)
    for folder, folders, files in os.walk(path):
        if aside := next(filter(lies_aside, (*folders, *files)), ""):
            raise CannotRemove(said("clear away"), os.path.join(folder, aside), WHY, said("then scan again"))
    try:
        for commit in _names(os.path.join(path, "snapshots")):
            folder = os.path.join(path, "snapshots", commit)
            if os.path.isdir(folder):
                repo.snapshots[commit] = dict(_entries(folder, 0))
        for ref in _files(os.path.join(path, "refs"), 0):
            commit = read_small(ref, 4096).decode("ascii", "replace").strip()
            repo.refs.setdefault(commit, []).append(ref)
    except OSError as error:
        raise CannotRemove(
            said("clear away"), path, said("the repository cannot be read: {0}", reason_of(error))
        ) from error
    return repo


def _entries(folder: str, depth: int) -> Iterator[tuple[str, str]]:
    for path in _files(folder, depth):
        if not os.path.islink(path):
            yield path, ""
            continue
        target = os.path.join(os.path.realpath(os.path.dirname(path)), os.readlink(path))
        yield path, os.path.join(os.path.realpath(os.path.dirname(target)), os.path.basename(target))


def _files(folder: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise CannotRemove(
            said("clear away"), folder, said("its folders are too deep: not all of it could be looked at")
        )
    for name in _names(folder):
        path = os.path.join(folder, name)
        if os.path.isdir(path) and not os.path.islink(path):
            yield from _files(path, depth + 1)
        else:
            yield path


def _names(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def _is_the_librarys(repo: _Repo) -> bool:
    """Whether a repository's folder holds nothing but what the library put there, and no download that has begun.

    Blobs that no revision names go with it, as they do when the library removes its last revision. None of its folders
    is a link: what is behind one is somebody's own arrangement.
    """
    if any(name.endswith(UNFINISHED) for name in _names(os.path.join(repo.path, "blobs"))):
        return False
    return not any(os.path.islink(os.path.join(repo.path, name)) for name in OWN)


def _payload_of(blob: str) -> str:
    """The cache-wide payload that a repository's blob leads to; empty when the blob is the file itself."""
    if not os.path.islink(blob):
        return ""
    target = os.path.normpath(os.path.join(os.path.realpath(os.path.dirname(blob)), os.readlink(blob)))
    return target if PAYLOAD.match(target) else ""


def _payload(payload: str, cache: str, going: set[str]) -> Iterator[Part]:
    """The payload with its notes, if every blob that leads to it goes. Without its `.refs` it stays for ever.

    What cannot be read may lead to it: then it stays too, as the library would have it.
    """
    refs = payload + ".refs"
    gone = {os.path.realpath(os.path.dirname(path)) + os.sep + os.path.basename(path) for path in going}
    try:
        read_small(refs)
        is_used = any(path not in gone for path in _leading_to(payload, cache))
    except OSError:
        return
    if is_used:
        return
    yield Going(payload, said("its bytes: no repository leads to them any more"))
    for note in (refs, payload + ".lock"):
        if os.path.lexists(note):
            yield Going(note, said("the cache's note about these bytes"))


def _leading_to(payload: str, cache: str) -> Iterator[str]:
    """The blobs of any repository of a cache, of whatever type, that lead to a payload. Raises OSError."""
    real = os.path.realpath(payload)
    for repository in _names(cache):
        folder = os.path.join(cache, repository, "blobs")
        if lies_aside(repository):
            raise OSError(errno.EBUSY, said("a repository lies aside, and may come back"), folder)
        if "--" not in repository or not os.path.isdir(folder):
            for link in (os.path.join(cache, repository), folder):
                if "--" in repository and os.path.islink(link) and not os.path.isdir(link):
                    raise OSError(errno.ENOENT, said("a link that leads nowhere now"), link)
            continue
        for name in _names(folder):
            path = os.path.join(os.path.realpath(folder), name)
            if os.path.islink(path) and os.path.realpath(path) == real:
                yield path
