"""Whole rows of zeros: padding and what was cut away have an order of their own; one piece amid a tensor is told."""

from __future__ import annotations

import io
import random
from math import prod

import pytest
from torch_files import mapping, pickled, tensor, torch_zip

from model_manager.base.facts import Health
from model_manager.formats.deep import read_all
from model_manager.formats.sniff import facts_of
from model_manager.formats.span import Span
from tests.formats.test_zeros import NUMBERS, SHAPE, gguf, halves, looked_at

GOOD = Health("good", "every byte was read")
MORE = NUMBERS * 8
Shape = tuple[int, ...]
Tensors = dict[str, tuple[Shape, bytes]]
WIDE, OTHERS = (1536, 1024), {f"z{n}.weight": (SHAPE, NUMBERS) for n in range(3)}
MIB = 1 << 20


def rows(shape: Shape, *empty: tuple[int, int]) -> bytes:
    """Halves with some lines of the last dimension emptied, counted over all others."""
    line = shape[-1] * 2
    data = bytearray(MORE[: prod(shape) * 2])
    for first, last in empty:
        data[first * line : last * line] = bytes((last - first) * line)
    return bytes(data)


def each(shape: Shape, every: int, first: int, last: int) -> bytes:
    """The same lines of each `every` emptied."""
    return rows(shape, *((at + first, at + last) for at in range(0, prod(shape[:-1]), every)))


def one(name: str, shape: Shape, data: bytes) -> Tensors:
    return {name: (shape, data), **OTHERS}


