"""The budget that every reader has: headers spread over weights are not followed through gigabytes."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from headers import varint
from reliability.hostile import Sparse

from model_manager.base.facts import Facts
from model_manager.base.reading import open_quietly
from model_manager.formats import metered
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.metered import Metered
from model_manager.formats.problem import FormatProblem
from model_manager.formats.sniff import facts_of


def read(path: Path) -> tuple[Facts, Metered]:
    with open_quietly(str(path)) as raw:
        file = Metered(raw)
        return facts_of(cast(BinaryIO, file), path.stat().st_size, path.name), file


def graph(weights: int, count: int) -> Sparse:
    tensor = b"\x08\x04\x10\x01\x4a" + varint(weights)  # dims 4, F32, raw_data
    piece = b"\x2a" + varint(len(tensor) + weights) + tensor
    apart = len(piece) + weights
    return Sparse(b"\x08\x08\x3a" + varint(apart * count), piece, apart, count)


def test_a_graph_with_its_weights_inside_is_read_without_them(tmp_path: Path) -> None:
    """1,000 tensors of 1 MB each: a kilobyte of each is read."""
    path = tmp_path / "a.onnx"
    graph(1_000_000, 1000).write(str(path))
    found, file = read(path)
    assert found.metadata["ONNX.tensor_count"] == 1000 and found.health.verdict != "unknown"
    assert file.read_bytes < 2_000_000 and file.reads < 1100


def test_more_places_than_are_looked_at_are_unknown(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    graph(20_000, 13_000).write(str(path))
    found, file = read(path)
    assert found.health.verdict == "unknown" and "more than 12,000 places" in found.health.detail
    assert file.read_bytes < metered.MOST_BYTES


def test_a_pickle_spread_over_arrays_keeps_what_it_showed(tmp_path: Path) -> None:
    """What would run stands in front: it is unsafe, however long the rest."""
    path = tmp_path / "a.pkl"
    head = b"\x80\x04cos\nsystem\n\x8c\x04true\x85R"
    Sparse(head, b"B" + struct.pack("<I", 270_000 - 6), 270_000 - 1, 13_000, b".").write(str(path))
    found, file = read(path)
    assert found.health.verdict == "unsafe" and file.reads <= metered.MOST_READS + 10
    assert file.read_bytes <= metered.MOST_BYTES


def test_no_reader_goes_beyond_the_bytes() -> None:
    file = Metered(cast(BinaryIO, io.BytesIO(bytes(100))), most_bytes=64, most_reads=3)
    assert file.read(60) == bytes(60)
    with pytest.raises(FormatProblem, match="64 bytes"):
        file.read(5)
    with pytest.raises(FormatProblem, match="64 bytes"):
        file.read()
    with pytest.raises(FormatProblem, match="3 places"):
        file.read(1)
    assert file.read_bytes == 60


def test_a_window_reads_little_behind_a_jump_and_more_going_on() -> None:
    file = Metered(cast(BinaryIO, io.BytesIO(bytes(4 << 20))))
    window = ByteWindow(cast(BinaryIO, file), 4 << 20, piece=64 * 1024)
    window.seek(1 << 20)
    assert window.take(8) == bytes(8) and file.read_bytes == 1024
    for _ in range(200_000 // 8):
        window.take(8)
    assert file.reads < 10, "going on, it reads larger pieces"
