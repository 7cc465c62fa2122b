"""Zeros of less than 64 KiB: none is told by itself, what they add up to is, unless somebody meant them."""

from __future__ import annotations

import io
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_files import mapping, pickled, tensor, torch_zip

from model_manager.base.facts import Health
from model_manager.formats.deep import read_all
from model_manager.formats.runs import LEAST, SHORT, Runs
from model_manager.formats.span import Span
from tests.formats.test_ordered_zeros import MORE, OTHERS, Tensors, one, rows
from tests.formats.test_zeros import FILES, NUMBERS, SHAPE, halves, looked_at

GOOD = Health("good", "every byte was read")
MIB = 1 << 20
WIDE = (1024, 4096)


def emptied(data: bytes, run: int, every: int, first: int = 100_001) -> bytes:
    """Some bytes of each so many are lost, from one place on."""
    out = bytearray(data)
    for at in range(first, len(out) - run, every):
        out[at : at + run] = bytes(run)
    return bytes(out)


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind != "unknown"])
@pytest.mark.parametrize(
    ("run", "every"), [(60 << 10, 64 << 10), (1024, 1100), (4096, 8192), (512, 2048), (16 << 10, 200_000)]
)
def test_many_short_holes_in_every_format(kind: str, run: int, every: int) -> None:
    data = FILES[kind]
    broken = emptied(data, run, every)
    health = looked_at(broken, kind.partition(",")[0])
    assert health.verdict == "suspicious" and "places amid its values: parts are missing" in health.detail, health
    said = re.search(r"\((\d+\.\d)%\)", health.detail)
    lost = sum(a != b for a, b in zip(data, broken, strict=True)) / len(data) * 100
    assert said and lost * 0.85 <= float(said[1]) <= lost * 1.02


def test_short_holes_where_nobody_knows_where_tensors_lie() -> None:
    health = looked_at(emptied(MORE[:8_000_000], 60 << 10, 64 << 10), "unknown")
    assert health.verdict == "suspicious" and "92." in health.detail
    assert looked_at(emptied(MORE[:8_000_000], 1024, 50_000), "unknown").verdict == "good"


