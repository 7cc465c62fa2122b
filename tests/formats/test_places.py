"""Where tensors lie, in every format whose tables say it: the bytes there are the tensor's own."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from factory import gguf_bytes, safetensors_bytes
from headers import onnx_bytes, onnx_tensor
from torch_files import mapping, numbers, pickled, tensor, torch_legacy, torch_zip

from model_manager.formats.places import places, spans
from model_manager.formats.problem import FormatProblem
from model_manager.formats.span import Span

A, B = b"A" * 24, b"B" * 8


def placed(data: bytes, format_: str) -> list[tuple[str, tuple[int, ...], bytes]]:
    """Name, shape and the bytes that lie there."""
    found = places(io.BytesIO(data), len(data), format_)
    assert found == sorted(found, key=lambda span: span.start)
    return [(span.name, span.shape, data[span.start : span.stop]) for span in found]


def npy(shape: tuple[int, ...], content: bytes) -> bytes:
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def archive(entries: dict[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return out.getvalue()


def test_safetensors_by_place_and_not_by_the_order_of_the_table() -> None:
    text = b'{"late":{"dtype":"U8","shape":[2],"data_offsets":[4,6]},"early":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    data = struct.pack("<Q", len(text)) + text + b"EEEELL"
    assert placed(data, "safetensors") == [("early", (1,), b"EEEE"), ("late", (2,), b"LL")]
    start = 8 + len(text)
    assert spans(io.BytesIO(data), len(data), "safetensors") == [
        Span("early", "F32", start, 4, (1,)),
        Span("late", "U8", start + 4, 2, (2,)),
    ]


def test_gguf() -> None:
    data = gguf_bytes({}, {"a": ("F32", (4, 2)), "b": ("Q8_0", (32,))})
    found = spans(io.BytesIO(data), len(data), "gguf")
    assert [(one.name, one.dtype, one.size, one.shape) for one in found] == [
        ("a", "F32", 32, (2, 4)),
        ("b", "Q8_0", 34, (32,)),
    ]
    assert found[1].start == found[0].start + 32 and len(data) == found[1].start + 64
    assert places(io.BytesIO(data), len(data), "gguf") == found


def test_a_torch_zip_names_each_storage_by_the_tensor_that_is_all_of_it() -> None:
    table = mapping({"a.weight": tensor("0", (2, 3)), "b.weight": tensor("1", (4,), "HalfStorage")})
    data = torch_zip(pickled(table), {"1": B, "0": A, "9": b"nobody's"})
    found = {name: (shape, content) for name, shape, content in placed(data, "pytorch")}
    assert found["a.weight"] == ((2, 3), A) and found["b.weight"] == ((4,), B)
    assert found["archive/data/9"] == ((), b"nobody's")


def test_a_legacy_file() -> None:
    body = mapping({"w": tensor("94", (2, 3), legacy=True), "v": tensor("7", (4,), "HalfStorage", legacy=True)})
    data = torch_legacy(body, {"7": (4, B), "94": (6, A)})
    assert placed(data, "pytorch") == [("v", (4,), B), ("w", (2, 3), A)]


def test_one_array_and_an_archive_of_arrays() -> None:
    one = npy((2, 3), A)
    assert placed(one, "numpy") == [("array", (2, 3), A)]
    data = archive({"x.npy": one, "y.npy": npy((2,), B), "note.txt": b"words", "empty": b""})
    assert placed(data, "numpy") == [("x.npy", (2, 3), A), ("y.npy", (2,), B), ("note.txt", (), b"words")]


def test_compressed_members_lie_nowhere() -> None:
    assert placed(archive({"x.npy": npy((2, 3), A)}, zipfile.ZIP_DEFLATED), "numpy") == []


def test_onnx_names_its_own_weights() -> None:
    data = onnx_bytes({"x": (1,)}, tensors=[onnx_tensor((2, 3), 1, A), onnx_tensor((9,), 1, location="beside")])
    assert placed(data, "onnx") == [("w", (2, 3), A)]


@pytest.mark.parametrize("format_", ["gguf", "safetensors", "pytorch", "onnx", "numpy", "unknown"])
@pytest.mark.parametrize("data", [b"", b"PK\x03\x04" + bytes(30), b"nothing of ours", b"\x93NUMPY\x01\x00\xff\xff"])
def test_where_nobody_knows_there_is_none(data: bytes, format_: str) -> None:
    assert placed(data, format_) == []


def test_spans_alone_says_what_is_wrong_and_knows_two_formats() -> None:
    with pytest.raises(FormatProblem):
        spans(io.BytesIO(b"nothing"), 7, "gguf")
    with pytest.raises(FormatProblem):
        spans(io.BytesIO(b"nothing"), 7, "safetensors")
    data = safetensors_bytes({"a": ("F32", (1,))})
    assert spans(io.BytesIO(data), len(data), "pytorch") == []


def test_where_a_file_was_read_to_before_does_not_matter() -> None:
    data = safetensors_bytes({"a": ("F32", (1,))})
    file = io.BytesIO(data)
    file.seek(5)
    assert [span.name for span in places(file, len(data), "safetensors")] == ["a"]


def test_a_tensor_that_is_a_part_of_its_storage_gives_it_no_name() -> None:
    part = tensor("0", (2, 3)).replace(numbers((2, 3)), numbers((1, 3)))
    assert placed(torch_zip(pickled(mapping({"w": part})), {"0": A}), "pytorch")[1:2] == [("archive/data/0", (), A)]
