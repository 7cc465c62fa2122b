"""The Hugging Face cache layout, used by huggingface_hub, llama.cpp, Buzz, SD.Next and many more.

`models--<org>--<name>/{refs,snapshots/<commit>,blobs,trees}`; snapshot entries link to `blobs/<etag>`, which
since huggingface_hub 1.32 may itself link to the cache-wide `blobs/<2 hex>/<xet>`; without symlinks (Windows)
the files lie in the snapshots. Read from huggingface_hub 2.4: file_download.py, utils/_cache_manager.py,
utils/_shared_blobs.py, _tree_cache.py. Plain `scandir` and `readlink`: a seventh of scan_cache_dir's time.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base.errors import reason_of
from model_manager.base.facts import Claim, Health
from model_manager.stores.found import Found, FoundFile, Leftover, Sha256Source, Source, on_disk
from model_manager.stores.grouping import Group, group, is_weights
from model_manager.stores.look import Look, is_folder
from model_manager.stores.tree import is_pipeline, missing_health

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_REPOSITORY = re.compile(r"^(?:models|datasets|spaces|kernels)--.")
_DEEPEST = 16
Key = tuple[int, int]


def key_of(stat: os.stat_result) -> Key:
    """One file, whatever its names, while nothing is remounted."""
    return stat.st_dev, stat.st_ino


@dataclass(slots=True)
class _Entry:
    """One snapshot file: where its name is, what it leads to, the blob's name when it is a link."""

    path: str
    stat: os.stat_result
    etag: str


@dataclass(slots=True)
class _Repo:
    path: str
    id: str
    refs: dict[str, str] = field(default_factory=dict)  # commit -> ref
    snapshots: dict[str, dict[str, _Entry]] = field(default_factory=dict)
    dangling: dict[str, list[str]] = field(default_factory=dict)
    used: set[Key] = field(default_factory=set)
    certain: bool = True
    """Whether all of it could be read: else nothing in it is called an orphan."""


def describe_hub(root: str, look: Look, claims: tuple[Claim, ...] = ()) -> Iterator[Found | Leftover]:
    """Every model of every repository of a cache, then partial downloads, orphans and revisions without a name.

    Payloads of the cache-wide store may belong to repositories of any type, so what is left over is known only when
    all have been read: data sets and spaces count as users, they are no models.
    """
    repos: list[_Repo] = []
    others: list[str] = []
    for entry in look.entries(root):
        if not _REPOSITORY.match(entry.name) or not is_folder(entry):
            continue
        look.step()
        if not entry.name.startswith("models--"):
            others.append(os.path.join(entry.path, "blobs"))
            continue
        repo = _read_repo(entry.path, entry.name, look)
        repos.append(repo)
        yield from _models(repo, look, claims)
    shared = os.path.join(root, "blobs")
    users = Counter(key for repo in repos for key in repo.used)
    if os.path.isdir(shared):
        for folder in others:
            users.update(key_of(stat) for entry in look.entries(folder) if (stat := look.stat(entry.path)))
    told: set[Key] = set()
    for repo in repos:
        yield from _leftovers(repo, users, told, look)
    if all(repo.certain for repo in repos) and not {root, *others} & set(look.unread):
        yield from _shared_orphans(shared, set(users) | told, look)


def _read_repo(path: str, name: str, look: Look) -> _Repo:
    repo = _Repo(path, name.removeprefix("models--").replace("--", "/"))
    for ref, commit in _refs(os.path.join(path, "refs"), look):
        repo.refs.setdefault(commit, ref)
    for entry in look.entries(os.path.join(path, "snapshots")):
        if entry.is_symlink():
            repo.certain = False  # the hub makes none here: what such a link leads to is not known to be unused
        elif is_folder(entry):
            repo.snapshots[entry.name], repo.dangling[entry.name] = _snapshot(entry.path, look)
            repo.used |= {key_of(one.stat) for one in repo.snapshots[entry.name].values()}
    repo.certain = repo.certain and not any(
        folder == path or folder.startswith(path + os.sep) for folder in look.unread
    )
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


def _snapshot(folder: str, look: Look) -> tuple[dict[str, _Entry], list[str]]:
    """The files of one revision by relative path, and the names that lead nowhere."""
    files: dict[str, _Entry] = {}
    dangling: list[str] = []
    waiting = [(folder, "", 0)]
    while waiting:
        path, prefix, depth = waiting.pop()
        for entry in look.entries(path):
            if is_folder(entry, links=False):
                if depth < _DEEPEST:
                    waiting.append((entry.path, f"{prefix}{entry.name}/", depth + 1))
                continue
            try:
                link = os.readlink(entry.path) if entry.is_symlink() else ""
                stat = os.stat(entry.path) if link else entry.stat()
            except FileNotFoundError:
                dangling.append(prefix + entry.name)
                continue
            except OSError as error:
                look.problem(entry.path, "file", reason_of(error))
                continue
            if (stat.st_mode & 0o170000) == 0o100000:
                files[prefix + entry.name] = _Entry(entry.path, stat, _etag(link))
    return files, dangling


def _etag(link: str) -> str:
    """The blob's name when a link leads into a repository's `blobs/`: below a cache-wide store names are Xet hashes."""
    parts = link.replace("\\", "/").rsplit("/", 2)
    return parts[-1] if len(parts) > 1 and parts[-2] == "blobs" else ""


