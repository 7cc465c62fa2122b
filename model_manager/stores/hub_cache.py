"""The Hugging Face cache layout, used by huggingface_hub, llama.cpp, Buzz, SD.Next and many more.

`models--<org>--<name>/{refs,snapshots/<commit>,blobs,trees}`; snapshot entries link to `blobs/<etag>`, which
since huggingface_hub 1.32 may itself link to the cache-wide `blobs/<2 hex>/<xet>`; without symlinks (Windows)
the files lie in the snapshots. Read from huggingface_hub 2.4: file_download.py, utils/_cache_manager.py,
utils/_shared_blobs.py, _tree_cache.py. Plain `scandir` and `readlink`: a seventh of scan_cache_dir's time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from model_manager.base.errors import reason_of
from model_manager.base.facts import Claim, Health
from model_manager.stores.found import Found, FoundFile, Leftover, Sha256Source, Source, on_disk
from model_manager.stores.grouping import Group, group, is_weights
from model_manager.stores.look import Look
from model_manager.stores.tree import missing_health

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_DEEPEST = 16
_XET = re.compile(r"^[0-9a-f]{64}$")


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
    used: set[tuple[int, int]] = field(default_factory=set)


def describe_hub(root: str, look: Look, claims: tuple[Claim, ...] = ()) -> Iterator[Found | Leftover]:
    """Every model of every repository of a cache, then partial downloads, orphans and revisions without a name."""
    used: set[tuple[int, int]] = set()
    certain = True
    for entry in look.entries(root):
        if not entry.name.startswith("models--") or not entry.is_dir():
            continue
        look.step()
        repo = _read_repo(entry.path, entry.name, look)
        yield from _models(repo, look, claims)
        yield from _leftovers(repo, look)
        used |= repo.used
        certain = certain and not any(folder.startswith(entry.path) for folder in look.unread)
    if certain:
        yield from _shared_orphans(os.path.join(root, "blobs"), used, look)


def _read_repo(path: str, name: str, look: Look) -> _Repo:
    repo = _Repo(path, name.removeprefix("models--").replace("--", "/"))
    for ref, commit in _refs(os.path.join(path, "refs"), look):
        repo.refs.setdefault(commit, ref)
    for entry in look.entries(os.path.join(path, "snapshots")):
        if entry.is_dir():
            repo.snapshots[entry.name], repo.dangling[entry.name] = _snapshot(entry.path, look)
            repo.used |= {(one.stat.st_dev, one.stat.st_ino) for one in repo.snapshots[entry.name].values()}
    return repo


def _refs(folder: str, look: Look) -> Iterator[tuple[str, str]]:
    waiting = [(folder, "")]
    while waiting:
        path, prefix = waiting.pop()
        for entry in look.entries(path):
            if entry.is_dir(follow_symlinks=False):
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
            if entry.is_dir(follow_symlinks=False):
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
                files[prefix + entry.name] = _Entry(entry.path, stat, link.replace("\\", "/").rsplit("/", 1)[-1])
    return files, dangling


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
    if not weights and not gone:
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


def _leftovers(repo: _Repo, look: Look) -> Iterator[Leftover]:
    named = {commit for commit in repo.snapshots if commit in repo.refs}
    kept = {
        (one.stat.st_dev, one.stat.st_ino)
        for commit in named or repo.snapshots
        for one in repo.snapshots[commit].values()
    }
    for commit in repo.snapshots if named else ():
        if commit in named:
            continue
        own = {(one.stat.st_dev, one.stat.st_ino): one.stat for one in repo.snapshots[commit].values()}
        alone = [stat for key, stat in own.items() if key not in kept]
        yield Leftover(
            "detached-revision", os.path.join(repo.path, "snapshots", commit), sum(stat.st_size for stat in alone),
            sum(on_disk(stat) for stat in alone), f"{repo.id}: a revision that no branch or tag names",
        )  # fmt: skip
    inodes = {inode for _, inode in repo.used}
    for entry in look.entries(os.path.join(repo.path, "blobs")):
        if not entry.is_symlink() and entry.inode() in inodes:
            continue  # a revision leads to it: nothing to say, and no `stat` needed to know
        stat = look.stat(entry.path)
        if stat is None:
            continue
        if entry.name.endswith(".incomplete"):
            yield Leftover("partial", entry.path, stat.st_size, on_disk(stat), repo.id)
        elif (stat.st_dev, stat.st_ino) not in repo.used:
            yield Leftover("orphan", entry.path, stat.st_size, on_disk(stat), f"{repo.id}: no revision names this blob")


def _shared_orphans(folder: str, used: set[tuple[int, int]], look: Look) -> Iterator[Leftover]:
    """Payloads of the cache-wide store that no repository leads to."""
    for entry in look.entries(folder):
        if len(entry.name) != 2 or not entry.is_dir(follow_symlinks=False):
            continue
        for payload in look.entries(entry.path):
            if not _XET.match(payload.name):
                continue
            stat = look.stat(payload.path)
            if stat is not None and (stat.st_dev, stat.st_ino) not in used:
                yield Leftover(
                    "orphan", payload.path, stat.st_size, on_disk(stat), "no repository leads to this payload"
                )
