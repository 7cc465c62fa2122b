"""The models of a Hugging Face cache, and what is left over in it (its layout: see `layout`)."""

from __future__ import annotations

import functools
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base import reach
from model_manager.base.facts import Claim, Health
from model_manager.base.messages import figure, said
from model_manager.base.set_aside import WHY, lies_aside
from model_manager.base.text import later
from model_manager.stores.discovered import FoundFile, FoundModel, Leftover, Sha256Source, Source, on_disk
from model_manager.stores.grouping.file_names import is_weights, may_matter, stem_of
from model_manager.stores.grouping.grouping import FileGroup, each_alone, group, is_pipeline, missing_health
from model_manager.stores.hub.layout import ETAG, MODELS, is_repository
from model_manager.stores.hub.repository import SNAPSHOTS, Key, Repository, SnapshotFile, key_of, read_repository
from model_manager.stores.walk.folder_memory import Whole, digest
from model_manager.stores.walk.running_downloads import Locks
from model_manager.stores.walk.store_reader import NAME, StoreReader, is_folder, is_link

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_HEX = "0123456789abcdef"
_MOST_SHARED = 2_000
_HEAVY = ("weights", "adapter", "projector")
_TREES = os.sep + "trees"
_LARGEST_TREE = 8 << 20
"""Bytes: 300 for each file of a repository, so 25,000 of them; beyond it the sizes of its files are not compared."""


@dataclass(slots=True)
class _Cache:
    """What was met of one cache while its repositories were read."""

    root: str
    repos: list[Repository] = field(default_factory=list)
    """Those of models that were read; one that is as it was stands alone and is not among them."""
    others: list[str] = field(default_factory=list)
    """The blobs' folders of data sets, spaces and kernels: they count as users, they are no models."""
    lost: bool = False
    """Whether a repository may be there that cannot be seen now."""


def describe_hub(root: str, reader: StoreReader, claims: tuple[Claim, ...] = ()) -> Iterator[FoundModel | Leftover]:
    """Every model of every repository of a cache, then partial downloads, orphans and revisions without a name.

    Payloads of the cache-wide store may belong to repositories of any type, so what is left over is known only when
    all have been read.
    """
    cache = _Cache(root)
    rules = digest("repository", claims)
    for entry in reader.entries(root):
        if _is_seen(entry, cache, reader):
            reader.step()
            if entry.name.startswith(MODELS):
                yield from _repository(entry, cache, rules, claims, reader)
            else:
                cache.others.append(os.path.join(entry.path, "blobs"))
    yield from _left_over(cache, reader)


def _is_seen(entry: os.DirEntry[str], cache: _Cache, reader: StoreReader) -> bool:
    """Whether an entry of the cache is a repository that can be read; notes where one may be missing."""
    if lies_aside(entry.name):
        reader.problem(entry.path, "repository", WHY)
        cache.lost = True
    if not is_repository(entry.name):
        return False
    if is_folder(entry):
        return True
    cache.lost = True
    if is_link(entry):
        reader.problem(entry.path, "folder", later("it is a link that leads nowhere now"))
        reader.unread.append(entry.path)
    return False


def _repository(
    entry: os.DirEntry[str], cache: _Cache, rules: bytes, claims: tuple[Claim, ...], reader: StoreReader
) -> Iterator[FoundModel]:
    """The models of a repository, unless it is as it was: then the catalogue has them (`Repository.keep` says when)."""
    whole = Whole(reader.memory, entry.path, cache.root, rules)
    if whole.unchanged() is not None:
        return
    before = reader.met_problems + len(reader.unread)
    whole.look(entry.path)
    repo = read_repository(entry.path, entry.name, reader, whole if reader.memory else None)
    cache.repos.append(repo)
    found = []
    for model in _models(repo, reader, claims):
        found.append((model.path, model.name))
        yield model
    if before == reader.met_problems + len(reader.unread):
        repo.keep(found)


def _left_over(cache: _Cache, reader: StoreReader) -> Iterator[Leftover]:
    """What nothing uses. Repositories that are as they were have nothing of it and use nothing of it."""
    repos, others = cache.repos, cache.others
    shared = os.path.join(cache.root, "blobs")
    is_shared = reach.is_dir(shared)
    untidy = [repo for repo in repos if not repo.is_tidy()]
    if not untidy and not is_shared:
        return
    users = Counter(key for repo in repos for key in repo.used())
    if is_shared:
        for folder in others:
            users.update(key_of(stat) for entry in reader.entries(folder) if (stat := reader.stat(entry.path)))
    told: set[Key] = set()
    locks = Locks()
    for repo in untidy:
        yield from _leftovers(repo, users, told, locks, reader)
    lost = cache.lost or not all(reach.is_dir(folder) for folder in others)
    lost = lost or any(any(repo.dangling.values()) or not (repo.snapshots or repo.blobs) for repo in repos)
    if not lost and all(repo.certain for repo in repos) and not {cache.root, *others} & set(reader.unread):
        yield from _shared_orphans(shared, set(users) | told, reader)


