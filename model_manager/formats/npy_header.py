"""The header of a numpy array file: type and shape, read without numpy.

Source: numpy/lib/format.py (NEP 1): magic, version, length, a Python dict as text. It is matched, not evaluated.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from model_manager.formats.problem import FormatProblem
from model_manager.formats.tensors import Tensor
from model_manager.formats.torch_rebuild import dtype_of

MAGIC = b"\x93NUMPY"
LONGEST = 64 * 1024
_DESCR = re.compile(r"'descr':\s*('([^']{1,40})'|\[)")
_SHAPE = re.compile(r"'shape':\s*\(([\d\s,L]{0,600})\)")
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
        raise FormatProblem("corrupt", "does not begin with a numpy header")
    wide = head[6] >= 2
    start = 12 if wide else 10
    length = int.from_bytes(head[8:start], "little")
    if head[6] not in (1, 2, 3):
        raise FormatProblem("unknown", f"numpy format version {head[6]} is not known to this program")
    if length > LONGEST - start:
        raise FormatProblem("unknown", f"a header of {length:,} bytes is over the limit of {LONGEST:,}")
    if start + length > len(head):
        raise FormatProblem("truncated", f"the header needs {start + length:,} bytes, the file has {len(head):,}")
    text = head[start : start + length].decode("latin-1")
    descr, shape = _DESCR.search(text), _SHAPE.search(text)
    if not descr or not shape:
        raise FormatProblem("corrupt", "the numpy header has no type or no shape")
    sides = tuple(int(side) for side in re.findall(r"\d{1,19}", shape.group(1)))
    if len(sides) > 64:
        raise FormatProblem("corrupt", f"an array of {len(sides)} dimensions")
    code = descr.group(2) or ""
    # A record's fields are not taken apart: objects among them make the file a pickle.
    pickled = "O" in code if code else re.search(r"'[|<>=]?O\d?'", text) is not None
    dtype = dtype_of(code) if code else "record"
    width = _WIDTH.fullmatch(code)
    size = math.prod(sides) * (_bytes(code, int(width.group(1) or 1)) if width else 0)
    return Array(Tensor(sides, dtype, size), start + length, pickled)


def _bytes(code: str, width: int) -> int:
    return 4 * width if code.lstrip("<>|=")[:1] == "U" else width