@pytest.mark.parametrize("seed", range(12))
def test_lost_pages_and_sectors(seed: int) -> None:
    """Anywhere in a file whose tensors begin at pages or not, also where rows are pages: 1.5 % and more are told."""
    chance = random.Random(seed)
    begin, page = chance.choice([4096, 4128, 1000]), chance.choice([512, 4096, 16 << 10])
    spans = [Span(f"l.{n}.up.weight", "F16", begin + n * 2 * MIB, 2 * MIB, (512, 2048)) for n in range(4)]
    data = bytearray(MORE[: begin + 8 * MIB])
    for lost in chance.sample(range(2, len(data) // page - 1), int(len(data) / page * 0.03)):
        data[lost * page : (lost + 1) * page] = bytes(page)
    assert read_all(io.BytesIO(data), len(data), spans, len).verdict == "suspicious", (begin, page)


def sparse(shape: tuple[int, int], share: float) -> bytes:
    """Single values that were cut away anywhere, as unstructured pruning does."""
    chance = random.Random(3)
    kept = bytearray(shape[0] * shape[1] * 2)
    for at in range(0, len(kept), 2):
        if chance.random() >= share:
            kept[at : at + 2] = NUMBERS[at : at + 2]
    return bytes(kept)


def blocks(shape: tuple[int, int], side: int) -> bytes:
    """Square blocks that were cut away anywhere, three of four."""
    chance, line = random.Random(4), shape[1] * 2
    data = bytearray(NUMBERS[: shape[0] * line])
    for top in range(0, shape[0], side):
        for left in range(0, shape[1], side):
            if chance.random() < 0.75:
                for at in range(top, top + side):
                    data[at * line + left * 2 : at * line + (left + side) * 2] = bytes(side * 2)
    return bytes(data)


def pruned(shape: tuple[int, int], share: float, seed: int = 5) -> bytes:
    """Rows here and there, as torch.nn.utils.prune.ln_structured cuts them away."""
    gone = random.Random(seed).sample(range(shape[0]), int(shape[0] * share))
    return rows(shape, *((row, row + 1) for row in gone))


def diagonal(side: int) -> bytes:
    return b"".join(bytes(2 * n) + b"\x00\x3c" + bytes(2 * (side - n - 1)) for n in range(side))


def lines(shape: tuple[int, int], columns: int) -> bytes:
    """The last columns of each line are zeros."""
    return b"".join(
        NUMBERS[n * shape[1] : (n + 2) * shape[1] - 2 * columns] + bytes(2 * columns) for n in range(shape[0])
    )


def mask(shape: tuple[int, int], share: float) -> bytes:
    gone = set(random.Random(6).sample(range(shape[0]), int(shape[0] * share)))
    return b"".join((b"\x00\x00" if row in gone else b"\x00\x3c") * shape[1] for row in range(shape[0]))


MEANT: dict[str, Tensors] = {
    "95 % of all values": {"a.weight": ((512, 1024), sparse((512, 1024), 0.95)), **OTHERS},
    "98 % of all values": {"a.weight": ((512, 1024), sparse((512, 1024), 0.98)), "b.weight": ((512, 1024), NUMBERS[:MIB])},
    "blocks": {f"l.{n}.weight": ((512, 1024), blocks((512, 1024), 64)) for n in range(4)},
    "30 % of rows of 8 KiB": one("fc.weight", WIDE, pruned(WIDE, 0.3)),
    "half of the rows of 8 KiB": one("fc.weight", WIDE, pruned(WIDE, 0.5)),
    "half of the rows, alone": {"fc.weight": (WIDE, pruned(WIDE, 0.5))},
    "half of the rows of 2 KiB": one("fc.weight", SHAPE, pruned(SHAPE, 0.5)),
    "rows by a mask": {"fc.weight_orig": (WIDE, MORE[: 8 * MIB]), "fc.weight_mask": (WIDE, mask(WIDE, 0.5))},
    "30 % of rows by a mask": {"fc.weight_orig": (WIDE, MORE[: 8 * MIB]), "fc.weight_mask": (WIDE, mask(WIDE, 0.3))},
    "words that were never met": {"embedding.weight": ((12_000, 150), pruned((12_000, 150), 0.3))},
    "a LoRA of a smaller rank": {
        f"l.{n}.lora_A.weight": ((64, 4096), MORE[: 32 * 8192] + bytes(32 * 8192)) for n in range(8)
    } | {f"l.{n}.lora_B.weight": ((4096, 64), NUMBERS[: 64 * 8192]) for n in range(8)},
    "a diagonal": {"rotation": ((1024, 1024), diagonal(1024)), **OTHERS},
    "columns added": {f"down.{n}.weight": ((512, 2048), lines((512, 2048), 256)) for n in range(4)},
    "biases": {f"l.{n}.bias": ((1024,), bytes(2048)) for n in range(200)} | {"w": (SHAPE, NUMBERS)},
}  # fmt: skip


@pytest.mark.parametrize("kind", MEANT)
def test_zeros_that_somebody_meant(kind: str) -> None:
    assert looked_at(halves(MEANT[kind]), "safetensors") == GOOD


@pytest.mark.parametrize(
    "name",
    ["state.0.exp_avg", "exp_avg_sq", "optimizer.state.3.momentum_buffer", "optimizer_states.0.state.1.exp_avg",
     "base_optimizer.state.0.z"],
)  # fmt: skip
def test_what_an_optimizer_keeps_is_no_weight(name: str) -> None:
    """12,000 of 32,000 tokens were never met, or a third of all here and there."""
    for data in (rows(SHAPE, (800, 1500)), rows(SHAPE, (100, 300), (700, 900)), pruned(SHAPE, 0.3)):
        assert looked_at(halves({name: (SHAPE, data), **OTHERS}), "safetensors") == GOOD, name
    frozen = {f"state.{n}.exp_avg": (SHAPE, bytes(len(NUMBERS))) for n in range(5)}
    assert looked_at(halves({**frozen, **OTHERS}), "safetensors") == GOOD


def test_an_optimizer_that_lacks_a_part() -> None:
    data = halves({"state.0.exp_avg": (SHAPE, NUMBERS), **OTHERS})
    at = len(data) - 4 * len(NUMBERS) + 300_005
    assert looked_at(data[:at] + bytes(100_000) + data[at + 100_000 :], "safetensors").verdict == "suspicious"
    table = pickled(mapping({"state": mapping({"exp_avg": tensor("0", SHAPE, "HalfStorage")})}))
    assert looked_at(torch_zip(table, {"0": rows(SHAPE, (800, 1500))}), "pickle").verdict == "good"


@pytest.mark.parametrize(("gone", "told"), [((2, 5, 9), True), ((2, 9), True), ((4,), False)])
def test_whole_tensors_of_some_layers(gone: tuple[int, ...], told: bool) -> None:
    """Not side by side; of a kind that begins as zeros in no model, or in one."""
    for name in ("up", "down_proj"):
        tensors = {f"l.{n:02}.{name}.weight": (SHAPE, bytes(len(NUMBERS)) if n in gone else NUMBERS) for n in range(11)}
        health = looked_at(halves(tensors), "safetensors")
        expected = told and name == "up"
        assert (health.verdict == "suspicious", "tensors of zeros alone" in health.detail) == (expected, expected)


def test_the_same_rows_amid_every_layer() -> None:
    """Nothing cuts all layers at one place, or each of them at one that no head begins at."""
    for places in ([(600, 665)] * 7, [(640, 704)] * 7, [(100 * n + 37, 100 * n + 90) for n in range(7)]):
        tensors = {f"blk.{n}.ffn_up.weight": (SHAPE, rows(SHAPE, place)) for n, place in enumerate(places)}
        health = looked_at(halves(tensors), "safetensors")
        assert health.verdict == "suspicious" and "whole rows of zeros" in health.detail
    joined = {f"blk.{n}.gate_up.weight": ((1536, 1024), rows((1536, 1024), (728, 768), (1496, 1536))) for n in range(7)}
    assert looked_at(halves(joined), "safetensors") == GOOD


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_runs_of_any_length_are_found_however_the_bytes_come(data: st.DataObject) -> None:
    """Among dense values: where shorter ones are many, they are sparse."""
    parts = data.draw(st.lists(st.tuples(st.integers(SHORT, 9_000), st.booleans()), max_size=12))
    whole = b"".join(bytes(length) if empty else b"\x01" * length for length, empty in parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=6)))
    found: list[tuple[int, int]] = []
    runs = Runs(lambda start, stop: found.append((start, stop)), lambda start, stop: found.append((start, stop)))
    for start, stop in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        runs.add(whole[start:stop])
    runs.end()
    assert found == [match.span() for match in re.finditer(rb"\0{%d,}" % SHORT, whole)]


def test_floats_that_were_shorter_hide_no_run() -> None:
    """Their lower bytes are zeros: the sample is taken where they are not, and short holes are found there too."""
    for low in (2, 1):
        values = bytearray(MORE[: 8 * MIB])
        for place in range(low):
            values[place::4] = bytes(len(values) // 4)
        spans = [Span("a.weight", "F32", 0, len(values), (512, 4096))]
        assert read_all(io.BytesIO(values), len(values), spans, len).verdict == "good"
        broken = emptied(bytes(values), 4096, 9000)
        assert read_all(io.BytesIO(broken), len(broken), spans, len).verdict == "suspicious"


def test_long_runs_are_found_among_sparse_values() -> None:
    values = bytearray(NUMBERS)
    for place in range(3):
        values[place::4] = bytes(len(values) // 4)
    values[1_000_001 : 1_000_001 + LEAST] = bytes(LEAST)
    found: list[tuple[int, int]] = []
    runs = Runs(lambda start, stop: found.append((start, stop)), print)
    runs.add(bytes(values))
    runs.end()
    assert len(found) == 1 and abs(found[0][0] - 1_000_001) < 8 and found[0][1] - found[0][0] < LEAST + 8
