"""Plain files in folders, the way most tools keep models: one walk, one set of rules.

Speed (`performance`: walk): `scandir`, and `stat` only for files whose name may be a model's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base.facts import Claim, Health
from model_manager.formats.folders import FOLDER_FORMATS
from model_manager.stores.found import Found, FoundFile, Leftover, on_disk
from model_manager.stores.grouping import (
    AMBIGUOUS,
    Group,
    group,
    is_partial,
    is_training,
    is_weights,
    may_matter,
    suffix_of,
)
from model_manager.stores.look import Look, forbidden
from model_manager.stores.sidecars import read_sidecar

_DEEPEST = 24
_MOST_IN_A_FOLDER_MODEL = 20_000
_PACKAGES = frozenset({"model_index.json", "modules.json"})


@dataclass(frozen=True, slots=True)
class Plain:
    """How one tool keeps plain files.

    `categories`: folder relative to the root (lower case) -> category, evidence `folder`.
    `whole`: folders whose every subfolder is one model, relative; "" is the root itself.
    """

    categories: Mapping[str, str] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    claims: tuple[Claim, ...] = ()
    believed: bool = True
    """Whether files with ambiguous suffixes are models because they lie here (a tool's own folder)."""
    passed_over: frozenset[str] = frozenset()
    """Names of subfolders that this tool does not keep models in (lower case)."""


@dataclass(slots=True)
class _Visited:
    """The folders met in one walk. `real`: the real path of where it began."""

    real: str
    keys: set[tuple[int, int]] = field(default_factory=set)


@dataclass(slots=True)
class _Folder:
    path: str
    relative: str
    depth: int


def describe_tree(root: str, look: Look, plain: Plain) -> Iterator[Found | Leftover]:
    """The models and leftovers below `root`."""
    visited = _Visited(os.path.realpath(root))
    waiting = [_Folder(root, "", 0)]
    while waiting:
        look.step()
        folder = waiting.pop()
        files, folders = _list(folder, look, visited, plain)
        relative = folder.relative
        names = set(files)
        parent = relative.rpartition("/")[0]
        if (relative and (parent if "/" in relative else "") in plain.whole) or _is_package(names, folders, relative):
            listing = _collect(folder, files, folders, look, visited)
            yield from _models(folder, listing, look, plain, relative != "" and parent in plain.whole)
            continue
        if files:
            yield from _models(folder, files, look, plain, False)
        waiting.extend(reversed(folders))


def found_at(path: str, look: Look, plain: Plain) -> Found | None:
    """The one model that has a file or folder at `path`, with what belongs beside it; None when there is none."""
    parent, name = os.path.split(path.rstrip(os.sep))
    if os.path.isdir(path):
        top = _Folder(path, "", 0)
        visited = _Visited(os.path.realpath(path))
        files, folders = _list(top, look, visited, plain)
        listing = _collect(top, files, folders, look, visited)
        groups = group(list(listing), whole=True)
        return _found(top, groups[0], listing, look, plain) if groups else None
    if not os.path.isfile(path):
        return None
    listing, _folders = _list(_Folder(parent, "", _DEEPEST), look, _Visited(parent), plain)
    for one in group([other for other in listing if not is_partial(other)]):
        if any(member == name for member, role in one.files if role in ("weights", "adapter", "projector")):
            return _found(_Folder(parent, "", 0), one, listing, look, plain)
    return None


def _list(
    folder: _Folder, look: Look, visited: _Visited, plain: Plain
) -> tuple[dict[str, os.DirEntry[str]], list[_Folder]]:
    files: dict[str, os.DirEntry[str]] = {}
    folders: list[_Folder] = []
    for entry in look.entries(folder.path):
        name = entry.name
        try:
            if not entry.is_dir():
                files[name] = entry
                continue
            link = entry.is_symlink()
        except OSError:
            continue
        if forbidden(name) or name == "__pycache__" or name.lower() in plain.passed_over:
            continue
        relative = f"{folder.relative}/{name}" if folder.relative else name
        if folder.depth < _DEEPEST and _enter(entry, link, folder.path, look, visited):
            folders.append(_Folder(entry.path, relative, folder.depth + 1))
    return files, folders


def _enter(entry: os.DirEntry[str], link: bool, parent: str, look: Look, visited: _Visited) -> bool:
    """Whether to go into a folder: each once, no other root's, no way back up through a link.

    A link to a folder below the root is left to that folder's own name.
    """
    if look.skip or link:
        real = os.path.realpath(entry.path) if link else entry.path
        if real in look.skip or (link and any(real.startswith(other + os.sep) for other in look.skip)):
            look.met.add(real)
            return False
        here = os.path.realpath(parent) if link else ""
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


def _is_package(names: set[str], folders: list[_Folder], relative: str) -> bool:
    """Whether a folder and what is below it are read together."""
    if names & _PACKAGES or relative.endswith((".mlmodelc", ".mlpackage")):
        return True
    below = {folder.path.rsplit(os.sep, 1)[-1] for folder in folders}
    if "config.json" in names and below & {"onnx", "openvino"}:
        return True
    return "am" in below and bool(below & {"conf", "graph", "ivector"})  # Vosk


def _collect(
    top: _Folder, files: dict[str, os.DirEntry[str]], folders: list[_Folder], look: Look, visited: _Visited
) -> dict[str, os.DirEntry[str]]:
    """Every file below a folder model, by relative path."""
    listing = dict(files)
    waiting = list(folders)
    while waiting and len(listing) < _MOST_IN_A_FOLDER_MODEL:
        look.step()
        folder = waiting.pop()
        inner, deeper = _list(folder, look, visited, Plain())
        prefix = folder.relative[len(top.relative) :].strip("/") + "/"
        listing.update({prefix + name: entry for name, entry in inner.items()})
        waiting.extend(deeper)
    return listing


def _models(
    folder: _Folder, files: Mapping[str, os.DirEntry[str]], look: Look, plain: Plain, whole: bool
) -> Iterator[Found | Leftover]:
    names = list(files)
    mattering = [name for name in names if may_matter(name)]
    pipeline = "model_index.json" in files
    if not mattering and not whole and not pipeline:
        return
    partial = {name for name in mattering if is_partial(name)}
    for name in mattering:
        if name in partial:
            yield from _leftover(name, files[name], look)
        elif is_training(name) and any(other != name and is_weights(other) for other in mattering):
            stat = look.stat(files[name].path)
            if stat:
                where = os.path.dirname(files[name].path)
                yield Leftover("training-leftover", files[name].path, stat.st_size, on_disk(stat), where)
    if not whole and not pipeline and not any(is_weights(name) for name in mattering):
        return
    bundle = folder.relative.endswith((".mlmodelc", ".mlpackage"))
    vosk = any(name in ("am/final.mdl", "final.mdl") for name in names)
    for one in group([name for name in names if name not in partial], whole or bundle or vosk):
        found = _found(folder, one, files, look, plain)
        if found:
            yield found


def _leftover(name: str, entry: os.DirEntry[str], look: Look) -> Iterator[Leftover]:
    found = look.stat(entry.path)
    if found:
        stem = name[: name.rfind(".")] if not name.startswith("incomplete-") else name[len("incomplete-") :]
        yield Leftover("partial", entry.path, found.st_size, on_disk(found), stem)


def _found(
    folder: _Folder, one: Group, files: Mapping[str, os.DirEntry[str]], look: Look, plain: Plain
) -> Found | None:
    members: list[FoundFile] = []
    weights = 0
    for name, role in one.files:
        stat = look.stat(files[name].path)
        if stat is None:
            continue
        members.append(FoundFile(files[name].path, stat, role, name))
        weights += role in ("weights", "adapter", "projector")
    if (not weights and not is_pipeline(one)) or not _recognised(one, members, look, plain):
        return None
    claims = [*plain.claims, *_folder_claims(folder.relative, plain)]
    members = _with_records(members, claims, look)
    relative = "/".join(part for part in (folder.relative, one.label) if part)
    whole = one.whole and not one.label
    first = next((member.path for member in members if member.role in ("weights", "adapter", "projector")), folder.path)
    return Found(
        name=relative or os.path.basename(folder.path.rstrip(os.sep)),
        path=folder.path if whole else first,
        title=(relative or os.path.basename(folder.path.rstrip(os.sep))).rsplit("/", 1)[-1],
        files=tuple(members),
        claims=tuple(claims),
        health=missing_health(one),
        is_folder=one.whole,
    )


def missing_health(one: Group) -> Health | None:
    """`incomplete` for a numbered set that lacks parts; a word on parts that must be joined first."""
    if one.missing:
        listed = ", ".join(one.missing[:5]) + (" …" if len(one.missing) > 5 else "")
        return Health("incomplete", f"{len(one.missing)} of its parts missing: {listed}")
    if one.raw_parts:
        return Health("incomplete", "in raw parts that must be joined into one file before any tool can use it")
    return None


def is_pipeline(one: Group) -> bool:
    """Whether a folder says of itself that it is a diffusers pipeline: then it is one even while its weights are missing."""
    return one.whole and any(name == "model_index.json" for name, _role in one.files)


def _recognised(one: Group, members: list[FoundFile], look: Look, plain: Plain) -> bool:
    """Ambiguous names (`x.bin`) are models only when their content says so."""
    weights = [member for member in members if member.role in ("weights", "adapter")]
    if one.whole and any(format_.matches({name: 0 for name, _role in one.files}) for format_ in FOLDER_FORMATS):
        return True
    if not weights or any(suffix_of(member.name) not in AMBIGUOUS for member in weights):
        return True
    facts = [look.facts(member.path, member.stat) for member in weights]
    if all(fact.format == "unknown" for fact in facts):
        return plain.believed and one.whole
    return plain.believed or any(fact.health.verdict != "not-a-model" or fact.shares for fact in facts)


def _folder_claims(relative: str, plain: Plain) -> Iterator[Claim]:
    """The category of the innermost folder that the tool gives one."""
    parts = relative.lower().split("/") if relative else []
    for length in range(len(parts), -1, -1):
        slug = plain.categories.get("/".join(parts[:length]))
        if slug:
            yield Claim("category", slug, "folder", "/".join(relative.split("/")[:length]) or "the tool's folder")
            return


def _with_records(members: list[FoundFile], claims: list[Claim], look: Look) -> list[FoundFile]:
    """Adds what sidecars say to `claims` and their hash to the weights."""
    weights = next((member for member in members if member.role in ("weights", "adapter")), None)
    sha256 = None
    for member in members:
        if weights is not None and member.role == "sidecar" and member.name.endswith((".json", ".info")):
            recorded = read_sidecar(member.path, weights.stat.st_size, look)
            claims.extend(recorded.claims)
            sha256 = sha256 or recorded.sha256
    if sha256 is None or weights is None:
        return members
    hashed = FoundFile(weights.path, weights.stat, weights.role, weights.name, sha256, "sidecar")
    return [hashed if member is weights else member for member in members]
