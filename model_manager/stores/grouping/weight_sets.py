"""Which weight files are one set: shards, raw parts, encoders with decoders, a description with its weights."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from model_manager.stores.grouping.file_names import (
    RAW_PART,
    is_partial,
    is_training,
    is_weights,
    may_matter,
    role_of,
    stem_of,
    suffix_of,
)

SHARD = re.compile(r"^(?P<stem>.+?)[-.](?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.[A-Za-z0-9]+)$")
_ONNX_PART = re.compile(
    r"^(?P<part>encoder_model|decoder_model_merged|decoder_with_past_model|decoder_model|vision_encoder"
    r"|embed_tokens|audio_encoder)(?P<variant>(?:_[a-z0-9]+)*)$"
)


def weight_sets(base: set[str]) -> tuple[dict[str, set[str]], dict[str, tuple[str, ...]]]:
    """Weight files by set, keyed by a file name that stands for the set, and what numbered sets lack."""
    sets: dict[str, set[str]] = {}
    wanted: dict[str, re.Match[str]] = {}
    shards = {
        (match["stem"] + match["suffix"], match["count"])
        for name in base
        if "-of-" in name and (match := SHARD.match(name))
    }
    several = Counter(key for key, _count in shards)
    for name in may_matter(base):
        if not is_weights(name) or is_training(name) or is_partial(name) or role_of(name) == "tokenizer":
            continue
        shard, raw, onnx = SHARD.match(name), RAW_PART.match(name), _ONNX_PART.match(stem_of(name))
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
        parts = [match for name in sets[key] if (match := SHARD.match(name))]
        missing[key] = lacking(one, parts)
    return sets, missing


def lacking(one: re.Match[str], parts: Iterable[re.Match[str]]) -> tuple[str, ...]:
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


def main_set(sets: dict[str, set[str]]) -> str | None:
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
