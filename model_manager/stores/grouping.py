"""Which files of a folder are one model. Pure: names in, groups out.

Every tool that keeps plain files comes here, and so does a Hugging Face snapshot, so the rules for
shards, projectors, sidecars, pairs and pipelines exist once (`knowledge`: formats A.2, A.4, A.5, C).
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from model_manager.base.facts import Role

CERTAIN = frozenset({".gguf", ".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".pt2", ".onnx", ".tflite", ".nemo",
                     ".mlmodel", ".keras", ".llamafile", ".litertlm", ".ggml"})  # fmt: skip
AMBIGUOUS = frozenset({".bin", ".pkl", ".h5", ".npz", ".msgpack", ".param", ".xml", ".t7", ".task", ".model", ".mdl"})
"""Suffixes that other things have too: believed only when the content is recognised."""
PARTIAL = (".part", ".partial", ".incomplete", ".crdownload", ".aria2", ".!qb", ".downloadinprogress", ".download",
           ".tmp")  # fmt: skip
_MATTERING = CERTAIN | AMBIGUOUS | frozenset(PARTIAL)
_BESIDE = (".png", ".txt", ".json", ".jpg", ".jpeg", ".md", ".py", ".yaml", ".csv", ".webp", ".html")
"""What fills folders beside models: nobody looks twice at these names (100,000 of them are a tenth of a walk)."""

_SHARD = re.compile(r"^(?P<stem>.+?)[-.](?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.[A-Za-z0-9]+)$")
_RAW_PART = re.compile(r"^(?P<stem>.+\.gguf)[.-](?:part(?P<number>\d+)of(?P<count>\d+)|split-(?P<letter>[a-z]))$")
_PROJECTOR = re.compile(r"(^|[-_.])mmproj([-_.]|$)", re.IGNORECASE)
_QUANT = re.compile(
    r"[-_.](?:ud[-_]|i1[-_]|imat[-_])?(?:i?q\d_?(?:k|\d|nl|xs|xxs|s|m)?(?:_(?:xxs|xs|s|m|l|xl|\d))*"
    r"|tq\d_0|mxfp4(?:_moe)?|nvfp4|bf16|fp?16|fp?32|fp8(?:_e\dm\d(?:fn)?)?)(?=$|[-_.])",
    re.IGNORECASE,
)
_ONNX_PART = re.compile(
    r"^(?P<part>encoder_model|decoder_model_merged|decoder_with_past_model|decoder_model|vision_encoder"
    r"|embed_tokens|audio_encoder)(?P<variant>(?:_[a-z0-9]+)*)$"
)
_TRAINING = frozenset({"optimizer.pt", "optimizer.bin", "scheduler.pt", "scheduler.bin", "training_args.bin",
                       "scaler.pt"})  # fmt: skip
_TOKENIZERS = ("tokenizer", "vocab", "merges.txt", "special_tokens", "added_tokens", "spiece", "sentencepiece",
               "tekken", "chat_template")  # fmt: skip
_CONFIGS = frozenset({".json", ".yaml", ".yml", ".jinja", ".cfg", ".conf", ".ini", ".toml"})
_SIDECARS = (".civitai.info", ".metadata.json", ".cm-info.json", ".swarm.json", ".onnx.json", ".json", ".txt", ".yaml",
             ".yml", ".sha256", ".md5", ".etag", ".gguf.etag", ".gguf.json")  # fmt: skip
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_FOLLOWING = frozenset(
    between + ending for ending in (*_SIDECARS, *_PICTURES) for between in ("", ".preview", ".thumb")
)


class Group(NamedTuple):
    """One model's files as (relative path, role).

    `label` is what tells it from the folder: empty when it *is* the folder, else a path without
    suffix. `missing` names parts that a numbered set lacks. `whole` marks a folder model.
    """

    label: str
    files: tuple[tuple[str, Role], ...]
    missing: tuple[str, ...] = ()
    whole: bool = False
    raw_parts: bool = False


def suffix_of(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def may_matter(names: Iterable[str]) -> list[str]:
    """Those of a folder's names that may be weights, an unfinished download or a rest of training: a quick look."""
    return [
        name
        for name in [name for name in names if not name.endswith(_BESIDE)]
        if suffix_of(name) in _MATTERING or ".gguf" in name or ".tfevents." in name
    ]


