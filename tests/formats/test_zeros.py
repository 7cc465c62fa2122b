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
from model_manager.formats.sniff import facts_of
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


SHAPE, MIB = (ROWS, COLUMNS), 1 << 20
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


def windows(side: int) -> bytes:
    """SwinIR's attn_mask (`calculate_mask`, windows of 8 shifted by 4) for an image of `side` windows each way."""
    last, found = side - 1, []
    for down in range(side):
        for right in range(side):
            of = [
                ((y >= 4) if down == last else 0, (x >= 4) if right == last else 0) for y in range(8) for x in range(8)
            ]
            found += [struct.pack("<e", 0 if one == two else -100) for one in of for two in of]
    return b"".join(found)


def triangle(rows: int, columns: int) -> bytes:
    """The last lines of a causal mask: 0 up to the diagonal, minus infinity behind it."""
    return b"".join(
        bytes(2 * reach) + b"\x00\xfc" * (columns - reach) for reach in range(columns - rows * 900, columns, 900)
    )


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
    "a mask of windows": {"layers.0.attn_mask": ((256, 64, 64), windows(16)), "b": (SHAPE, NUMBERS)},
    "a mask of windows, in a batch of one": {"attn_mask": ((1, 256, 64, 64), windows(16)), "b": (SHAPE, NUMBERS)},
    "a mask up to the diagonal": {"causal_mask": ((8, 80_000), triangle(8, 80_000)), "b": (SHAPE, NUMBERS)},
    "such a mask for all heads": {"causal_mask": ((1, 1, 20, 80_000), triangle(20, 80_000)), "b": (SHAPE, NUMBERS)},
    "one weight that training did not reach": {
        "a.weight": (SHAPE, NUMBERS), "gate.weight": ((256, 1024), bytes(512 << 10)), "b.weight": (SHAPE, NUMBERS),
    },
    "a lora for one of three joined projections": {
        "blocks.0.qkv.lora_up.weight": ((6144, 64), NUMBERS[: 256 << 10] + bytes(512 << 10)),
        "blocks.0.qkv.lora_down.weight": ((64, 2048), NUMBERS[: 256 << 10]),
    },
    "the same with rows of 32 bytes": {
        "blocks.0.qkv.lora_B.weight": ((12288, 16), NUMBERS[: 128 << 10] + bytes(128 << 10) + NUMBERS[: 128 << 10]),
        "blocks.0.qkv.lora_A.weight": ((16, 4096), NUMBERS[: 128 << 10]),
    },
    "tokens with rows of 400 bytes": {
        "emb.weight": ((4096, 200), NUMBERS[: 3696 * 400] + bytes(400 * 400)), "z.weight": (SHAPE, NUMBERS),
    },
    "the cache of a decoder": {"a.weight": (SHAPE, NUMBERS), "kv_cache.k": ((1, 512, 1024), bytes(MIB))},
}  # fmt: skip


@pytest.mark.parametrize("kind", MEANT)
def test_zeros_that_somebody_meant(kind: str) -> None:
    assert looked_at(halves(MEANT[kind]), "safetensors") == Health("good", "every byte was read")


def test_rows_of_tokens_in_a_checkpoint_too() -> None:
    rows = NUMBERS[: 1300 * 2048] + bytes(200 * 2048)
    table = pickled(mapping({"model.embed_tokens.weight": tensor("0", SHAPE, "HalfStorage")}))
    assert looked_at(torch_zip(table, {"0": rows}), "pickle").verdict == "good"


