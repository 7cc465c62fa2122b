"""Tensors one after another up to the file's end; what breaks keeps those before it."""

from __future__ import annotations

import io
import struct

import pytest
from headers import ggml_tensor

from model_manager.base.facts import GOOD, Health
from model_manager.formats import ggml_tensors
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.ggml_tensors import walk
from model_manager.formats.tensors import Tensor

GOOD_ONE = ggml_tensor("enc.weight", (4, 3), 1, 24)


def walked(data: bytes, start: int = 0) -> tuple[dict[str, Tensor], Health]:
    window = ByteWindow(io.BytesIO(data), len(data))
    return walk(window, lambda: window.seek(start))


def test_names_shapes_and_sizes_the_outermost_side_first() -> None:
    data = b"head" + GOOD_ONE + ggml_tensor("b", (32,), 2, 18) + ggml_tensor("scalar", (), 0, 4)
    assert walked(data, 4) == (
        {"enc.weight": Tensor((3, 4), "F16", 24), "b": Tensor((32,), "Q4_0", 18), "scalar": Tensor((), "F32", 4)}, GOOD,
    )  # fmt: skip
    assert walked(b"") == ({}, GOOD)


@pytest.mark.parametrize(
    ("broken", "verdict", "why"),
    [
        (ggml_tensor("cut", (100,), 1, 200)[:-7], "truncated", "tensor 'cut' ends 7 bytes behind the file's end"),
        (struct.pack("<3i", 5, 1, 0), "corrupt", "no tensor begins at byte"), (struct.pack("<3i", 1, 0, 0), "corrupt", "no tensor begins at byte"),
        (struct.pack("<3i", 1, 4097, 0), "corrupt", "no tensor begins at byte"), (struct.pack("<3i", -1, 1, 0), "corrupt", "no tensor begins at byte"),
        (struct.pack("<3i", 1, 1, 256), "corrupt", "no tensor begins"), (struct.pack("<3i", 1, 1, 99), "unknown", "tensor type 99 is not known"),
        (struct.pack("<4i", 1, 1, 0, -5) + b"x", "corrupt", "negative side"), (b"\0\0", "truncated", "the file ends at"),
        (struct.pack("<7i", 4, 1, 0, *[1 << 30] * 4) + b"x", "truncated", "behind the file's end"),
    ],
)  # fmt: skip
def test_what_breaks_is_told_and_what_came_before_is_kept(broken: bytes, verdict: str, why: str) -> None:
    tensors, health = walked(GOOD_ONE + broken)
    assert list(tensors) == ["enc.weight"] and health.verdict == verdict and why in health.detail


def test_a_beginning_that_cannot_be_found_is_told_too() -> None:
    assert walked(b"abc", 9)[1].verdict == "truncated"


def test_more_than_any_model_has_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ggml_tensors, "_MOST", 2)
    data = b"".join(ggml_tensor(f"t{number}", (1,), 0, 4) for number in range(3))
    assert (
        walked(data)[1] == Health("unknown", "holds more than 2 tensors")
        and walked(data[: len(data) * 2 // 3])[1] == GOOD
    )
