"""Which files of a folder are one model. Pure: names in, groups out.

Every tool that keeps plain files comes here, and so does a Hugging Face snapshot, so the rules for
shards, projectors, sidecars, pairs and pipelines exist once.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable
from typing import NamedTuple

from model_manager.base.facts import Health, Role
from model_manager.base.messages import counted, said
from model_manager.stores.grouping.file_names import (
    CERTAIN,
    RAW_PART,
    TOKENIZERS,
    is_partial,
    is_projector,
    may_matter,
    role_of,
    stem_of,
    suffix_of,
)
from model_manager.stores.grouping.followers import followers, following
from model_manager.stores.grouping.projectors import fitting
from model_manager.stores.grouping.weight_sets import SHARD, lacking, main_set, weight_sets


class FileGroup(NamedTuple):
    """One model's files as (relative path, role).

    `label` is what tells it from the folder: empty when it *is* the folder, else a path without
    suffix. `missing` names parts that a numbered set lacks. `whole` marks a folder model.
    """

    label: str
    files: tuple[tuple[str, Role], ...]
    missing: tuple[str, ...] = ()
    whole: bool = False
    raw_parts: bool = False


# Names that say more than "a model": parts of one, rests, projectors, tokenizers.
_TELLING = ("incomplete-", "adapter_model.", "encoder_model", "decoder_", "vision_encoder", "embed_tokens",
            "audio_encoder", "optimizer.", "scheduler.", "scaler.", "rng_state", "events.out.tfevents",
            *TOKENIZERS)  # fmt: skip
_PLAIN_ROLES = frozenset({"weights", "config", "tokenizer", "other"})
_PIPELINES = frozenset({"model_index.json", "modules.json"})
_MARKERS = _PIPELINES | {"config.json", "adapter_config.json"}


def each_alone(mattering: Iterable[str], names: Collection[str]) -> list[tuple[str, list[str]]] | None:
    """(name, its sidecars) when each of a folder's files that may matter is a model by itself; None when not so sure.

    The quick answer for the folders that nearly all are; `by_rules` says the same of them, three times slower.
    """
    if not _MARKERS.isdisjoint(names):
        return None
    found = []
    beside = sorted(names)
    for name in sorted(mattering):
        low = name.lower()
        stem = name[: name.rfind(".")]
        if not stem or low[len(stem) :] not in CERTAIN:
            return None
        if low.startswith(_TELLING) or "-of-" in low or "mmproj" in low:
            return None
        first, start = bisect_left(beside, stem + "."), stem + "."
        if first + 1 < len(beside) and beside[first + 1].startswith(start):
            found.append((name, sorted({*following(stem, beside), *following(name, beside)})))
        else:
            found.append((name, []))
    return found


def _together(names: set[str]) -> FileGroup | None:
    """The whole folder when its `config.json` is about its one set of safetensors; None when not so sure."""
    if "config.json" not in names or not _PIPELINES.isdisjoint(names) or "/" in "".join(names):
        return None
    roles = {name: role_of(name) for name in names}
    if not _PLAIN_ROLES.issuperset(roles.values()):
        return None
    members = []
    for name in may_matter(names):
        if roles[name] == "weights" and name.endswith(".safetensors"):
            members.append(name)
        elif roles[name] != "tokenizer" or is_partial(name):
            return None
    if not members or is_partial(members[0]):
        return None
    missing: tuple[str, ...] = ()
    if len(members) > 1 or "-of-" in members[0]:
        parts = [match for name in members if (match := SHARD.match(name))]
        if len(parts) < len(members) or len({(part["stem"], part["count"]) for part in parts}) > 1:
            return None
        missing = lacking(parts[0], parts)
    return FileGroup("", tuple(sorted(roles.items())), missing, whole=True)


def group(names: Collection[str], whole: bool = False) -> list[FileGroup]:
    """The models among the files of one folder, given as relative paths (subfolders included).

    `whole` says that the tool takes the folder as one model whatever lies in it.
    """
    if not whole:
        names = set(names)
        if one := _together(names):
            return [one]
    return by_rules(names, whole)


def by_rules(names: Collection[str], whole: bool = False) -> list[FileGroup]:
    """`group` by all its rules, also for what has a quick answer."""
    names = set(names)
    if whole:
        weights = [name for name in names if role_of(name) in ("weights", "adapter")]
        return [_folder("", names)] if weights else []
    groups: list[FileGroup] = []
    left = set(names)
    for marker, taken in (("model_index.json", _pipeline), ("modules.json", _sentence)):
        if marker in names:
            members = taken(names)
            groups.append(_folder("", members))
            left -= {name for name in members if role_of(name) in ("weights", "adapter")}
            break  # a folder is one or the other
    for bundle in sorted({_bundle(name) for name in left if ".mlmodelc/" in name or ".mlpackage/" in name} - {""}):
        members = {name for name in left if name.startswith(bundle + "/")}
        left -= members
        owner = bundle.removesuffix(".mlmodelc").removesuffix("-encoder") + ".bin"
        if not (bundle.endswith("-encoder.mlmodelc") and owner in names):
            groups.append(_folder(bundle, members))
    by_folder: dict[str, set[str]] = {}
    for name in left:
        by_folder.setdefault(name.rpartition("/")[0], set()).add(name)
    for folder in sorted(by_folder):
        shared = by_folder.get("", set()) if folder.rsplit("/", 1)[-1] in ("onnx", "openvino") else set()
        groups.extend(_in_folder(folder, by_folder[folder], shared, names, bool(groups)))
    return groups


def _folder(label: str, members: Iterable[str]) -> FileGroup:
    names = sorted(members)
    missing = tuple(name for one in weight_sets(set(names))[1].values() for name in one)
    return FileGroup(label, tuple((name, role_of(name)) for name in names), missing, whole=True)


def _pipeline(names: set[str]) -> set[str]:
    """A diffusers pipeline: its component folders and the small files beside model_index.json."""
    return {name for name in names if "/" in name or role_of(name) != "weights"}


def _sentence(names: set[str]) -> set[str]:
    """A sentence-transformers model: its modules' folders and one set of weights beside modules.json."""
    top = {name for name in names if "/" not in name}
    best = [name for name in top if suffix_of(name) == ".safetensors"] or [
        name for name in top if role_of(name) == "weights" and suffix_of(name) == ".bin"
    ]
    modules = {name for name in names if re.match(r"^\d+_[A-Za-z]+/", name)}
    return {name for name in top if role_of(name) != "weights"} | set(best) | modules