def _models(repo: Repository, reader: StoreReader, claims: tuple[Claim, ...]) -> Iterator[FoundModel]:
    named = [commit for commit in repo.snapshots if commit in repo.refs] or list(repo.snapshots)
    publisher = Claim("publisher", repo.id.split("/")[0], "folder", said("the repository's owner"))
    claims = (*claims, Claim("source_repo", repo.id, "sidecar", said("the cache's folder")), publisher)
    for commit in named:
        files = repo.snapshots[commit]
        tree = _tree(repo, commit, reader)
        lost = [name for name in repo.dangling[commit] if is_weights(name)]
        groups = [one for one in _groups(frozenset((*files, *lost))) if _is_model(one, files, lost)]
        others = _others(groups, files)
        for number, one in enumerate(groups):
            more = others if number == 0 or len(others) * len(groups) <= _MOST_SHARED else ()
            yield _found(repo, commit, one, files, tree, lost, claims, more)


@functools.lru_cache(64)
def _groups(names: frozenset[str]) -> tuple[FileGroup, ...]:
    """The models among a revision's files. Remembered: many repositories have the same few names."""
    single = "config.json" not in names and "/" not in "".join(names)
    alone = each_alone(may_matter(names), names) if single else None
    if alone is None:
        return tuple(group(names))
    return tuple(
        FileGroup(stem_of(name), tuple(sorted([(name, "weights"), *((other, "sidecar") for other in beside)])))
        for name, beside in alone
    )


def _is_model(one: FileGroup, files: Mapping[str, SnapshotFile], lost: list[str]) -> bool:
    for name, role in one.files:
        if (role in _HEAVY and name in files) or (lost and name in lost):
            return True
    return is_pipeline(one)


def _others(groups: list[FileGroup], files: Mapping[str, SnapshotFile]) -> tuple[FoundFile, ...]:
    """The revision's other files (a card, `.gitattributes`): they take room, and go with the last of its models.

    Each model has them, so that none stays without while another goes; in a repository of many the first alone.
    """
    if len(groups) == 1 and len(groups[0].files) >= len(files):
        return ()
    rest = files.keys() - {name for one in groups for name, _role in one.files}
    return tuple(FoundFile(files[name].path, files[name].stat, "other", name) for name in sorted(rest))


def _tree(repo: Repository, commit: str, reader: StoreReader) -> dict[str, dict[str, object]]:
    """What the whole revision holds, downloaded or not (huggingface_hub >= 1.22)."""
    place = f"{repo.path}{_TREES}{os.sep}{commit}.json"
    if repo.whole is not None and os.access(repo.path + _TREES, os.F_OK):  # that one comes changes the folder above
        repo.looks_at(repo.path + _TREES)
    if not os.access(place, os.F_OK):  # most have none, and an error costs three times the question
        return {}
    repo.looks_at(place)
    record = reader.json(place, _LARGEST_TREE)
    files = record.get("files") if isinstance(record, dict) else None
    return (
        {str(name): entry for name, entry in files.items() if isinstance(entry, dict)}
        if isinstance(files, dict)
        else {}
    )


def _found(
    repo: Repository, commit: str, one: FileGroup, files: dict[str, SnapshotFile], tree: dict[str, dict[str, object]],
    lost: list[str], claims: tuple[Claim, ...], others: tuple[FoundFile, ...],
) -> FoundModel:  # fmt: skip
    members = []
    weights = []
    for name, role in one.files:
        entry = files.get(name)
        if entry is not None:
            sha256, how = _hash(entry, tree.get(name))
            member = FoundFile(entry.path, entry.stat, role, name, sha256, how)
            members.append(member)
            if role in _HEAVY:
                weights.append(member)
    gone = [name for name, _ in one.files if name in lost] if lost else []
    health = missing_health(one)
    if gone:
        health = Health("incomplete", said("its link leads nowhere: {0}", ", ".join(gone[:3])))
    elif tree and (short := _too_short(weights, tree)):
        health = short
    snapshot = f"{repo.path}{SNAPSHOTS}{os.sep}{commit}"
    single = "" if one.whole and not one.label else one.label
    first = weights[0].path if weights and single else snapshot
    return FoundModel(
        name=f"{repo.id}/{single}" if single else repo.id,
        path=first,
        title=_title(repo, one, single),
        files=(*members, *others),
        claims=claims,
        source=Source("huggingface", repo.id, commit, weights[0].name if len(weights) == 1 else ""),
        health=health,
        details={"ref": repo.refs.get(commit, "")},
        is_folder=one.whole,
    )


