"""Plain files in folders, the way most tools keep models: one walk, one set of rules.

Speed (`performance`: walk): `scandir`, and `stat` only for files whose name may be a model's.
"""

from __future__ import annotations

import itertools
import operator
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base.facts import Claim, Health
from model_manager.formats.folders import FOLDER_FORMATS
from model_manager.stores.archives import archives
from model_manager.stores.found import Found, FoundFile, Leftover, on_disk
from model_manager.stores.grouping import (
    AMBIGUOUS,
    Group,
    each_alone,
    group,
    is_partial,
    is_training,
    is_weights,
    may_matter,
    suffix_of,
)
from model_manager.stores.localdir import has_downloads
from model_manager.stores.look import NAME, Look, forbidden, is_link
from model_manager.stores.remembered import Memory, digest
from model_manager.stores.sidecars import read_sidecar

_DEEPEST = 24
_MOST_IN_A_FOLDER_MODEL = 20_000
_MEMBER = operator.attrgetter("name")
_CACHE = os.sep + ".cache"
_VOSK = os.sep + "am"
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

    def mark(self) -> bytes:
        """What stands for these rules: with others, nothing remembered is believed."""
        return digest(
            sorted(self.categories.items()), sorted(self.whole), self.claims, self.believed, sorted(self.passed_over)
        )


@dataclass(slots=True)
class _Visited:
    """The folders met in one walk. `real`: the real path of where it began."""

    real: str
    keys: set[tuple[int, int]] = field(default_factory=set)
    steady: bool = True
    """Whether the folder listed last holds no link and each of its subfolders is read by this walk alone."""


@dataclass(slots=True)
class _Folder:
    path: str
    relative: str
    depth: int
    claim: Claim | None
    """The category of the innermost folder that the tool gives one."""
    apart: bool = False
    """Whether nothing is remembered of it: reached by a link, or with a download's records above it."""


def _top(path: str, plain: Plain, depth: int = 0) -> _Folder:
    return _Folder(path, "", depth, _claim("", plain))


def _claim(relative: str, plain: Plain) -> Claim | None:
    slug = plain.categories.get(relative.lower())
    return Claim("category", slug, "folder", relative or "the tool's folder") if slug else None


def describe_tree(root: str, look: Look, plain: Plain, remembers: bool = False) -> Iterator[Found | Leftover]:
    """The models and leftovers below `root`.

    `remembers`: the adapter passes on what is found here as it is, so what `look.memory` says of a folder that has
    not changed holds for the adapter too.
    """
    visited = _Visited(os.path.realpath(root))
    waiting = [_top(root, plain)]
    memory = look.memory if remembers else None
    rules = plain.mark() if memory else b""
    while waiting:
        look.step()
        folder = waiting.pop()
        if memory is not None and not folder.apart:
            below = memory.unchanged(folder.path, rules) if not visited.keys else None
            if below is not None:
                inside = os.path.join(folder.path, "")
                if not any(inside + name in look.skip for name in below):
                    waiting.extend(_below(folder, name, inside + name, plain) for name in reversed(below))
                    continue
            memory.same.discard(folder.path)
        stat = memory.settled(folder.path) if memory is not None and not folder.apart else None
        before = len(look.problems) + len(look.unread)
        files, folders = _list(folder, look, visited, plain)
        cached = memory is not None and (
            not visited.steady or _CACHE in [one.path[-len(_CACHE) :] for one in folders]
        )  # a link may be a `.cache` too
        if cached and has_downloads(folder.path):
            for one in folders:
                one.apart = True
        relative = folder.relative
        whole = bool(plain.whole) and relative != "" and relative.rpartition("/")[0] in plain.whole
        if whole or _is_package(files, folders, relative):
            listing = _collect(folder, files, folders, look, visited)
            found = _models(folder, listing, may_matter(listing), look, plain, whole, package=True)
            yield from _wanted(found, folder, look)
            continue
        if look.left_out:
            folders = [one for one in folders if not look.left_out.has(os.path.basename(one.path))]
        waiting.extend(reversed(folders))
        mattering = may_matter(files)
        models = _models(folder, files, mattering, look, plain, False)
        if folders and files:
            names = [one.path[len(folder.path.rstrip(os.sep)) + 1 :] for one in folders]
            models = itertools.chain(models, archives(folder.path, files, names, look))
        models = _wanted(models, folder, look)
        if memory is None or stat is None or cached:
            yield from models
            continue
        items = []
        for item in models:
            items.append(item)
            yield item
        if before == len(look.problems) + len(look.unread):
            _keep(memory, folder, rules, stat, folders, {name: files[name] for name in mattering}, items)


def _wanted(items: Iterator[Found | Leftover], folder: _Folder, look: Look) -> Iterator[Found | Leftover]:
    """Without what the person wants left out."""
    return look.left_out.rest_of(items, folder.path, lambda index: _parts(index, look)) if look.left_out else items


def _parts(index: str, look: Look) -> Iterable[str]:
    """The folders that a pipeline's model_index.json names."""
    named = look.json(index)
    return named if isinstance(named, dict) else ()