def is_weights(name: str) -> bool:
    """Whether a file of this name may hold weights."""
    suffix = suffix_of(name)
    return suffix in CERTAIN or suffix in AMBIGUOUS or bool(_RAW_PART.match(name))


def is_partial(name: str) -> bool:
    """Whether a name says that its download has not ended: `x.gguf.part`, `incomplete-x.gguf`."""
    low = name.lower()
    if low.startswith("incomplete-") and suffix_of(low) in CERTAIN:
        return True
    if low.endswith(".crdownload"):
        return True
    stem = next((low[: -len(end)] for end in PARTIAL if low.endswith(end)), None)
    if stem is None:
        return False
    return suffix_of(stem) in CERTAIN | AMBIGUOUS or bool(re.search(r"\.[0-9a-f]{6,}$", stem))


def is_training(name: str) -> bool:
    """Rests of a training run: never needed to use the model."""
    base = name.rsplit("/", 1)[-1]
    return base in _TRAINING or base.startswith(("rng_state", "events.out.tfevents"))


def is_projector(name: str) -> bool:
    return suffix_of(name) == ".gguf" and bool(_PROJECTOR.search(name.rsplit("/", 1)[-1][:-5]))


@functools.lru_cache(8192)
def role_of(name: str) -> Role:
    """The role of a file that lies in a model's folder. Remembered: every repository has the same few names."""
    base = name[name.rfind("/") + 1 :].lower()
    suffix = suffix_of(base)
    if suffix == ".gguf" and is_projector(base):
        return "projector"
    if base.startswith(_TOKENIZERS):
        return "tokenizer"
    if base.startswith("adapter_model."):
        return "adapter"
    if suffix in _CONFIGS:
        return "config"
    if suffix in CERTAIN or suffix in AMBIGUOUS or (".gguf" in base and _RAW_PART.match(base)):
        return "other" if is_training(base) else "weights"
    return "other"


# Names that say more than "a model": parts of one, rests, projectors, tokenizers.
_TELLING = ("incomplete-", "adapter_model.", "encoder_model", "decoder_", "vision_encoder", "embed_tokens",
            "audio_encoder", "optimizer.", "scheduler.", "scaler.", "rng_state", "events.out.tfevents",
            *_TOKENIZERS)  # fmt: skip
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
            found.append((name, sorted({*_following(stem, beside), *_following(name, beside)})))
        else:
            found.append((name, []))
    return found


def _together(names: set[str]) -> Group | None:
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
    lacking: tuple[str, ...] = ()
    if len(members) > 1 or "-of-" in members[0]:
        parts = [match for name in members if (match := _SHARD.match(name))]
        if len(parts) < len(members) or len({(part["stem"], part["count"]) for part in parts}) > 1:
            return None
        lacking = _lacking(parts[0], parts)
    return Group("", tuple(sorted(roles.items())), lacking, whole=True)


def group(names: Collection[str], whole: bool = False) -> list[Group]:
    """The models among the files of one folder, given as relative paths (subfolders included).

    `whole` says that the tool takes the folder as one model whatever lies in it.
    """
    if not whole:
        names = set(names)
        if one := _together(names):
            return [one]
    return by_rules(names, whole)


def by_rules(names: Collection[str], whole: bool = False) -> list[Group]:
    """`group` by all its rules, also for what has a quick answer."""
    names = set(names)
    if whole:
        weights = [name for name in names if role_of(name) in ("weights", "adapter")]
        return [_folder("", names)] if weights else []
    groups: list[Group] = []
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


