"""The table in a safetensors header: columns of names, types, shapes and offsets, and the tensors they make.

Whole columns at once instead of a loop over tensors: the loop took three times as long. A header as the two common
writers print it is taken apart by one expression, any other by the JSON parser; both give the same (a test compares).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import chain
from operator import itemgetter, sub
from typing import Any, NamedTuple

from model_manager.base.messages import figure, said, told_by
from model_manager.base.text import later
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tensors import Tensor

# Bits of one element; F4 and F6 are packed (safetensors 0.8 Dtype::bitsize).
BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8,
    "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip
_LARGEST = (1 << 64) - 1  # shapes and offsets are u64
_LONGEST = 21  # characters of such a number
_DTYPE = 20  # characters: the longest known has 11

_METADATA = re.compile(r'\{"__metadata__": ?(?=\{)')
# As serde_json and Python's json.dumps print it. What is no tensor is taken whole by the last branch, and shows.
_ENTRY = re.compile(
    r'"([^"]*)": ?\{"dtype": ?"([^"]*)", ?"shape": ?\[([^]]*)\], ?"data_offsets": ?\[([0-9]{1,20}), ?([1-9][0-9]{0,19})\]\}'
    r"(?:, ?|\} *\Z)|.+",
    re.DOTALL,
)
_SIDES = re.compile(r"(?:0|[1-9][0-9]{0,19})(?:, ?(?:0|[1-9][0-9]{0,19}))*|")
_CONTROL = bytes(range(32))

_SMALL = 1 << 20
_WIDE = re.compile(rb"[\xf0-\xff]")
_WIDEST = 4 << 20
_KEYS = 10_000  # of metadata: trainers write a hundred
_NAME = 4096  # characters: the longest known has 300


class HeaderTable(NamedTuple):
    """One header: `metadata` as it stands there, and a column for each thing that is said of a tensor."""

    metadata: object
    names: Sequence[str]
    dtypes: Sequence[str]
    shapes: Sequence[tuple[int, ...]]
    starts: Sequence[int]
    stops: Sequence[int]


def parse(raw: bytes, limits: Limits) -> HeaderTable:
    """The columns of a header; whatever is not of the right type is refused, values are not looked at."""
    if not raw.startswith(b"{"):
        raise FormatProblem("corrupt", said("the header does not begin with {"))
    if len(raw) > _SMALL:
        _check_costs(raw, limits)
    try:
        table = _quick(raw) or _slow(raw)
    except RecursionError:
        raise FormatProblem("corrupt", said("the header is nested too deep")) from None
    except ValueError as error:
        raise FormatProblem("corrupt", said("the header is not JSON: {0}", told_by(error, 120))) from None
    if len(table.names) > limits.tensors:
        raise FormatProblem(
            "unknown",
            said("lists {0} tensors, over the limit of {1}", figure(len(table.names)), figure(limits.tensors)),
        )
    if (longest := max(map(len, table.names), default=0)) > _NAME:
        raise FormatProblem(
            "unknown",
            said("a tensor's name is {0} characters long, over the limit of {1}", figure(longest), figure(_NAME)),
        )
    return table


def _check_costs(raw: bytes, limits: Limits) -> None:
    """Refuses what would take much memory to parse, by counting what each part of a header needs.

    Metadata may hold any text, JSON as well: its marks are escaped there, or have no colon behind them.
    """
    tensors = raw.count(b'"data_offsets"')
    if tensors > limits.tensors:
        raise FormatProblem(
            "unknown", said("lists {0} tensors, over the limit of {1}", figure(tensors), figure(limits.tensors))
        )
    keys = raw.count(b'":') - raw.count(b'\\":')
    most = {b"{": 2, b"[": 2, b",": 8}
    many = any(raw.count(mark) > tensors * each + 20 * _KEYS for mark, each in most.items())
    if many or keys > 4 * tensors + _KEYS:
        raise FormatProblem(
            "unknown", said("a header of {0} bytes in more parts than this program follows", figure(len(raw)))
        )
    if len(raw) > _WIDEST and _WIDE.search(raw):  # Python keeps four bytes for every character beside one emoji
        raise FormatProblem(
            "unknown", said("a header of {0} bytes with characters that make it four times as long", figure(len(raw)))
        )


def _quick(raw: bytes) -> HeaderTable | None:
    """None for a header that is not printed as usual. Raises ValueError."""
    text = raw.decode("utf-8")
    metadata: object = None
    at = 1
    if match := _METADATA.match(text):
        metadata, at = _DECODER.raw_decode(text, match.end())
        if text[at : at + 1] != "," or text.count(":", match.end(), at) != _colons_within(metadata):
            return None
        at += 2 if text[at + 1 : at + 2] == " " else 1
    if raw.find(b"\\", at) >= 0 or len(raw.translate(None, _CONTROL)) != len(raw):  # both count in names
        return None
    found = _ENTRY.findall(text, at)
    if not found or not found[-1][4] or not text.rstrip(" ").endswith("}}"):
        return None
    names, dtypes, shapes, starts, stops = zip(*found, strict=True)
    sides = {one: tuple(map(int, one.split(","))) if one else () for one in {*shapes} if _SIDES.fullmatch(one)}
    once = {*names}
    if not sides.keys() >= {*shapes} or "__metadata__" in once:
        return None
    if len(once) < len(names):
        raise ValueError(_twice(names))
    ends = [*map(int, stops)]
    begins = [0, *ends[:-1]]
    if starts[0] != "0" or starts[1:] != stops[:-1]:
        begins = [*map(int, starts)]
        if (*map(str, begins),) != starts:  # JSON has no 007
            return None
    return HeaderTable(metadata, names, dtypes, [*map(sides.__getitem__, shapes)], begins, ends)


def _slow(raw: bytes) -> HeaderTable:
    """Raises FormatProblem, ValueError and RecursionError."""
    text = raw.decode("utf-8")
    table: dict[str, Any] = _DECODER.decode(text)  # it begins with {
    # What is listed twice has more colons than are left: only then is the slower way gone that names it.
    if text.count(":") != _colons(table):
        json.JSONDecoder(object_pairs_hook=_once, parse_int=_whole).decode(text)
    metadata = table.pop("__metadata__", None)
    if not table:
        return HeaderTable(metadata, (), (), (), (), ())
    try:
        dtypes, shapes, offsets = zip(*map(_PARTS, table.values()), strict=True)
        starts, stops = zip(*offsets, strict=True)
        usable = _usable(dtypes, shapes, chain(starts, stops))
    except (TypeError, KeyError, ValueError):
        usable = False
    if not usable:
        first = next(name for name, entry in table.items() if not _sound(entry))
        raise FormatProblem("corrupt", said("tensor {0} has no usable shape, dtype or offsets", repr(first[:80])))
    return HeaderTable(metadata, [*table], dtypes, [*map(tuple, shapes)], starts, stops)


def _refuse(word: str) -> float:
    raise ValueError(said("{0} is not a number", word))


def _whole(digits: str) -> int:
    if len(digits) > _LONGEST:  # reading 3,000 numbers of 4,300 digits took half a second
        raise ValueError(said("a number of {0} digits", figure(len(digits))))
    return int(digits)


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_whole)
_PARTS = itemgetter("dtype", "shape", "data_offsets")


def _colons(table: Mapping[str, object]) -> int:
    """How many colons a header of this table has when no name holds one: four for each tensor, and the metadata's."""
    if "__metadata__" not in table:
        return 4 * len(table)
    return 4 * (len(table) - 1) + 1 + _colons_within(table["__metadata__"])


