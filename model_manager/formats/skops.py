"""skops: a scikit-learn model as a zip of `schema.json` and arrays, made to be read without running anything.

Source: skops/io/_protocol.py and _persist.py. The schema names each class and function with its module.
"""

from __future__ import annotations

import io
from typing import BinaryIO, cast

from model_manager.base.facts import Facts, Health
from model_manager.base.messages import figure, said
from model_manager.formats import nested, numpy_archive, skops_nodes, twin_keys
from model_manager.formats.npy_header import LONGEST
from model_manager.formats.pickle_facts import code_of, health
from model_manager.formats.pickle_head import looks_like_pickle
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.region import Region
from model_manager.formats.trailing import walk_all
from model_manager.formats.zip_members import LOCAL, STORED, Member, data_start, members, unpacked

NAME = "skops"
SUFFIXES = (".skops",)
_SCHEMA = "schema.json"
_LONGEST = 4 << 20
"""A hundred boosted trees take 2.1 MB."""
_MOST = 100_000
_MEMBERS = 5_000
_PICKLES = (".pkl", ".pickle", ".pt", ".pth", ".joblib", ".dill")


def matches(head: bytes) -> bool:
    return head[:4] == LOCAL and head[30 : 30 + int.from_bytes(head[26:28], "little")] == _SCHEMA.encode()


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one file: what its schema names."""
    file.seek(0)
    if file.read(4) != LOCAL:
        raise FormatProblem("corrupt", said("does not begin as a zip, which a .skops file is"))
    listed = members(file, size, limits)
    schemas = [one for one in listed if one.name == _SCHEMA]
    if not schemas:
        raise FormatProblem("unknown", said("a zip without {0}", _SCHEMA))
    if len(schemas) > 1:
        raise FormatProblem("unsafe", said("two members are named {0}", repr(_SCHEMA)))
    member = schemas[0]
    if member.size > _LONGEST:
        raise FormatProblem(
            "unknown", said("a schema of {0} bytes is over the limit of {1}", figure(member.size), figure(_LONGEST))
        )
    text = unpacked(file, member, data_start(file, member), _LONGEST)
    if text.count(b"{") + text.count(b"[") > _MOST or text.count(b",") > 4 * _MOST:
        raise FormatProblem("unknown", said("a schema of more than {0} values: not read to its end", figure(_MOST)))
    try:
        parsed = twin_keys.parsed(text)
    except (ValueError, RecursionError):
        raise FormatProblem("corrupt", said("{0} cannot be read as JSON", _SCHEMA)) from None
    code, healths = skops_nodes.judged([parsed.value, *parsed.others])
    if parsed:
        healths.append(parsed.health())
    beside, told = _beside(file, listed, limits)
    code = tuple(sorted({*code, *beside}))[:100]
    return Facts(NAME, health=health([*healths, *told] or [Health()], code), code=code)


def _beside(file: BinaryIO, listed: list[Member], limits: Limits) -> tuple[set[str], list[Health]]:
    """What lies in it beside the schema: arrays, and what its loaders do not ask for."""
    code: set[str] = set()
    found: list[Health] = []
    budget = Budget.of(limits)
    names: set[str] = set()
    for member in listed[:_MEMBERS]:
        if member.name in names:
            found.append(Health("unsafe", said("two members are named {0}", repr(member.name[:80]))))
        names.add(member.name)
        if member.name.startswith(("/", "\\")) or ".." in member.name.replace("\\", "/").split("/"):
            found.append(
                Health("unsafe", said("member {0} would be unpacked outside its folder", repr(member.name[:80])))
            )
        try:
            named, told = _member(file, member, budget, limits)
        except FormatProblem as problem:
            found.append(Health(problem.kind, problem.why))
        else:
            code |= set(named)
            found += told
    if len(listed) > _MEMBERS:
        found.append(
            Health("unknown", said("lists {0} members, over the limit of {1}", figure(len(listed)), figure(_MEMBERS)))
        )
    return code, found


def _member(file: BinaryIO, member: Member, budget: Budget, limits: Limits) -> tuple[tuple[str, ...], list[Health]]:
    start = data_start(file, member)
    if member.name == _SCHEMA:
        return (), []
    stored = member.method == STORED
    head = unpacked(file, member, start, LONGEST)
    sparse = head[:4] == LOCAL and member.name.endswith(".npz")
    if sparse or looks_like_pickle(head[:512]) or member.name.lower().endswith(_PICKLES):
        if not stored and member.size > limits.header:
            raise FormatProblem(
                "unknown",
                said("member {0} unpacks to {1} bytes: not read", repr(member.name[:80]), figure(member.size)),
            )
        budget.unpacked -= 0 if stored else member.size
        if budget.unpacked < 0:
            raise FormatProblem("unknown", said("its members unpack to more than this program reads"))
        whole = (
            Region(file, start, start + member.size)
            if stored
            else io.BytesIO(unpacked(file, member, start, member.size))
        )
        part = cast(BinaryIO, whole)
        if sparse:
            inner = numpy_archive.read(part, member.size, limits)
            return inner.code, [inner.health]
        return code_of(walk_all(part, 0, member.size, budget)[0])
    told = nested.health_of(member.name, head, file, start, member.size if stored else 0)
    return (), [told] if told else []


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
