"""Which format a file has, by its first bytes, and its facts or its problem."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import BinaryIO, cast

from model_manager.base.facts import Facts, Health
from model_manager.base.text import later
from model_manager.formats import FORMATS, LIMITS, Format, FormatProblem
from model_manager.formats.metered import Metered
from model_manager.formats.problem import SAME_STEM

HEAD = 512
_SHARED = frozenset({".bin", ".xml", ".json", ".h5", ".hdf5", ".msgpack", ".param"})
"""Suffixes that other things have too: their content alone decides."""
_LFS = b"version https://git-lfs"
_MARKUP = re.compile(rb"^\s*(<!doctype|<html|<\?xml|<head|<body|<error)", re.IGNORECASE)
_JSON_ERROR = re.compile(rb'^\s*\{\s*"(error|message|detail|code|status|errors)"')


def facts_of(file: BinaryIO, size: int, name: str) -> Facts:
    """Facts of an open file. Every FormatProblem becomes the facts' health; OSError passes."""
    file = file if isinstance(file, Metered) else cast(BinaryIO, Metered(file))
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if size == 0:
        return Facts(suffix.strip(".") or "unknown", health=Health("not-a-model", "the file is empty (0 bytes)"))
    head = file.read(HEAD)
    other = not_a_model(head, size)
    if other:
        return Facts(suffix.strip(".") or "unknown", health=Health("not-a-model", other))
    format_ = _choose(head, suffix)
    if format_ is None:
        return Facts("unknown", health=Health("unknown", "not a format that this program reads"))
    file.seek(0)
    try:
        return _beside(format_.read(file, size, LIMITS), name)
    except FormatProblem as problem:
        return Facts(format_.NAME, health=Health(problem.kind, problem.why))
    except (RecursionError, MemoryError, OverflowError) as error:
        return Facts(format_.NAME, health=Health("unknown", f"beyond this program's limits ({type(error).__name__})"))


def _beside(facts: Facts, name: str) -> Facts:
    """Puts the file's own stem into companions that are named after it (OpenVINO's and ncnn's `.bin`)."""
    if not any(companion.name.startswith(SAME_STEM) for companion in facts.companions):
        return facts
    stem = name[: name.rfind(".")] if "." in name else name
    named = (replace(one, name=one.name.replace(SAME_STEM, stem, 1)) for one in facts.companions)
    return replace(facts, companions=tuple(named))


def not_a_model(head: bytes, size: int) -> str:
    """Why a file that has a model's name is a text about one; empty when it is none of these."""
    if head.startswith(_LFS):
        return later("a Git LFS pointer: the model itself was not downloaded (run `git lfs pull`)")
    if _MARKUP.match(head) and b"<net" not in head:
        return later("a web page saved under a model's name: download it again")
    if size < 64 * 1024 and _JSON_ERROR.match(head):
        return later("an error message saved under a model's name: download it again")
    return ""


def _choose(head: bytes, suffix: str) -> Format | None:
    for format_ in FORMATS:
        if format_.matches(head):
            return format_
    for format_ in FORMATS:
        if suffix in format_.SUFFIXES and suffix not in _SHARED:
            return format_
    return None
