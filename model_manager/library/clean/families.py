"""The same model in all its quants and versions: what stands on one ladder, and what only looks as if it did.

Two entries are one *line* when they are of one kind and architecture, have the same number of parameters to
1 %, and their names say the same once quant, format and shard words are taken away.
Every other word stays in the identity: Instruct and Thinking, Coder, QAT, high and low noise, a draft model and
a projector are other weights. A *family* is what shares a base model. Nothing is grouped by name alone when the
header says otherwise.
"""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from model_manager.catalog.disk_use import DiskUse
from model_manager.catalog.rows import Row
from model_manager.library.clean.memory import Fit

_QUANT = re.compile(
    r"^(?:(?:ud|i1|imat|imatrix|dynamic)$|(?:i?q[1-8](?:[_-](?:k(?:[_-](?:xxs|xs|s|m|l|xl))?|[01]|xxs|xs|s|m|nl|xl))?"
    r"|tq[12]_0|mxfp4(?:_moe)?|nvfp4|bf16|f(?:p)?16|f(?:p)?32|fp?8(?:_e\dm\d(?:fn)?)?(?:_scaled|_fast)?|nf4|fp4|int[48]"
    r"|\d(?:\.\d+)?bpw|[2348]-?bits?|w[48]a(?:16|8)|gptq|awq|mlx|exl[23]|hqq|gguf|ggml|safetensors|k|xs|s|m|l|xl|xxs"
    r"|e\dm\d(?:fn)?|scaled)$)"
)
_WHOLE_QUANT = re.compile(
    r"(?:^|[-_. :/])(?:ud[-_]|i1[-_])?(?:i?q[1-8]_(?:k(?:_(?:xxs|xs|s|m|l|xl))?|[01](?:_[48]_[48])?|xxs|xs|s|m|nl|xl)|tq[12]_0"
    r"|mxfp4(?:_moe)?|fp8_e\dm\d(?:fn)?(?:_scaled|_fast)?|[2348]-?bit|\d(?:\.\d+)?bpw)(?=$|[-_. :/])",
    re.IGNORECASE,
)
_SHARD = re.compile(r"-\d{5}-of-\d{5}")
_VERSION = re.compile(r"^(?:v(\d+(?:\.\d+)*)|(\d+\.\d+(?:\.\d+)*)|(2[3-9](?:0[1-9]|1[0-2])))$")
_NAMED_VERSION = re.compile(r"^([a-z]{3,})(\d+(?:\.\d+)?)$")
_UPLOADERS = re.compile(r"^[^/]+/")
_ALONE = ("diffusion/lora", "diffusion/embeddings", "diffusion/hypernetworks")
"""Kinds whose files are each a thing of its own: epochs of a training, voices."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One quant of a line. `copies` are further models with the same quant."""

    row: Row
    bits: float
    fit: Fit | None
    copies: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class QuantLine:
    """The very same model; best quant first."""

    words: tuple[str, ...]
    rungs: tuple[Rung, ...]

    @property
    def best_that_fits(self) -> Rung | None:
        """The best healthy rung that runs on this machine; None where none does or nothing is known."""
        return next((rung for rung in self.rungs if rung.row.verdict == "good" and rung.fit and rung.fit.fits), None)


@dataclass(frozen=True, slots=True)
class Family:
    """`name` is the base model's, as people call it."""

    name: str
    lines: tuple[QuantLine, ...]

    @property
    def rows(self) -> list[Row]:
        return [row for line in self.lines for rung in line.rungs for row in (rung.row, *rung.copies)]

    @property
    def bytes(self) -> int:
        return DiskUse(self.rows).bytes


def words_of(name: str) -> tuple[str, ...]:
    """What a name says besides quant, format and shard, in lower case and its own order."""
    text = _SHARD.sub("", _UPLOADERS.sub("", name.strip()) if name.count("/") == 1 else name.rsplit("/", 1)[-1])
    text = re.sub(r"\.(?:gguf|safetensors|sft|ckpt|pth?|bin|onnx)$", "", text, flags=re.IGNORECASE)
    while (shorter := _WHOLE_QUANT.sub("", text)) != text:
        text = shorter
    parts = re.split(r"[-_ :/]+|\.(?!\d)", text.lower())
    return tuple(part for part in parts if part and part not in ("latest",) and not _QUANT.match(part))


