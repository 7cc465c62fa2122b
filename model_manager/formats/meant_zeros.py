"""Where zeros may lie in a tensor that is whole: what somebody meant, by the tensor's name and shape.

Zeros that somebody meant fill a tensor (a bias, a LoRA's B before training) or whole rows of it: tokens that were never
used (Qwen2.5-7B has 399 such rows at the end of its table, 2.8 MB), heads or channels that were cut away, the blocks of a
LoRA that was made for one of three joined projections. Masks are zeros by design, in an order of their own: SwinIR's
attn_mask has a matrix for each window, most of them zeros alone (runs of 112 KiB, seven windows), and in the others the
zeros end some values before or behind an edge of the window; a triangle's lines are zero up to the diagonal or from it on.
"""

from __future__ import annotations

import re

from model_manager.formats.span import Span

SLACK = 16
"""Zero bytes by which a run may go beyond where it was meant to end: the next value begins with some by chance."""
LEAST_ROW = 128
"""Bytes of the smallest row that counts as one: with smaller ones any place is near the edge of a row."""
_BLOCK = 64
"""Channels, the least that is joined: every joined projection has whole heads, and those have 64 channels or more."""
_WINDOW = 16
"""Lines from when a step of a mask is a window: with fewer, any place is near the edge of one."""
_MASK = re.compile(r"(?:^|[._])(?:mask|tril|triu)$", re.IGNORECASE)
_LORA = re.compile(r"(?:^|[._])lora(?:_linear_layer)?[._](?:up|b)(?:$|[._])", re.IGNORECASE)
_EMPTY_AT_FIRST = re.compile(
    r"lora[._]?(?:linear_layer\.)?(?:up|b)\b|lokr_w|hada_w|bias|beta|running_mean|position|index|zero_conv|alpha|kv_cache",
    re.IGNORECASE,
)
"""Tensors that are made with zeros alone, and stay so where training did not reach them."""
_TABLE = re.compile(r"embed|embd|(?:^|[._])(?:emb|wte|lm_head|output)[._]weight$|shared\.weight$", re.IGNORECASE)
"""Tables with a row for each token."""
_LISTS = frozenset({"I16", "I32", "I64", "U16", "U32", "U64", "BOOL"})


def may_be_empty(span: Span) -> bool:
    """Whether all of it may be zeros."""
    return bool(_EMPTY_AT_FIRST.search(span.name) or _MASK.search(span.name))


def is_table(span: Span) -> bool:
    """Whether its rows are tokens', of which some at its end may never have been used."""
    return bool(_TABLE.search(span.name))


def may_lie(span: Span, start: int, stop: int) -> bool:
    """Whether zeros that somebody meant may begin at file offset `start` and end before `stop`, as far as they are its."""
    start, stop = max(0, start - span.start), min(span.size, stop - span.start)
    begins, ends = start == 0 or start >= span.size - SLACK, stop == span.size or stop <= SLACK
    if begins and ends:
        return True
    if _MASK.search(span.name):
        return _of_mask(span, start, stop)
    if len(span.shape) == 1 and span.dtype in _LISTS:
        return begins or ends  # a list of groups or places begins with many of the first
    row = span.row
    if row and _LORA.search(span.name) and span.shape[0] % _BLOCK == 0:
        row *= _BLOCK
    slack = min(SLACK, row // 32)
    return row >= LEAST_ROW and (
        (begins or -start % row <= slack) and (ends or stop % row <= slack)
    )  # fmt: skip


def _of_mask(span: Span, start: int, stop: int) -> bool:
    line, window = span.line, span.matrix
    if not line:
        return False
    if window >= _WINDOW * line and all(min(at % window, -at % window) < line for at in (start, stop)):
        return True
    return stop - start <= line + SLACK and (-start % line <= SLACK or stop % line <= SLACK)
