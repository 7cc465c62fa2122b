"""The header of a numpy array file: type and shape, read without numpy.

Source: numpy/lib/format.py (NEP 1): magic, version, length, a Python dict as text, which is read as
literals and never run.
"""

from __future__ import annotations

import ast
import math
import re
from dataclasses import dataclass

from model_manager.base.messages import figure, said
from model_manager.formats.problem import FormatProblem
from model_manager.formats.tensors import Tensor
from model_manager.formats.torch_rebuild import dtype_of

MAGIC = b"\x93NUMPY"
LONGEST = 64 * 1024
_LONGEST_TEXT = 10_000
"""Of a header's text; numpy itself reads no longer one of a file that it does not trust."""
_LONG = re.compile(r"(\d)L\b")
"""Numbers as Python 2 wrote them."""
_NUMBERS = re.compile(r"[<>|=]?[a-zA-NP-Z?]\d{0,9}(?:\[\w{1,5}\])?")
_PLAIN = {"bfloat16": ("BF16", 2), "bool": ("BOOL", 1)}
"""Types that have a word for a name."""
_WIDTH = re.compile(r"[<>|=]?[a-zA-Z?](\d{0,9})(?:\[\w{1,5}\])?")


@dataclass(frozen=True, slots=True)
class Array:
    """What a header says; `start` is where the numbers begin, `pickled` that they are a pickle of objects."""

    tensor: Tensor
    start: int
    pickled: bool


def parse(head: bytes) -> Array:
    """The header in a file's first bytes (LONGEST of them, or all). Raises FormatProblem."""
    if head[:6] != MAGIC or len(head) < 10:
        raise FormatProblem("corrupt", said("does not begin with a numpy header"))
    wide = head[6] >= 2
    start = 12 if wide else 10
    length = int.from_bytes(head[8:start], "little")
    if head[6] not in (1, 2, 3):
        raise FormatProblem("unknown", said("numpy format version {0} is not known to this program", head[6]))
    if length > LONGEST - start:
        raise FormatProblem(
            "unknown", said("a header of {0} bytes is over the limit of {1}", figure(length), figure(LONGEST))
        )
    if start + length > len(head):
        raise FormatProblem(
            "truncated", said("the header needs {0} bytes, the file has {1}", figure(start + length), figure(len(head)))
        )
    text = head[start : start + length].decode("latin-1")
    descr, sides = _read(text)
    if len(sides) > 64:
        raise FormatProblem("corrupt", said("an array of {0} dimensions", len(sides)))
    code = descr if isinstance(descr, str) else ""
    dtype = dtype_of(code) if code else "record"
    width = _WIDTH.fullmatch(code)
    each = _bytes(code, int(width.group(1) or 1)) if width else 0
    dtype, each = _PLAIN.get(code, (dtype, each))
    size = math.prod(sides) * each
    return Array(Tensor(sides, dtype, size), start + length, not _numbers(descr))


def _read(text: str) -> tuple[object, tuple[int, ...]]:
    """Type and shape, as numpy reads them: of Python's literals, of which the last of two wins."""
    if len(text) > _LONGEST_TEXT:
        raise FormatProblem(
            "unknown", said("a header of {0} bytes is over the limit of {1}", figure(len(text)), figure(_LONGEST_TEXT))
        )
    try:
        read = ast.literal_eval(_LONG.sub(r"\1", text).strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        read = None
    shape = read.get("shape") if isinstance(read, dict) else None
    if (
        not isinstance(read, dict)
        or not isinstance(read.get("descr"), str | list | tuple)
        or not isinstance(shape, tuple)
    ):
        raise FormatProblem("corrupt", said("the numpy header has no type or no shape"))
    if not all(isinstance(side, int) and 0 <= side < 1 << 63 for side in shape):
        raise FormatProblem("corrupt", said("the numpy header has no type or no shape"))
    return read["descr"], shape


def _numbers(descr: object) -> bool:
    """Whether a type is surely made of numbers and texts alone; what is not may be of objects, and those are pickles."""
    if isinstance(descr, str):
        return _NUMBERS.fullmatch(descr) is not None or descr in _PLAIN
    if isinstance(descr, tuple):  # a type and the shape of its parts
        return len(descr) == 2 and _numbers(descr[0])
    return isinstance(descr, list) and all(
        isinstance(field, tuple) and len(field) in (2, 3) and _numbers(field[1]) for field in descr
    )


def _bytes(code: str, width: int) -> int:
    return 4 * width if code.lstrip("<>|=")[:1] == "U" else width