def _colons_within(metadata: object) -> int:
    if not isinstance(metadata, dict):
        return 0
    texts = [text for pair in metadata.items() for text in pair if isinstance(text, str)]
    return len(metadata) + sum(text.count(":") for text in texts)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError(_twice(name for name, _ in pairs))
    return table


def _twice(names: Iterable[str]) -> str:
    ((name, _times),) = Counter(names).most_common(1)
    return said("{0} is listed twice", repr(name[:80]))


def _usable(dtypes: Iterable[Any], shapes: Sequence[Iterable[Any]], offsets: Iterable[Any]) -> bool:
    kinds = {*map(type, dtypes)}, {*map(type, shapes)}, {*map(type, chain(offsets, chain.from_iterable(shapes)))}
    return kinds == ({str}, {list}, {int})


def _sound(entry: Any) -> bool:
    try:
        dtype, shape, (start, stop) = _PARTS(entry)
        return _usable((dtype,), (shape,), (start, stop))
    except (TypeError, KeyError, ValueError):
        return False


def tensors_of(table: HeaderTable, limits: Limits) -> tuple[dict[str, Tensor], Counter[Tensor]]:
    """The tensors, and how many are alike: what one must be is asked once for all of a kind."""
    sizes = map(sub, table.stops, table.starts)
    made = map(_TENSOR, zip(table.shapes, table.dtypes, sizes, strict=True))
    tensors = dict(zip(table.names, made, strict=True))
    counts = Counter(tensors.values())
    for tensor in counts:
        if why := _wrong(tensor, limits):
            name = next(name for name, one in tensors.items() if one == tensor)
            raise FormatProblem("corrupt", said("tensor {0} has {1}", repr(name[:80]), why))
    return tensors, counts


_TENSOR: Callable[[tuple[tuple[int, ...], str, int]], Tensor] = partial(tuple.__new__, Tensor)
"""`Tensor._make` without its call in Python."""


def _wrong(tensor: Tensor, limits: Limits) -> str:
    """Why there can be no such tensor, or ""."""
    sides, dtype, size = tensor
    if len(sides) > limits.nesting or len(dtype) > _DTYPE:
        return later("no usable shape or dtype")
    if sides and not 0 <= min(sides) <= max(sides) <= _LARGEST:
        return later("a side that cannot be")
    width = BITS.get(dtype)
    if size < 0 or (width and size != (math.prod(sides) * width + 7) // 8):
        return said("{0} bytes for {1} × {2}", str(size)[:40], str(sides)[:80], dtype)
    return ""


def end_of(table: HeaderTable) -> int:
    """Where the last tensor ends, counted from the data's start, when each begins where another ended."""
    at = 0
    for start, stop in sorted(zip(table.starts, table.stops, strict=True)):
        if start != at:
            raise FormatProblem(
                "corrupt", said("tensors overlap or leave a hole at byte {0} of the data", figure(min(start, at)))
            )
        at = stop
    if at > _LARGEST:
        raise FormatProblem("corrupt", said("the tensors end beyond what any file holds"))
    return at