def _title(repo: Repository, one: FileGroup, single: str) -> str:
    """GGUF files carry their model's name in their own; `model_fp16.onnx` says nothing without the repository."""
    if not single:
        return repo.id
    if any(name.endswith(".gguf") for name, _ in one.files):
        return single.rsplit("/", 1)[-1]
    return f"{repo.id}/{single}"


def _hash(entry: SnapshotFile, listed: dict[str, object] | None) -> tuple[str | None, Sha256Source | None]:
    """The blob's name, else what the tree says when its size fits."""
    if len(entry.etag) == 64 and not entry.etag.strip(_HEX):
        return entry.etag, "blob-name"
    if listed and listed.get("lfs_size", listed.get("size")) == entry.stat.st_size:
        sha256 = listed.get("lfs_sha256")
        if isinstance(sha256, str) and _SHA256.match(sha256.lower()):
            return sha256.lower(), "index"
    return None, None


def _too_short(weights: list[FoundFile], tree: dict[str, dict[str, object]]) -> Health | None:
    for member in weights:
        listed = tree.get(member.name, {})
        size = listed.get("lfs_size", listed.get("size"))
        if isinstance(size, int) and size > member.stat.st_size:
            return Health(
                "truncated",
                said(
                    "{0} has {1} bytes, its repository lists {2}",
                    member.name,
                    figure(member.stat.st_size),
                    figure(size),
                ),
            )
    return None


def _leftovers(
    repo: Repository, users: Mapping[Key, int], told: set[Key], locks: Locks, reader: StoreReader
) -> Iterator[Leftover]:
    """`users`: how many repositories have a revision with a file. `told`: payloads named here, each once.

    While a program holds a lock of the repository, it is fetching: then nothing in it is left over.
    """
    if locks.on(os.path.join(repo.path, "blobs", "x")):
        return
    named = {commit for commit in repo.snapshots if commit in repo.refs}
    kept = {key_of(one.stat) for commit in named for one in repo.snapshots[commit].values()}
    for commit in repo.snapshots if named and repo.certain else ():
        if commit in named:
            continue
        own = {key_of(one.stat): one.stat for one in repo.snapshots[commit].values()}
        alone = [stat for key, stat in own.items() if key not in kept and users[key] < 2]
        yield Leftover(
            "detached-revision", os.path.join(repo.path, "snapshots", commit), sum(stat.st_size for stat in alone),
            sum(on_disk(stat) for stat in alone), said("{0}: a revision that no branch or tag names", repo.id),
        )  # fmt: skip
    used = repo.used()
    unnamed = 0
    for entry in sorted(repo.blobs.values(), key=NAME):
        stat = reader.stat(entry.path)
        if stat is None:
            continue
        key = key_of(stat)
        if entry.name.endswith(".incomplete"):
            yield Leftover("partial", entry.path, stat.st_size, on_disk(stat), repo.id)
        elif key not in used and not repo.certain and ETAG.match(entry.name):
            unnamed += 1
        elif (
            key not in used and repo.certain and ETAG.match(entry.name)
        ):  # a file of another name is not the library's: it stays
            if key in users and not is_link(entry):
                continue  # a link in another repository leads to it
            counts = key not in users and key not in told  # else only this name of the payload would go
            told.add(key)
            size, held = (stat.st_size, on_disk(stat)) if counts else (0, 0)
            yield Leftover("orphan", entry.path, size, held, said("{0}: no revision names this blob", repo.id))
    if unnamed:
        path, why = repo.doubts[0]
        reader.problem(path, "repository", said("{0}; {1}", why, _UNKNOWN))


_UNKNOWN = later(
    "nothing in this repository is called unused until it can be read: connect its drive or repair it, and scan again"
)


def _shared_orphans(folder: str, used: set[Key], reader: StoreReader) -> Iterator[Leftover]:
    """Payloads of the cache-wide store that no repository leads to, by their links and by the note beside them.

    Without that note the library never removes them, and neither do we.
    """
    for entry in reader.entries(folder):
        if len(entry.name) != 2 or not is_folder(entry, links=False):
            continue
        for payload in reader.entries(entry.path):
            stat = reader.stat(payload.path) if _SHA256.match(payload.name) else None
            if (
                stat is not None
                and key_of(stat) not in used
                and not _is_noted(payload.path, os.path.dirname(folder), reader)
            ):
                yield Leftover(
                    "orphan", payload.path, stat.st_size, on_disk(stat), said("no repository leads to this payload")
                )


def _is_noted(payload: str, cache: str, reader: StoreReader) -> bool:
    """Whether the note beside a payload names a blob that is there, or cannot be read."""
    note = reader.small(payload + ".refs")
    if note is None:
        return True
    names = [os.path.normpath(os.path.join(cache, line)) for line in os.fsdecode(note).splitlines() if "\0" not in line]
    return any(name.startswith(os.path.join(cache, "")) and os.path.lexists(name) for name in names if name != cache)
