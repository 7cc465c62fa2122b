"""The end of a file that a broken download leaves as zeros."""

from __future__ import annotations

import io
import random

import pytest

from model_manager.base.facts import GOOD
from model_manager.formats.span import Span
from model_manager.formats.tail import zero_tail

MIB = 1 << 20


def body(size: int, zeros: int) -> bytes:
    return random.Random(1).randbytes(size - zeros).replace(b"\0", b"\1") + bytes(zeros)


def health(data: bytes, data_start: int = 100, spans: list[Span] | None = None):  # type: ignore[no-untyped-def]
    return zero_tail(io.BytesIO(data), len(data), data_start, None if spans is None else lambda: spans)


def test_what_stopped_before_its_end_is_told_with_its_figure() -> None:
    found = health(body(4 * MIB, MIB))
    assert found.verdict == "suspicious" and found.detail.startswith("the last 419,430 bytes are all zero")


def test_a_byte_short_of_a_tenth_is_no_reason_to_doubt() -> None:
    size = 4 * MIB
    assert health(body(size, size // 10 - 1)) == GOOD and health(body(size, size // 10)).verdict == "suspicious"


def test_of_a_large_file_one_mebibyte_is_enough() -> None:
    assert "1,048,576" in health(body(12 * MIB, MIB)).detail and health(body(12 * MIB, MIB - 1)) == GOOD


def test_a_healthy_file_is_read_by_its_last_bytes_alone() -> None:
    class Watched(io.BytesIO):
        asked = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.asked += size or 0
            return super().read(size)

    file = Watched(body(4 * MIB, 0))
    assert zero_tail(file, 4 * MIB, 100) == GOOD and file.asked == 4096


def test_a_small_file_that_begins_with_zeros_too_was_made_so() -> None:
    assert health(b"h" * 100 + bytes(100_000)) == GOOD
    assert health(b"h" * 100 + b"x" * 4096 + bytes(100_000)).verdict == "suspicious"
    assert health(b"h" * 100 + bytes(2 * MIB)).verdict == "suspicious", "a large one is not left alone"


@pytest.mark.parametrize("size", [0, 1, 63, 640])
def test_too_little_to_tell(size: int) -> None:
    assert health(bytes(size), min(size, 10)) == GOOD


def test_a_header_is_never_looked_at() -> None:
    assert health(b"x" * 4096 + bytes(100_000), 4096 + 99_950) == GOOD, "fifty bytes are too few"


def test_zeros_that_are_all_of_a_tensor_that_may_be_empty_were_meant() -> None:
    data = body(4 * MIB, MIB)
    start = 3 * MIB
    lying = [
        Span("blk.weight", "F16", 100, start - 100, (1024, (start - 100) // 1024)),
        Span("last.bias", "F16", start, MIB, (MIB // 2,)),
    ]
    assert health(data, spans=lying) == GOOD
    lying = [Span("last.weight", "F16", 100, len(data) - 100, (2, (len(data) - 100) // 4))]
    assert health(data, spans=lying).verdict == "suspicious", "they begin amid a row"