@pytest.mark.parametrize(
    "name",
    ["unmasked", "attn.mask_proj.weight", "x.lora_up.weight", "x.lora_B.default.weight", "x.attn_mask", "causal_conv.weight",
     "hada_w1_a", "lokr_w1", "emb.weight", "x.bias"],
)  # fmt: skip
def test_no_name_hides_a_hole(name: str) -> None:
    """Half of it is missing, from some page on; what somebody meant would end where its rows or blocks do."""
    data = halves({name: (SHAPE, NUMBERS), "b.weight": (SHAPE, NUMBERS)})
    at = len(data) - 2 * len(NUMBERS) + 300_005
    health = looked_at(data[:at] + bytes(len(NUMBERS) // 2) + data[at + len(NUMBERS) // 2 :], "safetensors")
    assert health.verdict == "incomplete" and f"{len(NUMBERS) // 2:,} of" in health.detail


@pytest.mark.parametrize("name", ["x.lora_up.weight", "base_model.model.x.lora_B.weight"])
def test_a_row_of_a_lora_is_no_block(name: str) -> None:
    """Joined projections have whole heads: a run that ends at any row was not meant."""
    numbers = NUMBERS[: 768 << 10]
    data = halves({"x.lora_down.weight": ((64, 2048), NUMBERS[: 256 << 10]),
                   name: ((6144, 64), numbers[: 1000 * 128] + bytes(1000 * 128) + numbers[2000 * 128 :])})  # fmt: skip
    assert looked_at(data, "safetensors").verdict == "incomplete"


@pytest.mark.parametrize("name", ["x.lora_up.weight", "base_model.model.x.lora_B.weight"])
def test_a_lora_that_was_interrupted(name: str) -> None:
    """Pieces of 64 KiB are missing from the half that begins as zeros; its rows are small."""
    data = halves({"x.lora_down.weight": ((32, 4096), NUMBERS[: 256 << 10]), name: ((12288, 32), NUMBERS[: 768 << 10])})
    for at in range(len(data) - (700 << 10) & -4096, len(data) - LEAST, LEAST):
        health = looked_at(data[:at] + bytes(LEAST) + data[at + LEAST :], "safetensors")
        assert (health.verdict, health.detail[:6]) == ("suspicious", "65,536")


@pytest.mark.parametrize(
    ("name", "first", "count", "told"),
    [
        ("l.0.ffn.weight", 100, 250, True), ("l.0.ffn.weight", 100, 100, True), ("l.0.ffn.weight", 1100, 400, True),
        ("token_embd.weight", 100, 200, True), ("token_embd.weight", 1300, 200, False),
        ("token_embd.weight", 1000, 500, True),
    ],
)  # fmt: skip
def test_whole_rows_are_told(name: str, first: int, count: int, told: bool) -> None:
    """Unused tokens lie at the end of their table, few of them amid it; in other weights a piece amid them is told."""
    rows = NUMBERS[: first * 2048] + bytes(count * 2048) + NUMBERS[(first + count) * 2048 :]
    data = halves({name: (SHAPE, rows), "z.weight": (SHAPE, NUMBERS)})
    health = looked_at(data, "safetensors")
    said = f"{count * 2048:,} bytes ({count * 2048 / len(data):.1%}) are whole rows of zeros"
    assert (health.verdict, health.detail.startswith(said)) == (("suspicious", True) if told else ("good", False))


def test_weights_side_by_side_that_are_zeros_alone() -> None:
    one = NUMBERS[: 256 << 10]
    tensors = {f"l.{n:02}.weight": ((128, 1024), bytes(len(one)) if n in (4, 5) else one) for n in range(16)}
    health = looked_at(halves(tensors), "safetensors")
    assert health.verdict == "suspicious" and "12.5%" in health.detail
    tensors["l.05.weight"], tensors["l.09.weight"] = tensors["l.09.weight"], tensors["l.05.weight"]
    assert looked_at(halves(tensors), "safetensors").verdict == "good"


ENDINGS = {
    "biases": ({f"blk{n}.bias": ((65536,), bytes(131_072)) for n in range(8)}, "good"),
    "a LoRA before training": ({f"l{n}.lora_B.weight": ((4096, 64), bytes(512 << 10)) for n in range(4)}, "good"),
    "unused tokens": ({"wte.weight": ((1500, 1024), NUMBERS[: -200 * 2048] + bytes(200 * 2048))}, "good"),
    "one weight": ({"zero.weight": ((512, 1024), bytes(MIB))}, "good"),
    "a half": ({"x.lora_B.weight": (SHAPE, NUMBERS[: -MIB - 77] + bytes(MIB + 77))}, "suspicious"),
    "many rows": ({"x.weight": (SHAPE, NUMBERS[: -600 * 2048] + bytes(600 * 2048))}, "suspicious"),
    "all of many": ({f"x{n}.weight": ((512, 1024), bytes(MIB)) for n in range(2)}, "suspicious"),
    "more than is followed": ({"x.weight": ((9000, 1024), bytes(9000 * 2048))}, "suspicious"),
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_the_end_of_a_file(kind: str) -> None:
    """What a scan says, by the header and the last bytes."""
    ending, verdict = ENDINGS[kind]
    data = halves({"a.weight": (SHAPE, NUMBERS), **ending})
    health = facts_of(io.BytesIO(data), len(data), "a.safetensors").health
    assert health.verdict == verdict
    assert verdict == "good" or "are all zero: the download may not have been finished" in health.detail


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