def _models(repo: _Repo, look: Look, claims: tuple[Claim, ...]) -> Iterator[Found]:
    named = [commit for commit in repo.snapshots if commit in repo.refs] or list(repo.snapshots)
    for commit in named:
        files = repo.snapshots[commit]
        tree = _tree(repo, commit, look)
        lost = [name for name in repo.dangling[commit] if is_weights(name)]
        for one in group([*files, *lost]):
            found = _found(repo, commit, one, files, tree, lost, claims)
            if found:
                yield found


def _tree(repo: _Repo, commit: str, look: Look) -> dict[str, dict[str, object]]:
    """What the whole revision holds, downloaded or not (huggingface_hub >= 1.22)."""
    record = look.json(os.path.join(repo.path, "trees", f"{commit}.json"), 64 << 20)
    files = record.get("files") if isinstance(record, dict) else None
    return (
        {str(name): entry for name, entry in files.items() if isinstance(entry, dict)}
        if isinstance(files, dict)
        else {}
    )


def _found(
    repo: _Repo, commit: str, one: Group, files: dict[str, _Entry], tree: dict[str, dict[str, object]],
    lost: list[str], claims: tuple[Claim, ...],
) -> Found | None:  # fmt: skip
    members = []
    for name, role in one.files:
        entry = files.get(name)
        if entry is not None:
            sha256, how = _hash(entry, tree.get(name))
            members.append(FoundFile(entry.path, entry.stat, role, name, sha256, how))
    weights = [member for member in members if member.role in ("weights", "adapter", "projector")]
    gone = [name for name, _ in one.files if name in lost]
    if not weights and not gone and not is_pipeline(one):
        return None
    health = missing_health(one)
    if gone:
        health = Health("incomplete", f"its link leads nowhere: {', '.join(gone[:3])}")
    elif short := _too_short(weights, tree):
        health = short
    snapshot = os.path.join(repo.path, "snapshots", commit)
    single = "" if one.whole and not one.label else one.label
    first = weights[0].path if weights and single else snapshot
    return Found(
        name=f"{repo.id}/{single}" if single else repo.id,
        path=first,
        title=_title(repo, one, single),
        files=tuple(members),
        claims=(
            *claims,
            Claim("source_repo", repo.id, "sidecar", "the cache's folder"),
            Claim("publisher", repo.id.split("/")[0], "folder", "the repository's owner"),
        ),
        source=Source("huggingface", repo.id, commit, weights[0].name if len(weights) == 1 else ""),
        health=health,
        details={"ref": repo.refs.get(commit, "")},
        is_folder=one.whole,
    )


def _title(repo: _Repo, one: Group, single: str) -> str:
    """GGUF files carry their model's name in their own; `model_fp16.onnx` says nothing without the repository."""
    if single and any(name.endswith(".gguf") for name, _ in one.files):
        return single.rsplit("/", 1)[-1]
    return f"{repo.id}/{single}" if single else repo.id


def _hash(entry: _Entry, listed: dict[str, object] | None) -> tuple[str | None, Sha256Source | None]:
    """The blob's name, else what the tree says when its size fits."""
    if _SHA256.match(entry.etag):
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
                "truncated", f"{member.name} has {member.stat.st_size:,} bytes, its repository lists {size:,}"
            )
    return None


def _leftovers(repo: _Repo, users: Mapping[Key, int], told: set[Key], look: Look) -> Iterator[Leftover]:
    """`users`: how many repositories have a revision with a file. `told`: payloads named here, each once."""
    named = {commit for commit in repo.snapshots if commit in repo.refs}
    kept = {key_of(one.stat) for commit in named for one in repo.snapshots[commit].values()}
    for commit in repo.snapshots if named else ():
        if commit in named:
            continue
        own = {key_of(one.stat): one.stat for one in repo.snapshots[commit].values()}
        alone = [stat for key, stat in own.items() if key not in kept and users[key] < 2]
        yield Leftover(
            "detached-revision", os.path.join(repo.path, "snapshots", commit), sum(stat.st_size for stat in alone),
            sum(on_disk(stat) for stat in alone), f"{repo.id}: a revision that no branch or tag names",
        )  # fmt: skip
    for entry in look.entries(os.path.join(repo.path, "blobs")):
        stat = look.stat(entry.path)
        if stat is None:
            continue
        key = key_of(stat)
        if entry.name.endswith(".incomplete"):
            yield Leftover("partial", entry.path, stat.st_size, on_disk(stat), repo.id)
        elif key not in repo.used and repo.certain:
            counts = key not in users and key not in told  # else only this name of the payload would go
            told.add(key)
            size, held = (stat.st_size, on_disk(stat)) if counts else (0, 0)
            yield Leftover("orphan", entry.path, size, held, f"{repo.id}: no revision names this blob")


def _shared_orphans(folder: str, used: set[Key], look: Look) -> Iterator[Leftover]:
    """Payloads of the cache-wide store that no repository leads to."""
    for entry in look.entries(folder):
        if len(entry.name) != 2 or not is_folder(entry, links=False):
            continue
        for payload in look.entries(entry.path):
            stat = look.stat(payload.path) if _SHA256.match(payload.name) else None
            if stat is not None and key_of(stat) not in used:
                yield Leftover(
                    "orphan", payload.path, stat.st_size, on_disk(stat), "no repository leads to this payload"
                )
