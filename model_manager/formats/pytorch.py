"""PyTorch checkpoints and other pickles, read as text about tensors: never unpickled.

The containers are modules of their own (`pytorch_zip`, `pytorch_legacy`, `pytorch_tar`); a bare pickle is here.
"""

from __future__ import annotations

import io
import re
from typing import BinaryIO, cast

from model_manager.base.facts import Facts, Health
from model_manager.base.messages import counted, figure, said
from model_manager.base.text import later
from model_manager.formats import compressed, pytorch_legacy, pytorch_tar, pytorch_zip
from model_manager.formats.pickle_facts import Contents, facts
from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tar_members import opens_as_tar
from model_manager.formats.trailing import walk_all

NAME = "pickle"
SUFFIXES = (".pt", ".pth", ".ckpt", ".bin", ".pkl", ".pt2", ".th", ".pickle", ".joblib", ".dill")
HEAD = 512
# The first local entry of a PyTorch zip: NAME/data.pkl, /version, /byteorder, /.data/…, /code/…, /archive_format.
_FIRST = re.compile(
    rb"(?:[^/\0]{1,470}/)?(?:data\.pkl|version|byteorder|constants\.pkl|archive_format|\.format_version"
    rb"|\.data/.*|data/\d+|code/.*|extra/.*|models/.*)",
    re.DOTALL,
)


def matches(head: bytes) -> bool:
    if head[:4] == b"PK\x03\x04" and len(head) >= 30:
        length = int.from_bytes(head[26:28], "little")
        return _FIRST.fullmatch(head[30 : 30 + length]) is not None
    return pytorch_legacy.is_legacy(head) or pytorch_tar.is_torch_tar(head) or looks_like_pickle(head)


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one checkpoint, whichever container it has."""
    return facts(NAME, contents_of(file, size, limits), limits)


def contents_of(file: BinaryIO, size: int, limits: Limits, budget: Budget | None = None) -> Contents:
    """What is in a checkpoint, for those who look at several within one budget."""
    budget = budget or Budget.of(limits)
    file.seek(0)
    head = file.read(HEAD)
    if kind := compressed.kind_of(head):
        return _unpacked(file, kind, limits, budget)
    return _contents(file, size, head, limits, budget)


def _contents(file: BinaryIO, size: int, head: bytes, limits: Limits, budget: Budget) -> Contents:
    if head[:2] == b"PK":
        return pytorch_zip.contents_of(file, size, limits, budget)
    if opens_as_tar(head):
        return _tar(file, size, head, limits, budget)
    if pytorch_legacy.is_legacy(head):
        return pytorch_legacy.contents_of(file, size, budget)
    if pytorch_tar.is_torch_tar(head):
        return pytorch_tar.contents_of(file, size, limits, budget)
    return _bare(file, size, head, budget)


def _tar(file: BinaryIO, size: int, head: bytes, limits: Limits, budget: Budget) -> Contents:
    """torch.load takes whatever begins as a tar for one, before it looks for pickles."""
    contents = pytorch_tar.contents_of(file, size, limits, budget)
    if not pytorch_tar.is_torch_tar(head):
        if pytorch_legacy.is_legacy(head) or looks_like_pickle(head):
            other = pytorch_legacy.contents_of(file, size, budget)
            contents.pickles += other.pickles
            why = later("is a tar and a pickle at once: programs read different things in it")
            contents.healths.append(Health("unsafe", why))
        elif not contents.pickles:
            raise FormatProblem("unknown", said("a tar without a PyTorch table"))
    return contents


def _unpacked(file: BinaryIO, kind: str, limits: Limits, budget: Budget) -> Contents:
    """What is in a compressed file, as far as it is unpacked: once, not what is packed again within."""
    content, whole = compressed.unpacked(file, kind)
    contents = _contents(cast(BinaryIO, io.BytesIO(content)), len(content), content[:HEAD], limits, budget)
    contents.kind = f"{kind}, {contents.kind}"
    if not whole:
        for pickle in contents.pickles:
            pickle.broken = ""  # where it was cut is where we stopped
        why = said("compressed with {0}: only its first {1} bytes were looked into", kind, figure(len(content)))
        contents.healths = [one for one in contents.healths if one.verdict == "unsafe"] + [Health("unknown", why)]
    return contents


def _bare(file: BinaryIO, size: int, head: bytes, budget: Budget) -> Contents:
    """A pickle without a container, with those behind it."""
    found, end = walk_all(file, 0, size, budget)
    if found[0].broken and not found[0].names and not looks_like_pickle(head):
        raise FormatProblem("unknown", said("neither a PyTorch file nor a pickle"))
    contents = Contents("bare pickle", found[0].value, found)
    if end < size and not any(pickle.broken or pickle.beyond for pickle in found):
        contents.healths.append(
            Health(
                "suspicious",
                counted(
                    "{0} byte behind its end that is not a pickle",
                    "{0} bytes behind its end that are not a pickle",
                    size - end,
                    figure(size - end),
                ),
            )
        )
    return contents
