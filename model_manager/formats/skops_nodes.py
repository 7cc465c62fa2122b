"""What the nodes of a skops schema make: each names a class with its module, and the loader that makes the value.

Source: skops/io/_general.py, _numpy.py, _scipy.py, _sklearn.py, and old/ for files of protocol 0. The loader decides, not
the class: some call what they are given, or reach into it by name, whatever class the node says it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from model_manager.base.facts import Health
from model_manager.base.messages import figure, said
from model_manager.base.text import shown
from model_manager.formats.pickle_facts import called
from model_manager.formats.pickle_familiar import is_held, may_be_made
from model_manager.formats.problem import FormatProblem

_MOST = 100_000
_NAMES = 1_000
_PLAIN = frozenset({"builtins", "collections", "numpy", "sklearn", "scipy"})
_MAKING = frozenset({"DictNode", "DefaultDictNode", "ListNode", "SetNode", "TupleNode", "BytesNode", "BytearrayNode",
    "NdArrayNode", "MaskedArrayNode", "RandomStateNode", "RandomGeneratorNode", "TypeNode", "LossNode", "TreeNode",
    "QuantileForestNode", "SparseMatrixNode", "DTypeNode"})  # fmt: skip
"""Loaders that call their class, or whose class is called with the keys of a table."""
_HOLDING = frozenset({"ObjectNode", "JsonNode", "SliceNode", "PartialNode", "FunctionNode", "CachedNode", ""})
"""Loaders that call nothing of what they are given."""
_GENERATORS = frozenset({"PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"})
_CLASSES = frozenset({"dict", "list", "set", "frozenset", "tuple", "str", "int", "float", "bool", "complex", "bytes",
    "bytearray", "slice", "type", "object", "range", "defaultdict", "deque", "function"})  # fmt: skip
"""Of Python's own classes, which are written small as its functions are."""
_SCALARS = frozenset({"ndarray", "matrix", "recarray", "record", "dtype", "generic", "number", "void", "half", "single",
    "double", "longdouble", "csingle", "cdouble", "clongdouble", "byte", "ubyte", "short", "ushort", "intc", "uintc", "intp",
    "uintp", "long", "ulong", "longlong", "ulonglong", "bool", "bool_", "str_", "bytes_", "object_", "datetime64",
    "timedelta64", "integer", "floating", "inexact", *(f"{kind}{bits}" for kind in ("int", "uint", "float", "complex")
    for bits in (8, 16, 32, 64, 96, 128, 192, 256))})  # fmt: skip
_MATRICES = ("_matrix", "_array")


@dataclass(slots=True)
class _Found:
    names: set[tuple[str, str]] = field(default_factory=set)
    reaching: set[str] = field(default_factory=set)

    def look(self, node: dict[str, object]) -> None:
        loader, module, name = node.get("__loader__", ""), node.get("__module__"), node.get("__class__")
        if not isinstance(loader, str):
            loader = "?"
        content = node.get("content")
        elsewhere = loader == "FunctionNode" and isinstance(content, str | dict)  # protocol 0
        if isinstance(module, str) and isinstance(name, str):
            if not elsewhere:
                self.names.add((module[:300], name[:300]))
            if loader in _MAKING and not _is_class(module, name):
                self.reaching.add(f"{module[:200]}.{name[:200]}")
        elif module is not None or name is not None:
            self.reaching.add("?")
        if loader not in _MAKING | _HOLDING:
            self.reaching.add(loader[:200])
        if loader == "FunctionNode" and isinstance(content, str):
            self.names.add((str(module)[:300], content[:300]))
        if loader == "FunctionNode" and isinstance(content, dict):
            self.names.add((str(content.get("module_path"))[:300], str(content.get("function"))[:300]))
        if loader == "RandomGeneratorNode" and (generator := _generator(content)) not in _GENERATORS:
            self.reaching.add(f"numpy.random.{generator[:200]}")


def judged(schemas: list[object]) -> tuple[tuple[str, ...], list[Health]]:
    """The code that a schema names, and what that says of its health. Raises FormatProblem when it is too long."""
    found, visited = _Found(), 0
    waiting = list(schemas)
    while waiting:
        value = waiting.pop()
        visited += 1
        if visited > _MOST or len(found.names) > _NAMES:
            raise FormatProblem("unknown", said("a schema of more than {0} values: not read to its end", figure(_MOST)))
        if isinstance(value, dict):
            if not {"__class__", "__module__", "__loader__"}.isdisjoint(value):
                found.look(value)
            waiting += [one for one in value.values() if isinstance(one, dict | list)]
        elif isinstance(value, list):
            waiting += [one for one in value if isinstance(one, dict | list)]
    code, healths = called(found.names, _familiar)
    if found.reaching:
        named = sorted(shown(one) for one in found.reaching)
        healths.append(
            Health("unknown", said("its values are made by calls that this program does not know: {0}", named[0][:80]))
        )
        code = tuple(sorted({*code, *named[:20]}))
    return code, healths


def _familiar(pair: tuple[str, str]) -> bool:
    own = pair[0].split(".")[0] in _PLAIN and (may_be_made(*pair) or is_held(*pair))
    return own or pair in (("builtins", "type"), ("builtins", "function"))


def _is_class(module: str, name: str) -> bool:
    last = name.rpartition(".")[2]
    if last.lstrip("_")[:1].isupper():
        return True
    package = module.split(".")[0]
    return (
        (module in ("builtins", "collections", "types") and name in _CLASSES)
        or (package == "numpy" and name in _SCALARS)
        or (package == "scipy" and name.endswith(_MATRICES))
    )


def _generator(content: object) -> str:
    """The class of a random generator, which lies in a table of its state as a text."""
    try:
        state = content["bit_generator"] if isinstance(content, dict) else None
        named = state["content"]["bit_generator"]["content"]  # type: ignore[index]
        return str(json.loads(named) if isinstance(named, str) else named)
    except (KeyError, TypeError, ValueError, RecursionError):
        return "?"
