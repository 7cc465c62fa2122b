"""skops: a scikit-learn model as a zip of `schema.json` and arrays, made to be read without running anything.

Source: skops/io/_protocol.py and _persist.py. The schema names each class and function with its module.
"""

from __future__ import annotations

from typing import BinaryIO

from model_manager.base.facts import Facts, Health
from model_manager.formats import nested, twin_keys
from model_manager.formats.pickle_facts import called, health
from model_manager.formats.pickle_familiar import is_held, may_be_made
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.zip_members import LOCAL, Member, data_start, members, unpacked

NAME = "skops"
SUFFIXES = (".skops",)
_SCHEMA = "schema.json"
_LONGEST = 4 << 20
"""A hundred boosted trees take 2.1 MB."""
_MOST = 100_000
_NAMES = 1_000
_MEMBERS = 5_000
_PLAIN = frozenset({"builtins", "collections", "numpy", "sklearn", "scipy"})


def matches(head: bytes) -> bool:
    return head[:4] == LOCAL and head[30 : 30 + int.from_bytes(head[26:28], "little")] == _SCHEMA.encode()


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one file: what its schema names."""
    file.seek(0)
    if file.read(4) != LOCAL:
        raise FormatProblem("corrupt", "does not begin as a zip, which a .skops file is")
    listed = members(file, size, limits)
    schemas = [one for one in listed if one.name == _SCHEMA]
    if not schemas:
        raise FormatProblem("unknown", f"a zip without {_SCHEMA}")
    if len(schemas) > 1:
        raise FormatProblem("unsafe", f"two members are named {_SCHEMA!r}")
    member = schemas[0]
    if member.size > _LONGEST:
        raise FormatProblem("unknown", f"a schema of {member.size:,} bytes is over the limit of {_LONGEST:,}")
    text = unpacked(file, member, data_start(file, member), _LONGEST)
    if text.count(b"{") + text.count(b"[") > _MOST or text.count(b",") > 4 * _MOST:
        raise FormatProblem("unknown", f"a schema of more than {_MOST:,} values: not read to its end")
    try:
        parsed = twin_keys.parsed(text)
    except (ValueError, RecursionError):
        raise FormatProblem("corrupt", f"{_SCHEMA} cannot be read as JSON") from None
    waiting: list[object] = [parsed.value, *parsed.others]
    names: set[tuple[str, str]] = set()
    visited = 0
    while waiting:
        value = waiting.pop()
        visited += 1
        if visited > _MOST or len(names) > _NAMES:
            raise FormatProblem("unknown", f"a schema of more than {_MOST:,} values: not read to its end")
        if isinstance(value, dict):
            if isinstance(value.get("__class__"), str) and isinstance(value.get("__module__"), str):
                names.add((value["__module__"][:300], value["__class__"][:300]))
            if isinstance(function := value.get("content"), str) and value.get("__loader__") == "FunctionNode":
                names.add((str(value.get("__module__"))[:300], function[:300]))
            waiting += [one for one in value.values() if isinstance(one, dict | list)]
        elif isinstance(value, list):
            waiting += [one for one in value if isinstance(one, dict | list)]
    code, healths = called(names, _familiar)
    if parsed:
        healths.append(parsed.health())
    healths += _programs(file, listed)
    return Facts(NAME, health=health(healths or [Health()], code), code=code)


def _programs(file: BinaryIO, listed: list[Member]) -> list[Health]:
    """What lies in it beside the schema and its arrays."""
    found: list[Health] = []
    for member in listed[:_MEMBERS]:
        try:
            head = unpacked(file, member, data_start(file, member), 512)
        except FormatProblem as problem:
            found.append(Health(problem.kind, problem.why))
        else:
            if inner := nested.program_of(member.name, head):
                found.append(inner)
    if len(listed) > _MEMBERS:
        found.append(Health("unknown", f"lists {len(listed):,} members, over the limit of {_MEMBERS:,}"))
    return found


def _familiar(pair: tuple[str, str]) -> bool:
    own = pair[0].split(".")[0] in _PLAIN and (may_be_made(*pair) or is_held(*pair))
    return own or pair in (("builtins", "type"), ("builtins", "function"))


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
