"""Keras 3's `.keras`: a zip of `metadata.json`, `config.json` and `model.weights.h5`.

Source: keras/src/saving/saving_lib.py. Older programs wrote HDF5 under the same suffix, which is read as that.
"""

from __future__ import annotations

from typing import BinaryIO, cast

from model_manager.base.facts import Facts, Health
from model_manager.base.messages import figure, said
from model_manager.formats import hdf5, keras_config, nested
from model_manager.formats.pickle_facts import code_of, health
from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.region import Region
from model_manager.formats.trailing import walk_all
from model_manager.formats.zip_members import LOCAL, STORED, Member, data_start, members, unpacked

NAME = "keras"
SUFFIXES = (".keras",)
_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"
_MOST = 2_000
_PARTS = 8
_PICKLES = (".pkl", ".pickle", ".joblib", ".dill")


def matches(head: bytes) -> bool:
    """Only what is certain: others are asked by their suffix."""
    if head[:4] != LOCAL or len(head) < 30:
        return False
    name = head[30 : 30 + int.from_bytes(head[26:28], "little")]
    return name == _WEIGHTS.encode() or (name == b"metadata.json" and b'"keras_version"' in head)


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one archive: what its configuration runs, and whether its weights are whole."""
    file.seek(0)
    if file.read(4) != LOCAL:
        raise FormatProblem("corrupt", said("does not begin as a zip, which a .keras file is"))
    listed = members(file, size, limits)
    code: set[str] = set()
    healths: list[Health] = []
    names: set[str] = set()
    if len(listed) > _MOST:
        raise FormatProblem(
            "unknown", said("lists {0} members, over the limit of {1}", figure(len(listed)), figure(_MOST))
        )
    budget, parts = Budget.of(limits), 0
    for member in listed:
        if member.name in names:
            healths.append(Health("unsafe", said("two members are named {0}", repr(member.name[:80]))))
            continue
        names.add(member.name)
        if member.name.startswith(("/", "\\")) or ".." in member.name.replace("\\", "/").split("/"):
            healths.append(
                Health("unsafe", said("member {0} would be unpacked outside its folder", repr(member.name[:80])))
            )
        try:
            parts += member.name.endswith(".h5")
            if parts > _PARTS:
                raise FormatProblem("unknown", said("more than {0} parts of weights: not all looked into", _PARTS))
            told = _member(file, member, budget, limits)
        except FormatProblem as problem:
            healths.append(Health(problem.kind, problem.why))
        else:
            code |= set(told[0])
            healths += told[1]
    if _CONFIG not in names:
        healths.append(Health("incomplete", said("a zip without {0}", _CONFIG)))
    named = tuple(sorted(code))[:100]
    return Facts(NAME, health=health(healths, named), code=named)


def _member(file: BinaryIO, member: Member, budget: Budget, limits: Limits) -> tuple[tuple[str, ...], list[Health]]:
    start = data_start(file, member)
    if member.name == _CONFIG:
        if member.size > keras_config.LONGEST:
            raise FormatProblem(
                "unknown",
                said(
                    "a configuration of {0} bytes is over the limit of {1}",
                    figure(member.size),
                    figure(keras_config.LONGEST),
                ),
            )
        return keras_config.judged(unpacked(file, member, start, keras_config.LONGEST))
    head = unpacked(file, member, start, 512)
    part = cast(BinaryIO, Region(file, start, start + member.size))
    if looks_like_pickle(head) or member.name.lower().endswith(_PICKLES):
        if member.method != STORED:
            raise FormatProblem(
                "unknown", said("member {0} is a packed pickle: not looked into", repr(member.name[:80]))
            )
        return code_of(walk_all(part, 0, member.size, budget)[0])
    if member.name.endswith(".h5") and member.method == STORED:
        found = hdf5.read(part, member.size, limits)
        return found.code, [found.health]
    inner = nested.health_of(member.name, head, file, start, member.size if member.method == STORED else 0)
    return (), [inner] if inner else []


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