def lines_of(rows: Iterable[Row], fits: Mapping[int, Fit]) -> list[QuantLine]:
    """Every line with more than nothing in it; those of one rung too."""
    groups: dict[tuple[object, ...], _OfOneName] = {}
    for row in rows:
        if row.category in _ALONE or not row.bytes:
            key: tuple[object, ...] = (row.id,)
        else:
            key = (row.category, row.architecture, tuple(sorted(words_of(row.name))))
        groups.setdefault(key, _OfOneName()).add(row)
    return [_line(same, fits) for alike in groups.values() for same in alike.lines]


class _OfOneName:
    """Rows of one name, kind and architecture, parted by their parameters: a row joins the first line it is like.

    The first rows of the lines differ by more than 1 %, so no more than two of them can be like another row.
    """

    def __init__(self) -> None:
        self.lines: list[list[Row]] = []
        self._unknown: list[Row] | None = None
        self._sizes: list[int] = []
        """The parameters of each line's first row, in order; `_of_size` has its place in `lines`."""
        self._of_size: dict[int, int] = {}

    def add(self, row: Row) -> None:
        line = self._unknown if row.parameters is None else self._like(row.parameters)
        if line is not None:
            line.append(row)
            return
        self.lines.append([row])
        if row.parameters is None:
            self._unknown = self.lines[-1]
        else:
            insort(self._sizes, row.parameters)
            self._of_size[row.parameters] = len(self.lines) - 1

    def _like(self, parameters: int) -> list[Row] | None:
        place = bisect_left(self._sizes, parameters)
        beside = self._sizes[max(0, place - 1) : place + 1]
        alike = [self._of_size[size] for size in beside if _same_size(size, parameters)]
        return self.lines[min(alike)] if alike else None


def families_of(lines: Iterable[QuantLine]) -> list[Family]:
    """Lines by their base model, the heaviest family first; those of unknown base by their first words."""
    found: dict[str, list[QuantLine]] = {}
    for line in lines:
        row = line.rungs[0].row
        name = row.base_model or " ".join(line.words[:2]) or row.name
        found.setdefault(name, []).append(line)
    families = [
        Family(name, tuple(sorted(lines, key=lambda line: -sum(rung.row.bytes for rung in line.rungs))))
        for name, lines in found.items()
    ]
    return sorted(families, key=lambda family: (-family.bytes, family.name))


def versions_in(words: tuple[str, ...]) -> Iterator[tuple[tuple[object, ...], tuple[int, ...]]]:
    """Each version in a name: what the name is without it, and the version: `qwen 2.5 7b` to (0: qwen _ 7b), (2, 5).

    Of two names that are the same without one, the one with the greater version is the newer.
    """
    for place, word in enumerate(words):
        if (version := _version(word)) is not None:
            kind, number = version
            yield (kind, place, *words[:place], "", *words[place + 1 :]), number


def _version(word: str) -> tuple[str, tuple[int, ...]] | None:
    match = _VERSION.match(word)
    if match:
        kind = "date" if match[3] else "version"
        return kind, tuple(int(part) for part in (match[1] or match[2] or match[3]).split("."))
    named = _NAMED_VERSION.match(word)
    return (named[1], tuple(int(part) for part in named[2].split("."))) if named else None


def _line(rows: list[Row], fits: Mapping[int, Fit]) -> QuantLine:
    rungs: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: (-_bits(row), row.id)):
        rungs.setdefault((row.quant or row.quant_label or "", row.format), []).append(row)
    made = [Rung(same[0], _bits(same[0]), fits.get(same[0].id), tuple(same[1:])) for same in rungs.values()]
    return QuantLine(words_of(rows[0].name), tuple(made))


def _bits(row: Row) -> float:
    if row.bits:
        return row.bits
    return 8 * row.bytes / row.parameters if row.parameters else 0.0


def _same_size(one: int, other: int) -> bool:
    return abs(one - other) <= 0.01 * max(one, other)