def _folder(label: str, members: Iterable[str]) -> Group:
    names = sorted(members)
    lacking = tuple(name for one in _sets(set(names))[1].values() for name in one)
    return Group(label, tuple((name, role_of(name)) for name in names), lacking, whole=True)


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


def _in_folder(folder: str, names: set[str], shared: set[str], everything: set[str], taken: bool) -> list[Group]:
    """The models among the files directly in one folder; `taken`: the folder's own name is spoken for."""
    prefix = folder + "/" if folder else ""
    base = {name[len(prefix) :] for name in names}
    sets, missing = _sets(base)
    if not sets:
        return []
    ordered = sorted(base)
    configured = "config.json" in base or "config.json" in shared or "adapter_config.json" in base
    companions = {name for name in base if role_of(name) in ("config", "tokenizer")} if configured else set()
    projectors = {name for name in base if name[-5:].lower() == ".gguf" and is_projector(name)}
    bundled = [name for name in everything if "-encoder.mlmodelc/" in name]
    main = _main_set(sets) if configured and not taken else None
    result = []
    for key in sorted(sets):
        members, loose = sets[key], suffix_of(key) == ".gguf"
        files: dict[str, Role] = {prefix + name: _weight_role(name) for name in members}
        for name in _sidecars(key, members, ordered):
            files.setdefault(prefix + name, "sidecar")
        if configured and not loose:
            files.update({prefix + name: role_of(name) for name in companions})
            files.update({name: role_of(name) for name in shared if role_of(name) in ("config", "tokenizer")})
        if loose and projectors and not is_projector(key):
            for projector in _fitting(key, projectors, sets):
                files[prefix + projector] = "projector"
                for name in _sidecars(projector, {projector}, ordered):
                    files.setdefault(prefix + name, "sidecar")
        for name in bundled:
            if name.startswith(prefix + key.rsplit(".", 1)[0] + "-encoder.mlmodelc/"):
                files[name] = "other"
        label = folder if key == main else prefix + stem_of(key)
        if key == main:
            files.update({prefix + name: "other" for name in base if role_of(name) == "other" and not is_partial(name)})
        listed = tuple(sorted(files.items()))
        result.append(Group(label, listed, missing.get(key, ()), key == main, bool(_RAW_PART.match(min(members)))))
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


def stem_of(key: str) -> str:
    suffix = suffix_of(key)
    return key[: -len(suffix)] if suffix in CERTAIN | AMBIGUOUS else key


def _sets(base: set[str]) -> tuple[dict[str, set[str]], dict[str, tuple[str, ...]]]:
    """Weight files by set, keyed by a file name that stands for the set, and what numbered sets lack."""
    sets: dict[str, set[str]] = {}
    wanted: dict[str, re.Match[str]] = {}
    shards = {
        (match["stem"] + match["suffix"], match["count"])
        for name in base
        if "-of-" in name and (match := _SHARD.match(name))
    }
    several = Counter(key for key, _count in shards)
    for name in may_matter(base):
        if not is_weights(name) or is_training(name) or is_partial(name) or role_of(name) == "tokenizer":
            continue
        shard, raw, onnx = _SHARD.match(name), _RAW_PART.match(name), _ONNX_PART.match(stem_of(name))
        if shard:
            key = shard["stem"] + shard["suffix"]
            if key in base or several[key] > 1:  # a whole file, or another count, is another model
                key = f"{shard['stem']}-of-{shard['count']}{shard['suffix']}"
            wanted[key] = shard
        elif raw:
            key = raw["stem"]
        elif onnx and suffix_of(name) == ".onnx":
            key = f"encoder+decoder{onnx['variant']}.onnx"
        elif suffix_of(name) in (".bin", ".param", ".xml") and (pair := _pair(name, base)):
            key = pair
        elif suffix_of(name) == ".xml":
            continue
        else:
            key = name
        sets.setdefault(key, set()).add(name)
    missing = {}
    for key, one in wanted.items():
        parts = [match for name in sets[key] if (match := _SHARD.match(name))]
        missing[key] = _lacking(one, parts)
    return sets, missing


