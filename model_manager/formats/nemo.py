"""NVIDIA NeMo: a tar, plain or gzipped, of `model_config.yaml` and `model_weights.ckpt`.

Source: nemo/core/connectors/save_restore_connector.py. The configuration's `target` names the model's class.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import replace
from typing import BinaryIO, cast

from model_manager.base.facts import Claim, Facts, Health
from model_manager.formats import pytorch
from model_manager.formats.metadata import bounded
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.region import Region
from model_manager.formats.tar_members import is_tar, members, name_of

NAME = "nemo"
SUFFIXES = (".nemo",)
_GZIP = b"\x1f\x8b"
_CONFIG, _WEIGHTS = "model_config.yaml", "model_weights.ckpt"
_LONGEST = 4 * 1024 * 1024
_TARGET = re.compile(r"^target:\s*['\"]?([\w.]{1,300})['\"]?\s*$", re.MULTILINE)

# What a class is for, by a part of its dotted name; the first that fits.
_KINDS = (
    ("EncDecFrameClassification", "audio/vad"),
    ("EncDecClassification", "audio"),
    ("label_models", "audio"),
    ("EncDecSpeakerLabel", "audio"),
    ("SortformerEncLabel", "audio"),
    ("collections.asr.", "stt"),
    ("collections.tts.", "tts"),
    ("PunctuationCapitalization", "text/punctuation"),
    ("machine_translation", "text/translation"),
    ("TextClassification", "text/classification"),
    ("collections.speechlm", "multimodal"),
    ("collections.vlm", "multimodal"),
    ("collections.multimodal", "multimodal"),
    ("language_modeling", "llm"),
    ("collections.audio.", "audio"),
)


def matches(head: bytes) -> bool:
    """Only what is certain: a tar that begins with the configuration; others are asked by their suffix."""
    return is_tar(head) and name_of(head) == _CONFIG


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one archive: its configuration's, and its weights' where they are not compressed."""
    file.seek(0)
    head = file.read(512)
    if head[:2] == _GZIP:
        return _packed(file, limits)
    if not is_tar(head):
        raise FormatProblem("unknown", "neither a tar nor a gzipped tar")
    config, weights, broken = "", None, None
    try:
        for member in members(file, size, limits):
            if member.name == _CONFIG:
                config = _text(file, member.start, member.size)
            elif member.name == _WEIGHTS:
                weights = Region(file, member.start, member.start + member.size), member.size
    except FormatProblem as problem:
        broken = Health(problem.kind, problem.why)
    if not config and not weights and not broken:
        raise FormatProblem("unknown", f"a tar without {_CONFIG}")
    facts = pytorch.read(cast(BinaryIO, weights[0]), weights[1], limits) if weights else Facts(NAME)
    if not weights:
        facts = replace(facts, health=broken or Health("incomplete", f"a tar without {_WEIGHTS}"))
    elif broken:
        facts = replace(facts, health=broken)
    return _named(facts, config)


def _packed(file: BinaryIO, limits: Limits) -> Facts:
    """A gzipped archive: unpacked up to our limit, which holds the configuration (names are sorted, weights last)."""
    inflate = zlib.decompressobj(31)
    file.seek(0)
    parts, left = [], limits.header
    try:
        while left > 0 and not inflate.eof and (piece := file.read(256 * 1024)):
            part = inflate.decompress(piece, left)
            parts.append(part)
            left -= len(part)
    except zlib.error as error:
        raise FormatProblem("corrupt", f"cannot be unpacked ({error})") from None
    text = b"".join(parts)
    config, found = "", False
    inner = cast(BinaryIO, io.BytesIO(text))
    try:
        for member in members(inner, len(text), limits):
            found = True
            if member.name == _CONFIG:
                config = _text(inner, member.start, member.size)
    except FormatProblem as problem:
        if not config and not found and problem.kind != "truncated":
            raise
    if not config:
        raise FormatProblem("unknown", f"no {_CONFIG} in its first {len(text):,} bytes")
    return _named(Facts(NAME, health=Health("unknown", "compressed: its weights were not looked into")), config)


def _text(file: BinaryIO, start: int, size: int) -> str:
    file.seek(start)
    return file.read(min(size, _LONGEST)).decode("utf-8", "replace")


def _named(facts: Facts, config: str) -> Facts:
    claims = list(facts.claims)
    target = found.group(1) if (found := _TARGET.search(config)) else ""
    if target:
        claims.append(Claim("architecture", target.rsplit(".", 1)[-1], "metadata", f"target is {target}"))
        for part, category in _KINDS:
            if part in target:
                claims.append(Claim("category", category, "metadata", f"target is {target}"))
                break
    metadata = bounded({**facts.metadata, "nemo.target": target})
    return replace(facts, format=NAME, claims=tuple(claims), metadata=metadata)
