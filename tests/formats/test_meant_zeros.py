"""Where zeros are somebody's meaning: by a tensor's name, its rows and its edges."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import meant_zeros
from model_manager.formats.span import Span

ROW = 2048
"""Bytes of a row of `span()`."""


def span(name: str = "l.0.up.weight", shape: tuple[int, ...] = (128, 1024), dtype: str = "F16", start: int = 0) -> Span:
    size = 2
    for side in shape:
        size *= side
    return Span(name, dtype, start, size, shape)


def lies(one: Span, start: int, stop: int) -> bool:
    """Whether zeros may lie there, counted from where the tensor begins."""
    return meant_zeros.may_lie(one, one.start + start, one.start + stop)


@pytest.mark.parametrize(
    "name",
    ["l.0.bias", "x.lora_B.weight", "a.lora_up.weight", "a.lora.up.weight", "a.lora_linear_layer.up.weight", "bn.running_mean",
     "bn.beta", "lokr_w1", "hada_w2_a", "pos.position_ids", "zero_convs.0.weight", "x.alpha", "attn_mask", "bias.tril",
     "l.0.exp_avg", "state.12.momentum_buffer", "optimizer.state.0.exp_avg_sq", "kv_cache.k"],
)  # fmt: skip
def test_tensors_that_may_be_empty(name: str) -> None:
    assert meant_zeros.may_be_empty(span(name)) and meant_zeros.may_be_empty(span(name.upper()))


@pytest.mark.parametrize(
    "name", ["l.0.up.weight", "lora_A.weight", "conv.weight", "masked.weight", "mask_token", "estate.w"]
)
def test_weights_may_not_be_empty(name: str) -> None:
    assert not meant_zeros.may_be_empty(span(name))


@pytest.mark.parametrize(
    ("name", "begins"),
    [("blk.0.ffn_down.weight", True), ("x.adaLN_modulation.1.weight", True), ("proj_out.weight", True), ("GATE.w", True),
     ("lm_head.weight", True), ("conv1.weight", False), ("attn_q.weight", False), ("up_proj.weight", False)],
)  # fmt: skip
def test_what_is_made_with_zeros_where_layers_are_added(name: str, begins: bool) -> None:
    assert meant_zeros.begins_as_zeros(span(name)) is begins


def test_masks_tables_and_states_are_told_by_the_end_of_their_names() -> None:
    assert [meant_zeros.is_mask(span(name)) for name in ("mask", "l.attn_mask", "a.TRIU", "mask.weight", "unmask")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    tables = (
        "token_embd.weight",
        "wte.weight",
        "model.embed_tokens.weight",
        "lm_head.weight",
        "output.weight",
        "shared.weight",
    )
    assert all(meant_zeros.is_table(span(name)) for name in tables)
    assert not any(meant_zeros.is_table(span(name)) for name in ("output.bias", "attn_output.0.weight", "head.weight"))
    states = ("a.exp_avg_sq_row", "max_exp_avg_sq", "state.3.step", "optimiser_1.layers.state.x", "b.master_grad")
    assert all(meant_zeros.is_state(span(name)) for name in states)
    assert not any(meant_zeros.is_state(span(name)) for name in ("exp_avg.weight", "state_dict.3.w", "l.state.0.w"))


@pytest.mark.parametrize(
    ("shape", "rows", "unused"),
    [
        ((152_064, 16), 399, True),  # Qwen2.5-7B
        ((51_200, 16), 905, True),  # Phi-2
        ((32_768, 16), 768, True),  # 32,000 rounded up to a multiple of 1,024
        ((1000, 16), 50, True), ((1000, 16), 51, False),
        ((128, 16), 32, True), ((128, 16), 33, False),  # a quarter, where rows were rounded up
        ((640, 16), 127, True), ((640, 16), 128, False),  # fewer than the 128 that were rounded to
        ((130, 16), 7, False),
    ],
)  # fmt: skip
def test_tokens_that_were_never_used(shape: tuple[int, int], rows: int, unused: bool) -> None:
    table = span("token_embd.weight", shape)
    assert meant_zeros.is_unused(table, rows * table.row) is unused


def test_rows_of_other_tensors_are_no_tokens() -> None:
    assert not meant_zeros.is_unused(span("l.0.up.weight", (152_064, 16)), 399 * 32)
    assert not meant_zeros.is_unused(span("token_embd.weight", (4096,)), 16)


@pytest.mark.parametrize(("rank", "added", "unused"), [(16, 15, True), (16, 16, False), (64, 1, True), (48, 1, False)])
def test_the_rest_of_a_rank_that_was_made_a_power_of_two(rank: int, added: int, unused: bool) -> None:
    down = span("l.lora_A.weight", (rank, 64))
    assert meant_zeros.is_unused(down, added * down.row) is unused


@pytest.mark.parametrize("start", [0, 4096])
@pytest.mark.parametrize(
    ("first", "last", "may"),
    [
        (0, 128 * ROW, True),  # all of it
        (0, ROW, True), (5 * ROW, 9 * ROW, True), (120 * ROW, 128 * ROW, True),  # whole rows
        (5 * ROW - 16, 9 * ROW + 16, True),  # and some zeros before and behind by chance
        (5 * ROW - 17, 9 * ROW, False), (5 * ROW, 9 * ROW + 17, False), (5 * ROW + 1, 9 * ROW, False),
        (5 * ROW, 9 * ROW - 1, False), (0, 100, False), (ROW + 700, 3 * ROW + 700, False),
        (-5000, 2 * ROW, True),  # it began in the tensor before
        (127 * ROW, 128 * ROW + 9000, True),  # and goes on in the next
    ],
)  # fmt: skip
def test_whole_rows_are_meant_and_pieces_are_not(first: int, last: int, may: bool, start: int) -> None:
    assert lies(span(start=start), first, last) is may


@settings(max_examples=20)
@given(st.integers(0, 127), st.integers(1, 128), st.integers(17, ROW - 17))
def test_any_whole_rows_and_no_half_ones(first: int, count: int, off: int) -> None:
    last = min(128, first + count)
    assert lies(span(), first * ROW, last * ROW)
    assert not lies(span(), first * ROW + off, last * ROW + off) or last == 128 or off >= 128 * ROW - last * ROW


def test_the_edges_of_a_tensor_that_has_no_rows() -> None:
    flat = span("norm.weight", (4096,))
    assert lies(flat, 0, 8192) and lies(flat, 8176, 8192) and lies(flat, 0, 16)
    assert not lies(flat, 0, 4096) and not lies(flat, 17, 8192) and not lies(flat, 100, 200)


def test_lists_of_numbers_begin_or_end_with_many_of_the_first() -> None:
    groups = Span("g_idx", "I32", 0, 16_384, (4096,))
    assert lies(groups, 0, 512) and lies(groups, 8000, 16_384) and not lies(groups, 512, 1024)
    assert not lies(Span("g_idx", "F32", 0, 16_384, (4096,)), 0, 512)
    assert not lies(Span("g_idx", "I32", 0, 16_384, (64, 64)), 1, 512)


@pytest.mark.parametrize(("width", "may"), [(64, True), (63, False)])
def test_rows_smaller_than_128_bytes_are_none(width: int, may: bool) -> None:
    small = span(shape=(64, width))
    assert lies(small, small.row, 3 * small.row) is may


def test_slack_shrinks_with_the_row() -> None:
    small = span(shape=(64, 128))  # rows of 256 bytes: 8 bytes of slack
    assert lies(small, 256 - 8, 512 + 8) and not lies(small, 256 - 9, 512) and not lies(small, 256, 512 + 9)


@pytest.mark.parametrize("name", ["l.lora_B.weight", "l.lora.up.weight"])
def test_a_lora_has_empty_blocks_of_joined_projections(name: str) -> None:
    up = span(name, (192, 64))  # rows of 128 bytes, blocks of 64 rows
    assert lies(up, 64 * 128, 128 * 128) and not lies(up, 128, 3 * 128)
    odd = span(name, (100, 64))  # nothing joined: rows are rows
    assert lies(odd, 128, 3 * 128)


def test_windows_and_triangles_of_masks() -> None:
    windows = span("attn_mask", (64, 64, 64))  # lines of 128 bytes, windows of 8,192
    assert lies(windows, 8192, 7 * 8192) and lies(windows, 8192 + 127, 7 * 8192 - 127)
    assert not lies(windows, 8192 + 128, 7 * 8192) and not lies(windows, 8192, 7 * 8192 - 128)
    assert not lies(span("attn.weight", (64, 64, 64)), 8192 + 100, 7 * 8192)
    triangle = span("tril", (1024, 1024))  # lines of 2,048 bytes
    assert lies(triangle, 5 * ROW + 700, 6 * ROW) and lies(triangle, 5 * ROW, 5 * ROW + 900)
    assert not lies(triangle, 5 * ROW + 700, 5 * ROW + 900) and not lies(triangle, 5 * ROW + 700, 8 * ROW)