def _bundle(name: str) -> str:
    match = re.match(r"^(.*?\.(?:mlmodelc|mlpackage))/", name)
    return match[1] if match else ""


def _in_folder(folder: str, names: set[str], shared: set[str], everything: set[str], taken: bool) -> list[FileGroup]:
    """The models among the files directly in one folder; `taken`: the folder's own name is spoken for."""
    prefix = folder + "/" if folder else ""
    base = {name[len(prefix) :] for name in names}
    sets, missing = weight_sets(base)
    if not sets:
        return []
    ordered = sorted(base)
    configured = "config.json" in base or "config.json" in shared or "adapter_config.json" in base
    companions = {name for name in base if role_of(name) in ("config", "tokenizer")} if configured else set()
    projectors = {name for name in base if name[-5:].lower() == ".gguf" and is_projector(name)}
    bundled = [name for name in everything if "-encoder.mlmodelc/" in name]
    main = main_set(sets) if configured and not taken else None
    result = []
    for key in sorted(sets):
        members, loose = sets[key], suffix_of(key) == ".gguf"
        files: dict[str, Role] = {prefix + name: _weight_role(name) for name in members}
        for name in followers(key, members, ordered):
            files.setdefault(prefix + name, "sidecar")
        if configured and not loose:
            files.update({prefix + name: role_of(name) for name in companions})
            files.update({name: role_of(name) for name in shared if role_of(name) in ("config", "tokenizer")})
        if loose and projectors and not is_projector(key):
            for projector in fitting(key, projectors, sets):
                files[prefix + projector] = "projector"
                for name in followers(projector, {projector}, ordered):
                    files.setdefault(prefix + name, "sidecar")
        for name in bundled:
            if name.startswith(prefix + key.rsplit(".", 1)[0] + "-encoder.mlmodelc/"):
                files[name] = "other"
        label = folder if key == main else prefix + stem_of(key)
        if key == main:
            files.update({prefix + name: "other" for name in base if role_of(name) == "other" and not is_partial(name)})
        listed = tuple(sorted(files.items()))
        result.append(FileGroup(label, listed, missing.get(key, ()), key == main, bool(RAW_PART.match(min(members)))))
    heads = [{name for name, role in one.files if role in ("weights", "adapter")} for one in result]
    attached = {
        name
        for one, head in zip(result, heads, strict=True)
        for name, role in one.files
        if head and role == "projector"
    }
    return [
        one
        for one, head in zip(result, heads, strict=True)
        if head or not attached & {name for name, role in one.files if role == "projector"}
    ]


def _weight_role(name: str) -> Role:
    if is_projector(name):
        return "projector"
    return "adapter" if name.startswith("adapter_model.") else "weights"


def missing_health(one: FileGroup) -> Health | None:
    """`incomplete` for a numbered set that lacks parts; a word on parts that must be joined first."""
    if one.missing:
        listed = ", ".join(one.missing[:5]) + (" …" if len(one.missing) > 5 else "")
        count = len(one.missing)
        why = counted("{0} of its parts is missing: {1}", "{0} of its parts are missing: {1}", count, count, listed)
        return Health("incomplete", why)
    if one.raw_parts:
        raw = said("in raw parts that must be joined into one file before any tool can use it")
        return Health("incomplete", raw, "raw-parts")
    return None


def is_pipeline(one: FileGroup) -> bool:
    """Whether a folder says of itself that it is a diffusers pipeline: then it is one even while its weights are missing."""
    return one.whole and any(name == "model_index.json" for name, _role in one.files)
