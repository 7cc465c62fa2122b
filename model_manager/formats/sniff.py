"""Which format a file has, by its first bytes, and its facts or its problem."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import BinaryIO, cast

from model_manager.base.facts import Facts, Health
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.formats import FORMATS, LIMITS, Format, FormatProblem, compressed, pytorch
from model_manager.formats.metered import Metered
from model_manager.formats.pickle_head import may_be_pickle
from model_manager.formats.problem import SAME_STEM
from model_manager.formats.zip_members import LOCAL

HEAD = 4096
"""Bytes that are looked at first: one page of the file. Comments and producers' names may stand before what tells."""
_SHORT = 512
_SHARED = frozenset({".bin", ".xml", ".json", ".h5", ".hdf5", ".msgpack", ".param"})
"""Suffixes that other things have too: their content alone decides."""
_ZIPS = frozenset({".skops", ".keras"})
"""Suffixes whose zips may begin with any member."""
_LFS = b"version https://git-lfs"
_MARKUP = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.*?-->\s*)*<(?:!--|!doctype|html|\?xml|head|body|error|script|title|meta)",
    re.IGNORECASE | re.DOTALL,
)
_JSON_ERROR = re.compile(
    rb'(?:\xef\xbb\xbf)?\s*\{\s*"(error|errors|error_?code|error_?message|message|msg|detail|details|code|status|'
    rb'status_?code|success|reason|title|request_?id)"\s*:',
    re.IGNORECASE,
)
_TEXT_ERROR = re.compile(
    rb"\s*(entry not found|(file|page|repository|resource|revision) not found|not found|access (to|denied)|"
    rb"invalid (username|credential|token|api|request)|(error:? ?)?(40[0-9]|429|50[0-9])\b[^\n]{0,200}\s*$|unauthorized|"
    rb"forbidden|internal server error|bad gateway|service unavailable|gateway time-?out|too many requests|"
    rb"rate limit|cannot access gated|you are not authorized)",
    re.IGNORECASE,
)
_A_NAME = re.compile(r"[A-Za-z_][\w.]*\.\w+")
_NO_FORMAT = Facts("unknown", health=Health("unknown", said("not a format that this program reads")))


def facts_of(file: BinaryIO, size: int, name: str) -> Facts:
    """Facts of an open file. Every FormatProblem becomes the facts' health; OSError passes."""
    file = file if isinstance(file, Metered) else cast(BinaryIO, Metered(file))
    suffix = name[name.rfind(".") :].lower() if "." in name else ""
    if size == 0:
        return Facts(suffix.strip(".") or "unknown", health=Health("not-a-model", said("the file is empty (0 bytes)")))
    head = file.read(HEAD)
    other = not_a_model(head, size, suffix)
    if other:
        return Facts(suffix.strip(".") or "unknown", health=Health("not-a-model", other))
    format_ = _choose(head, suffix)
    if format_ is None:
        return _on_trial(file, size, name) if _to_be_tried(head, suffix) else _NO_FORMAT
    file.seek(0)
    try:
        return _beside(format_.read(file, size, LIMITS), name)
    except FormatProblem as problem:
        return Facts(format_.NAME, health=Health(problem.kind, problem.why))
    except (RecursionError, MemoryError, OverflowError) as error:
        return Facts(
            format_.NAME, health=Health("unknown", said("beyond this program's limits ({0})", type(error).__name__))
        )


def _to_be_tried(head: bytes, suffix: str) -> bool:
    """Whether a file of a suffix that others use too may be a checkpoint, which its first bytes alone do not show."""
    return suffix in pytorch.SUFFIXES and (head[:4] == LOCAL or may_be_pickle(head) or compressed.kind_of(head) != "")


def _on_trial(file: BinaryIO, size: int, name: str) -> Facts:
    """Read as a checkpoint; a file that holds nothing of one is some other program's."""
    file.seek(0)
    try:
        facts = pytorch.read(file, size, LIMITS)
    except (FormatProblem, RecursionError, MemoryError, OverflowError):
        return _NO_FORMAT
    return facts if facts.shares or any(_A_NAME.fullmatch(name) for name in facts.code) else _NO_FORMAT


def _beside(facts: Facts, name: str) -> Facts:
    """Puts the file's own stem into companions that are named after it (OpenVINO's and ncnn's `.bin`)."""
    if not any(companion.name.startswith(SAME_STEM) for companion in facts.companions):
        return facts
    stem = name[: name.rfind(".")] if "." in name else name
    named = (replace(one, name=one.name.replace(SAME_STEM, stem, 1)) for one in facts.companions)
    return replace(facts, companions=tuple(named))


def not_a_model(head: bytes, size: int, suffix: str = "") -> str:
    """Why a file that has a model's name is a text about one; empty when it is none of these."""
    if head.startswith(_LFS):
        return later("a Git LFS pointer: the model itself was not downloaded (run `git lfs pull`)")
    markup = _MARKUP.match(head)
    own = suffix == ".xml" and b"<html" not in head.lower()  # markup is what such a file is made of
    if markup and b"<net" not in head and not own:
        return later("a web page saved under a model's name: download it again")
    if size < 64 * 1024 and (_JSON_ERROR.match(head) or (size <= _SHORT and _TEXT_ERROR.match(head))):
        return later("an error message saved under a model's name: download it again")
    return ""


def _choose(head: bytes, suffix: str) -> Format | None:
    for format_ in FORMATS:
        if format_.matches(head) or (suffix in _ZIPS and suffix in format_.SUFFIXES and head[:4] == LOCAL):
            return format_
    for format_ in FORMATS:
        if suffix in format_.SUFFIXES and suffix not in _SHARED:
            return format_
    return None