def _keep(
    memory: Memory,
    folder: _Folder,
    rules: bytes,
    stat: os.stat_result,
    folders: list[_Folder],
    files: Mapping[str, os.DirEntry[str]],
    items: list[Found | Leftover],
) -> None:
    """Remembers a folder, unless something in it has to be looked at each time. `files`: those that may matter."""
    models = [item for item in items if isinstance(item, Found)]
    if len(models) < len(items):
        return
    seen = {file.name: file.stat for model in models for file in model.files}
    for name in files:
        if name not in seen:
            try:
                seen[name] = os.stat(files[name].path)
            except OSError:
                return
    below = [one.path[len(folder.path.rstrip(os.sep)) + 1 :] for one in folders]
    memory.keep(folder.path, rules, stat, below, seen, [(model.path, model.name) for model in models])


def found_at(path: str, look: Look, plain: Plain) -> Found | None:
    """The one model that has a file or folder at `path`, with what belongs beside it; None when there is none."""
    parent, name = os.path.split(path.rstrip(os.sep))
    if os.path.isdir(path):
        top = _top(path, plain)
        visited = _Visited(os.path.realpath(path))
        files, folders = _list(top, look, visited, plain)
        listing = _collect(top, files, folders, look, visited)
        groups = group(list(listing), whole=True)
        return _found(top, groups[0], listing, look, plain) if groups else None
    if not os.path.isfile(path):
        return None
    listing, _folders = _list(_top(parent, plain, _DEEPEST), look, _Visited(parent), plain)
    for one in group([other for other in listing if not is_partial(other)]):
        if any(member == name for member, role in one.files if role in ("weights", "adapter", "projector")):
            return _found(_top(parent, plain), one, listing, look, plain)
    return None


def _list(
    folder: _Folder, look: Look, visited: _Visited, plain: Plain
) -> tuple[dict[str, os.DirEntry[str]], list[_Folder]]:
    files: dict[str, os.DirEntry[str]] = {}
    below: list[os.DirEntry[str]] = []
    entries = look.listing(folder.path)
    visited.steady = look.memory is not None and not _links(entries)
    for entry in entries:
        try:
            if entry.is_dir():
                below.append(entry)
            else:
                files[entry.name] = entry
        except OSError:  # a link that leads to itself
            visited.steady = False
    if not below or folder.depth >= _DEEPEST:
        return files, []
    folders: list[_Folder] = []
    for entry in sorted(below, key=NAME) if len(below) > 1 else below:
        name = entry.name
        if forbidden(name) or name == "__pycache__" or (plain.passed_over and name.lower() in plain.passed_over):
            continue
        link = is_link(entry)
        if _enter(entry, link, folder.path, look, visited):
            folders.append(_below(folder, name, entry.path, plain, link))
        else:
            visited.steady = False
    return files, folders


def _links(entries: list[os.DirEntry[str]]) -> bool:
    try:
        return any(map(os.DirEntry.is_symlink, entries))
    except OSError:
        return True


def _below(folder: _Folder, name: str, path: str, plain: Plain, link: bool = False) -> _Folder:
    relative = f"{folder.relative}/{name}" if folder.relative else name
    return _Folder(path, relative, folder.depth + 1, _claim(relative, plain) or folder.claim, folder.apart or link)


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


def _is_package(files: Mapping[str, object], folders: list[_Folder], relative: str) -> bool:
    """Whether a folder and what is below it are read together."""
    if not _PACKAGES.isdisjoint(files) or relative.endswith((".mlmodelc", ".mlpackage")):
        return True
    if "config.json" not in files and not any(folder.path.endswith(_VOSK) for folder in folders):
        return False
    below = {folder.path.rsplit(os.sep, 1)[-1] for folder in folders}
    if "config.json" in files and below & {"onnx", "openvino"}:
        return True
    return "am" in below and bool(below & {"conf", "graph", "ivector"})


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
    folder: _Folder,
    files: Mapping[str, os.DirEntry[str]],
    mattering: list[str],
    look: Look,
    plain: Plain,
    whole: bool,
    package: bool = False,
) -> Iterator[Found | Leftover]:
    """The models of one folder, or with `package` of all below it. `mattering`: the names that may matter."""
    pipeline = "model_index.json" in files
    if not mattering and not whole and not pipeline:
        return
    bundle = folder.relative.endswith((".mlmodelc", ".mlpackage"))
    vosk = "am/final.mdl" in files or "final.mdl" in files
    whole = whole or bundle or vosk
    alone = None if whole or package else each_alone(mattering, files)
    if alone is not None:
        yield from _each(folder, alone, files, look, plain)
        return
    mattering.sort()
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
    for one in group([name for name in files if name not in partial], whole):
        found = _found(folder, one, files, look, plain)
        if found:
            yield found


def _each(
    folder: _Folder,
    alone: list[tuple[str, list[str]]],
    files: Mapping[str, os.DirEntry[str]],
    look: Look,
    plain: Plain,
) -> Iterator[Found]:
    """Models of one file each, with what follows them by name: what `_found` makes of such groups, without the groups."""
    common = (*plain.claims, folder.claim) if folder.claim else plain.claims
    prefix = folder.relative + "/" if folder.relative else ""
    for name, beside in alone:
        path = files[name].path
        stat = look.stat(path)
        if stat is None:
            continue
        members = [FoundFile(path, stat, "weights", name)]
        claims = common
        if beside:
            for other in beside:
                stat = look.stat(files[other].path)
                if stat is not None:
                    members.append(FoundFile(files[other].path, stat, "sidecar", other))
            members.sort(key=_MEMBER)
            told = list(common)
            members, claims = _with_records(members, told, look), tuple(told)
        title = name[: name.rfind(".")]
        yield Found(prefix + title, path, tuple(members), title, claims)


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
    claims = [*plain.claims, *([folder.claim] if folder.claim else [])]
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
