"""numpy's arrays: one in a `.npy`, several in a `.npz` (a zip). Arrays of objects are pickles, and walked."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO, cast

from model_manager.base.facts import Claim, Facts, Health
from model_manager.base.messages import counted, figure, said
from model_manager.base.text import later
from model_manager.formats import architectures, nested, packed
from model_manager.formats.metadata import bounded
from model_manager.formats.npy_header import LONGEST, MAGIC, Array, parse
from model_manager.formats.pickle_facts import code_of, health
from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_walk import Pickle
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tensors import Tensor, shares
from model_manager.formats.trailing import walk_all
from model_manager.formats.zip_members import LOCAL, STORED, Member, data_start, members, unpacked

NAME = "numpy"
SUFFIXES = (".npz", ".npy")
_MOST = 2_000
OBJECTS = "numpy.pickles"
"""The metadata of a file with arrays of objects: how many pickles they are."""


def matches(head: bytes) -> bool:
    if head[:4] == LOCAL and len(head) >= 30:
        return head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(b".npy")
    return head[:6] == MAGIC


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one array or of an archive of them."""
    tensors: dict[str, Tensor] = {}
    pickles: list[Pickle] = []
    healths: list[Health] = []
    budget = Budget.of(limits)
    file.seek(0)
    if file.read(2) == b"PK":
        listed = members(file, size, limits)
        if len(listed) > _MOST:
            raise FormatProblem(
                "unknown", said("lists {0} arrays, over the limit of {1}", figure(len(listed)), figure(_MOST))
            )
        for member in listed:
            if budget.steps <= 0:
                healths.append(
                    Health("unknown", said("its pickles are more than this program reads: not all looked into"))
                )
                break
            try:
                found = _member(file, member, tensors, budget, limits)
            except FormatProblem as problem:
                healths.append(Health(problem.kind, problem.why))
            else:
                pickles += found
    else:
        file.seek(0)
        array = parse(file.read(LONGEST))
        tensors["array"] = array.tensor
        if array.pickled:
            pickles += walk_all(file, array.start, size, budget)[0]
        else:
            healths += _fits(array, size, later("the array"))
    code, named = code_of(pickles)
    objects = {OBJECTS: len(pickles)} if pickles else {}
    return Facts(
        format=NAME,
        claims=tuple(_claims(tensors)),
        shares=shares(tensors),
        health=health([*named, *healths], code),
        code=code,
        metadata=bounded(
            {**objects, **{name: f"{array.dtype} {list(array.shape)}" for name, array in tensors.items()}}
        ),
    )


def _member(file: BinaryIO, member: Member, tensors: dict[str, Tensor], budget: Budget, limits: Limits) -> list[Pickle]:
    """Notes an array and returns the pickles in its member."""
    start = data_start(file, member)
    head = unpacked(file, member, start, LONGEST)
    begin = 0
    if head[:6] == MAGIC:
        array = parse(head)
        tensors[member.name.removesuffix(".npy")[:300]] = array.tensor
        if not array.pickled:
            for wrong in _fits(array, member.size, said("member {0}", repr(member.name[:80]))):
                raise FormatProblem(wrong.verdict, wrong.detail)
            return []
        begin = array.start
    elif not looks_like_pickle(head):
        if inner := nested.health_of(
            member.name, head[:512], file, start, member.size if member.method == STORED else 0
        ):
            raise FormatProblem("unknown", inner.detail)
        return []
    if member.method == STORED:
        return walk_all(file, start + begin, start + member.size, budget)[0]
    if member.size > limits.header:
        raise FormatProblem(
            "unknown", said("member {0} unpacks to {1} bytes: not read", repr(member.name[:80]), figure(member.size))
        )
    budget.unpacked -= member.size
    if budget.unpacked < 0:
        raise FormatProblem("unknown", said("its pickles unpack to more than this program reads"))
    whole = unpacked(file, member, start, limits.header)
    return walk_all(cast(BinaryIO, io.BytesIO(whole)), begin, len(whole), budget)[0]


def _fits(array: Array, size: int, what: str) -> list[Health]:
    need = array.start + array.tensor.bytes
    if need > size:
        return [
            Health(
                "truncated",
                said(
                    "{0} needs {1} bytes, has {2} ({3} missing)", what, figure(need), figure(size), figure(need - size)
                ),
            )
        ]
    if need < size and array.tensor.dtype not in ("record", "?"):
        return [
            Health(
                "suspicious",
                counted(
                    "{0} byte behind {1} that belongs to no number",
                    "{0} bytes behind {1} that belong to no number",
                    size - need,
                    figure(size - need),
                    what,
                ),
            )
        ]
    return []


def _claims(tensors: dict[str, Tensor]) -> Iterator[Claim]:
    yield from architectures.claims_of(tensors)
    yield from packed.claims_of(tensors, shares(tensors))
