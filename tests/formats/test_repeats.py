"""Parts of a file that say the same again and again were lost or written over, unless somebody meant them."""

from __future__ import annotations

import io
import json
import random
import struct
from itertools import pairwise

import pytest

from model_manager.base.facts import Health
from model_manager.formats.deep import read_all
from model_manager.formats.repeats import LEAST, Repeats
from model_manager.formats.span import Span
from tests.formats.test_ordered_zeros import MORE, OTHERS, Shape, Tensors
from tests.formats.test_zeros import FILES, NUMBERS, SHAPE, gguf, halves, looked_at

GOOD = Health("good", "every byte was read")


def filled(data: bytes, start: int, length: int, unit: bytes) -> bytes:
    return data[:start] + (unit * (length // len(unit) + 1))[:length] + data[start + length :]


UNITS = {
    "0xAA": b"\xaa", "0x11": b"\x11", "two bytes": b"\x12\x34", "a page": MORE[:4096], "a block": MORE[: 16 << 10],
    "a piece": MORE[: 64 << 10], "words": b"DEADBEEF",
}  # fmt: skip


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind != "unknown"])
@pytest.mark.parametrize("unit", UNITS)
def test_fills_in_every_format(kind: str, unit: str) -> None:
    data = FILES[kind]
    for start, length in ((200_001, 1_000_000), (1 << 20, 300_000), (len(data) - 1_500_000, 1_400_000)):
        health = looked_at(filled(data, start, length, UNITS[unit]), kind.partition(",")[0])
        assert health.verdict == "suspicious" and "repeat the same few bytes" in health.detail, (start, health)
        assert f"{length / len(data):.1%}" in health.detail


def test_from_64_kib_on() -> None:
    data = gguf()
    for length in (LEAST, LEAST + 77, 100_000):
        assert looked_at(filled(data, 777_777, length, b"\x2a"), "gguf").verdict == "suspicious"
    assert looked_at(filled(data, 777_777, LEAST - 1000, b"\x2a"), "gguf").verdict == "good"


@pytest.mark.parametrize("dtype", ["I8", "U8", "F8_E5M2", "BF16"])
def test_whole_numbers_too(dtype: str) -> None:
    side = 2048 if dtype == "BF16" else 4096
    table = {
        name: {"dtype": dtype, "shape": [1024, side], "data_offsets": [at, at + (4 << 20)]}
        for name, at in (("a.weight", 0), ("b.weight", 4 << 20))
    }
    header = json.dumps(table).encode()
    data = struct.pack("<Q", len(header)) + header + MORE[: 8 << 20]
    health = looked_at(filled(data, 3_000_000, 3_000_000, b"\x4f" if dtype[0] in "FB" else b"\xff"), "safetensors")
    assert health.verdict == "suspicious" and "from byte 3,000,000 on, repeat" in health.detail, health


def constant(shape: Shape, value: bytes, first: int = 0) -> bytes:
    """A tensor of which the rows from `first` on hold one value."""
    start = first * shape[1] * 2
    return MORE[:start] + value * ((shape[0] * shape[1] * 2 - start) // len(value))


MEANT: dict[str, Tensors] = {
    "a constant tensor": {"layer_gain": (SHAPE, constant(SHAPE, b"\x00\x3c")), **OTHERS},
    "padding that is not zero": {"q.weight": (SHAPE, constant(SHAPE, b"\x77\x77", 1400)), **OTHERS},
    "tokens that were never trained": {
        "embed_tokens.weight": ((768, 2048), MORE[: 600 * 4096] + MORE[:4096] * 100 + MORE[: 68 * 4096]), **OTHERS,
    },
    "scales": {"q.weight_scale": (SHAPE, MORE[:900_000] + b"\x7a" * (len(NUMBERS) - 900_000)), **OTHERS},
    "a mask": {"attn_mask": (SHAPE, MORE[:900_001] + b"\xfb" * (len(NUMBERS) - 900_001)), **OTHERS},
    "zero points": {"q.qzeros": (SHAPE, constant(SHAPE, b"\x77\x77")), **OTHERS},
    "ones in a row": {f"l.{n}.norm.weight": ((1024,), b"\x00\x3c" * 1024) for n in range(100)} | OTHERS,
}  # fmt: skip


@pytest.mark.parametrize("kind", MEANT)
def test_what_somebody_meant(kind: str) -> None:
    assert looked_at(halves(MEANT[kind]), "safetensors") == GOOD


@pytest.mark.parametrize("seed", range(20))
def test_parts_are_found_whole_however_the_bytes_come(seed: int) -> None:
    chance = random.Random(seed)
    unit = chance.randbytes(chance.choice([1, 2, 64, 4096, 16 << 10])).replace(b"\0", b"\1")
    start, length = chance.randint(0, 600_000), chance.randint(140_000, 900_000)
    data = filled(chance.randbytes(2_000_000), start, length, unit)
    cuts = sorted({0, len(data), *(chance.randint(0, len(data)) for _ in range(chance.randint(0, 6)))})
    found: list[tuple[int, int]] = []
    repeats = Repeats(lambda first, last: found.append((first, last)))
    for first, last in pairwise(cuts):
        repeats.add(data[first:last])
    repeats.end()
    assert len(found) == 1
    assert abs(found[0][0] - start) <= 4 and abs(found[0][1] - start - length) <= 4


def test_a_scale_that_is_no_number() -> None:
    """MXFP4 has an exponent for each 32 values, and 0xFF is none (ggml_validate_row_data)."""
    span, data = Span("blk.0.ffn_up.weight", "MXFP4", 0, 17 * 65_536, (512, 4096)), bytearray(MORE[: 17 * 65_536])
    assert read_all(io.BytesIO(data), len(data), [span], len).verdict == "good"
    data[17 * 40 + 3] = 0xFF
    assert read_all(io.BytesIO(data), len(data), [span], len).verdict == "good"
    data[17 * 41] = 0xFF
    health = read_all(io.BytesIO(data), len(data), [span], len)
    assert (health.verdict, health.detail) == ("corrupt", "1 value of blk.0.ffn_up.weight is no number (NaN)")