MEANT: dict[str, Tensors] = {
    "layers made wider at their end": {
        f"l.{n}.{part}.weight": (WIDE, rows(WIDE, (1500, 1536))) for n in range(2) for part in ("up", "gate")
    },
    "one layer made wider": one("l.0.up.weight", WIDE, rows(WIDE, (1440, 1536))),
    "one layer made wider by a few rows": one("l.0.up.weight", SHAPE, rows(SHAPE, (1440, 1500))),
    "each expert at its end": one("up_exps.weight", (6, 256, 1024), each((6, 256, 1024), 256, 200, 256)),
    "two experts at their end": one("up_exps.weight", (2, 768, 1024), each((2, 768, 1024), 768, 700, 768)),
    "each head at its end": one("q_proj.weight", WIDE, each(WIDE, 128, 80, 128)),
    "long lines at their end": one("w", (12, 131_072), (NUMBERS[:194_144] + bytes(68_000)) * 12),
    "the same channels in two layers": {
        f"l.0.{part}.weight": (SHAPE, rows(SHAPE, (100, 160), (700, 800))) for part in ("gate", "up")
    } | OTHERS,
    "channels of most layers of a kind": {
        f"l.{n}.fc.weight": ((512, 1024), rows((512, 1024), (48 * n, 48 * n + 48)) if n != 5 else MORE[:MIB])
        for n in range(10)
    } | OTHERS,
    "a dead channel": one("w", (128, 40_000), rows((128, 40_000), (100, 101))),
    "an expert that is never used": {
        f"{part}_exps.weight": ((8, 64, 1024), rows((8, 64, 1024), (128, 192))) for part in ("up", "gate")
    } | OTHERS,
    "padding before a bias of zeros": {
        "a.weight": (WIDE, rows(WIDE, (1500, 1536))), "b.bias": ((90_000,), bytes(180_000)), **OTHERS,
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", MEANT)
def test_padding_and_what_was_cut_away(kind: str) -> None:
    assert looked_at(halves(MEANT[kind]), "safetensors") == GOOD


TOLD: dict[str, Tensors] = {
    "64 KiB": one("l.0.up.weight", SHAPE, rows(SHAPE, (100, 132))),
    "100 rows": one("l.0.up.weight", SHAPE, rows(SHAPE, (100, 200))),
    "at the beginning": one("l.0.up.weight", SHAPE, rows(SHAPE, (0, 60))),
    "two places of one tensor": one("l.0.up.weight", SHAPE, rows(SHAPE, (100, 150), (800, 900))),
    "two tensors, each its own place": {
        f"l.{n}.up.weight": (SHAPE, rows(SHAPE, (100 + 300 * n, 140 + 300 * n))) for n in range(2)
    } | OTHERS,
    "a few of many layers": {
        f"l.{n}.fc.weight": ((512, 1024), rows((512, 1024), (40 * n + 3, 40 * n + 40)) if n in (1, 2, 5, 7) else MORE[:MIB])
        for n in range(10)
    } | OTHERS,
    "from one tensor's end into the next": {
        "a.weight": (WIDE, rows(WIDE, (1500, 1536))), "b.weight": (SHAPE, rows(SHAPE, (0, 40))), **OTHERS,
    },
    "one expert of one tensor": one("up_exps.weight", (8, 64, 1024), rows((8, 64, 1024), (128, 192))),
    "most of a layer's end": one("l.0.up.weight", WIDE, rows(WIDE, (1000, 1536))),
}  # fmt: skip


@pytest.mark.parametrize("kind", TOLD)
def test_a_piece_amid_a_tensor(kind: str) -> None:
    data = halves(TOLD[kind])
    health = looked_at(data, "safetensors")
    assert health.verdict == "suspicious" and "whole rows of zeros" in health.detail, health
    empty = sum(part.count(0) for _shape, part in TOLD[kind].values())
    assert f"{empty:,} bytes ({empty / len(data):.1%})" in health.detail


@pytest.mark.parametrize(
    "some",
    [rows((6, 64, 1024), (90, 128)), each((6, 64, 1024), 64, 10, 50), each((6, 64, 1024), 64, 20, 64)],
    ids=["one", "amid", "most"],
)
def test_matrices_within_that_lack_a_piece(some: bytes) -> None:
    """Lines that end where a matrix does, in one of many; amid each of them; or more than anybody adds."""
    health = looked_at(halves(one("up_exps.weight", (6, 64, 1024), some)), "safetensors")
    assert health.verdict != "good" and "a part is missing" in health.detail, health


def test_pieces_that_were_not_loaded_are_no_padding() -> None:
    """Some of 512 KiB are gone from a file whose tensors begin at pages: the same rows of two tensors, or the ends of both
    matrices of one."""
    for shape, gone in (((1024, 1024), (5, 13)), ((2, 512, 1024), (5, 7)), ((1024, 1024), (4, 5, 6, 7))):
        spans = [Span(f"l.{n}.up.weight", "F16", MIB + n * 2 * MIB, 2 * MIB, shape) for n in range(8)]
        data = bytearray(MORE[: 17 * MIB])
        for piece in gone:
            start, size = MIB + piece * MIB // 2, MIB // 2 if len(gone) == 2 else MIB // 4
            data[start : start + size] = bytes(size)
        assert read_all(io.BytesIO(data), len(data), spans, len).verdict != "good", (shape, gone)


def test_in_every_format() -> None:
    """Wherever shapes are known, a piece of 64 KiB in whole rows is told, also in what is quantized."""
    data = gguf()  # its outermost dimension is the last in the header: 1,024 rows of 3,000 bytes
    at = len(data) - len(NUMBERS) + 300 * 3000
    health = looked_at(data[:at] + bytes(66_000) + data[at + 66_000 :], "gguf")
    assert (health.verdict, "66,000 bytes (2.1%) are whole rows" in health.detail) == ("suspicious", True), health
    table = pickled(mapping({"body.weight": tensor("0", SHAPE, "HalfStorage")}))
    health = looked_at(torch_zip(table, {"0": rows(SHAPE, (300, 340))}), "pickle")
    assert (health.verdict, "81,920 bytes" in health.detail) == ("suspicious", True)


@pytest.mark.parametrize("seed", range(15))
def test_random_pieces_in_whole_rows(seed: int) -> None:
    """In one tensor or several, anywhere but at an end: always told."""
    chance = random.Random(seed)
    tensors = {f"l.{n}.x.weight": (SHAPE, NUMBERS) for n in range(chance.randint(2, 6))}
    for name in chance.sample(sorted(tensors), chance.randint(1, 2)):
        first = chance.randint(0, 1300)
        tensors[name] = (SHAPE, rows(SHAPE, (first, first + chance.randint(32, 150))))
    assert looked_at(halves(tensors), "safetensors").verdict == "suspicious"


@pytest.mark.parametrize(
    ("ending", "verdict"),
    [
        ({"up.weight": ((6144, 1024), rows((6144, 1024), (5600, 6144)))}, "good"),
        ({"up_exps.weight": ((2, 4096, 1024), each((2, 4096, 1024), 4096, 3570, 4096))}, "good"),
        ({"up_exps.weight": ((4, 2048, 1024), rows((4, 2048, 1024), (7600, 8192)))}, "suspicious"),
        ({"up.weight": ((6144, 1024), rows((6144, 1024), (3000, 6144)))}, "suspicious"),
    ],
)
def test_padding_at_the_end_of_a_file(ending: Tensors, verdict: str) -> None:
    """What a scan says, by the header and the last bytes."""
    data = halves({"a.weight": (SHAPE, NUMBERS), **ending})
    assert facts_of(io.BytesIO(data), len(data), "a.safetensors").health.verdict == verdict