def _lacking(one: re.Match[str], parts: Iterable[re.Match[str]]) -> tuple[str, ...]:
    """The names that a numbered set lacks, told by one of its parts and all of them."""
    stem, count, suffix = one["stem"], int(one["count"]), one["suffix"]
    numbers = {int(part["number"]) for part in parts}
    wanted = range(1, min(count, 10_000) + 1)
    return tuple(f"{stem}-{number:05}-of-{count:05}{suffix}" for number in wanted if number not in numbers)


def _pair(name: str, base: set[str]) -> str:
    """OpenVINO's .xml and .bin, ncnn's .param and .bin: the file that describes stands for both."""
    stem = name.rsplit(".", 1)[0]
    for suffix in (".xml", ".param"):
        if stem + suffix in base and stem + ".bin" in base:
            return stem + suffix
    return ""


def _main_set(sets: dict[str, set[str]]) -> str | None:
    """The set that the folder's configuration is about: it takes the folder's name."""
    order = (
        "model.safetensors", "diffusion_pytorch_model.safetensors", "adapter_model.safetensors",
        "diffusion_pytorch_model.fp16.safetensors", "weights.npz", "model.bin", "pytorch_model.bin",
        "diffusion_pytorch_model.bin", "adapter_model.bin", "model.pth", "tf_model.h5",
    )  # fmt: skip
    found = next((key for key in order if key in sets), None)
    if found is None and len(sets) == 1:
        (only,) = sets
        return only if suffix_of(only) != ".gguf" else None
    return found


def _fitting(key: str, projectors: set[str], sets: dict[str, set[str]]) -> set[str]:
    """The projectors that belong to a GGUF: those of its name, or all when the folder holds one family."""
    families = {_family(name) for name in sets if suffix_of(name) == ".gguf" and not is_projector(name)}
    mine = _family(key)
    named = {name for name in projectors if _of(name) and (mine.startswith(_of(name)) or _of(name).startswith(mine))}
    if named:
        return named
    beside = {name for name in projectors if _before(name) and mine.startswith(_before(name))}
    if beside:
        return beside
    return {name for name in projectors if not _of(name)} if len(families) > 1 else projectors


def _family(name: str) -> str:
    """A file name without suffix, shard, uploader's marks and quant: what all quants of one model share."""
    return _QUANT.sub("", stem_of(name).lower()).strip("-_.")


def _of(projector: str) -> str:
    """What a projector's name says of its model: nothing in `mmproj-F16` and llama.cpp's own `mmproj-model-f16`."""
    rest = _PROJECTOR.sub("", _family(projector)).strip("-_.")
    return "" if rest in ("mmproj", "model") else rest


def _before(projector: str) -> str:
    """What stands before `mmproj`: llama.cpp's flat cache puts owner and repository there."""
    return _PROJECTOR.split(_family(projector))[0].strip("-_.")


def _sidecars(key: str, members: set[str], base: Sequence[str]) -> Iterator[str]:
    """Files that follow a model by name: `<stem>.json`, `<name>.json`, previews, the Piper voice's settings.

    `base`: the folder's names, sorted, so that those beginning alike lie side by side.
    """
    if len(base) == len(members):
        return
    for stem in {stem_of(key), key, *(stem_of(name) for name in members), *members}:
        for name in _following(stem, base):
            if name not in members:
                yield name


def _following(stem: str, base: Sequence[str]) -> Iterator[str]:
    """The names that are `stem` and the ending of a sidecar or picture."""
    length, start = len(stem), stem + "."
    for number in range(bisect_left(base, start), len(base)):
        name = base[number]
        if not name.startswith(start):
            return
        if name[length:] in _FOLLOWING:
            yield name
