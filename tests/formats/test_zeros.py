"""Holes are found in every format, wherever they lie; zeros that somebody meant are not called holes."""

from __future__ import annotations

import io
import json
import random
import re
import struct

import pytest
from factory import gguf_bytes
from headers import onnx_bytes, onnx_tensor
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_files import mapping, pickled, tensor, torch_legacy, torch_zip

from model_manager.base.facts import Health
from model_manager.formats.deep import read_all
from model_manager.formats.places import places, spans
from model_manager.formats.problem import FormatProblem
from model_manager.formats.zeros import LEAST, Runs

ROWS, COLUMNS = 1500, 1024
NUMBERS = random.Random(7).randbytes(ROWS * COLUMNS * 2).translate(bytes(byte % 60 + 1 for byte in range(256)))
"""Halves without a zero byte and without NaN."""


def halves(tensors: dict[str, tuple[tuple[int, ...], bytes]]) -> bytes:
    """A safetensors file of F16."""
    table, at = {}, 0
    for name, (shape, data) in tensors.items():
        table[name] = {"dtype": "F16", "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    header = json.dumps(table).encode()
    return struct.pack("<Q", len(header)) + header + b"".join(data for _shape, data in tensors.values())


def looked_at(data: bytes, format_: str) -> Health:
    file = io.BytesIO(data)
    try:
        tensors = spans(file, len(data), format_)
    except FormatProblem:
        tensors = []
    return read_all(file, len(data), tensors, len, tensors or places(file, len(data), format_))


def gguf() -> bytes:
    data = gguf_bytes({"general.architecture": "llama"}, {"blk.0.ffn_up.weight": ("F16", (ROWS, COLUMNS))}, seed=1)
    return data[: -len(NUMBERS)] + NUMBERS


def npy() -> bytes:
    header = f"{{'descr': '<f2', 'fortran_order': False, 'shape': ({ROWS}, {COLUMNS}), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + NUMBERS


SHAPE = (ROWS, COLUMNS)
TABLE = pickled(mapping({"body.weight": tensor("0", SHAPE, "HalfStorage")}))
FILES = {
    "gguf": gguf(),
    "safetensors": halves({"body.weight": (SHAPE, NUMBERS)}),
    "pickle": torch_zip(TABLE, {"0": NUMBERS}),
    "pickle, legacy": torch_legacy(
        mapping({"body.weight": tensor("0", SHAPE, "HalfStorage", legacy=True)}), {"0": (ROWS * COLUMNS, NUMBERS)}
    ),
    "onnx": onnx_bytes({"x": (0, 10)}, tensors=[onnx_tensor(SHAPE, 10, NUMBERS)]),
    "npz": npy(),
    "unknown": NUMBERS,
}


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("share", ["64 KiB", "4 %", "30 %", "90 %"])
def test_a_hole_in_every_format(kind: str, share: str) -> None:
    """At pages, as file systems leave them; with a piece's edge in the middle."""
    data = FILES[kind]
    assert looked_at(data, kind.partition(",")[0]).verdict == "good"
    length = LEAST if share == "64 KiB" else int(len(data) * int(share[:-2]) / 100) // 4096 * 4096
    start = (len(data) // 2 - length // 2) // 4096 * 4096 + 4096
    broken = data[:start] + bytes(length) + data[start + length :]
    health = looked_at(broken, kind.partition(",")[0])
    assert health.verdict == ("incomplete" if length * 10 >= len(data) else "suspicious")
    assert f"{length:,} of {len(data):,} bytes ({length / len(data):.1%})" in health.detail


def test_all_but_the_last_two_megabytes() -> None:
    """The run goes on over tensors and pieces: many small ones, none as long as a step."""
    small = {f"blk.{n}.attn_norm.weight": ((1024, 16), NUMBERS[: 32 << 10]) for n in range(300)}
    data = halves(small)
    assert looked_at(data, "safetensors").verdict == "good"
    start = len(data) - 300 * (32 << 10)
    broken = data[:start] + bytes(len(data) - start - (2 << 20) - 100) + data[-(2 << 20) - 100 :]
    health = looked_at(broken, "safetensors")
    assert health.verdict == "incomplete" and "78." in health.detail


MEANT = {
    "a bias": {"a.weight": (SHAPE, NUMBERS), "a.bias": ((200_000,), bytes(400_000))},
    "lora_B before training": {
        f"{n}.lora_{side}.weight": ((64, 4096) if side == "A" else (4096, 64),
                                    NUMBERS[: 512 << 10] if side == "A" else bytes(512 << 10))
        for n in range(8) for side in "AB"
    },
    "rows of tokens that were never used": {
        "model.embed_tokens.weight": (SHAPE, NUMBERS[: 1300 * 2048] + bytes(200 * 2048)), "a.weight": (SHAPE, NUMBERS),
    },
    "rows amid a table": {
        "wte.weight": (SHAPE, NUMBERS[: 100 * 2048] + bytes(90 * 2048) + NUMBERS[190 * 2048 :]), "b": (SHAPE, NUMBERS),
    },
    "a mask of windows": {
        "layers.0.attn_mask": ((64, 64, 64), (NUMBERS[:1000] + bytes(114_000)) * 4 + bytes(64288)), "b": (SHAPE, NUMBERS),
    },
    "one weight that training did not reach": {
        "a.weight": (SHAPE, NUMBERS), "gate.weight": ((256, 1024), bytes(512 << 10)), "b.weight": (SHAPE, NUMBERS),
    },
    "a lora for one of three joined projections": {
        "blocks.0.qkv.lora_up.weight": ((6144, 64), NUMBERS[: 256 << 10] + bytes(512 << 10)),
        "blocks.0.qkv.lora_down.weight": ((64, 2048), NUMBERS[: 256 << 10]),
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", MEANT)
def test_zeros_that_somebody_meant(kind: str) -> None:
    assert looked_at(halves(MEANT[kind]), "safetensors") == Health("good", "every byte was read")


def test_rows_of_tokens_in_a_checkpoint_too() -> None:
    rows = NUMBERS[: 1300 * 2048] + bytes(200 * 2048)
    assert looked_at(torch_zip(TABLE, {"0": rows}), "pickle").verdict == "good"


def test_a_model_that_is_mostly_empty_is_told() -> None:
    """Each tensor ends where it should: no proof of a hole, but nothing that anybody wants to keep either."""
    data = halves({"a.weight": (SHAPE, NUMBERS), "b.weight": (SHAPE, bytes(len(NUMBERS)))})
    health = looked_at(data, "safetensors")
    assert health.verdict == "suspicious" and "50.0%" in health.detail


def test_scores_of_zero_in_a_header_are_none_of_the_tensors() -> None:
    data = gguf_bytes(
        {"general.architecture": "llama", "tokenizer.ggml.scores": [0] * 100_000},
        {"blk.0.ffn_up.weight": ("F16", SHAPE)},
    )
    assert looked_at(data[: -len(NUMBERS)] + NUMBERS, "gguf").verdict == "good"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_runs_are_found_whole_however_the_bytes_come(data: st.DataObject) -> None:
    parts = data.draw(st.lists(st.tuples(st.integers(1, 400_000), st.booleans()), max_size=5))
    whole = b"".join(bytes(length) if empty else b"\x01" * length for length, empty in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    found: list[tuple[int, int]] = []
    runs = Runs(lambda start, stop: found.append((start, stop)))
    for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        runs.add(whole[start:stop])
    runs.end()
    assert found == [match.span() for match in re.finditer(rb"\0{%d,}" % LEAST, whole)]
