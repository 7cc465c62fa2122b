"""The deep look at values says what numpy says, and what llama.cpp's own check says of scales."""

from __future__ import annotations

import io
import struct

import numpy
import pytest
from factory import gguf_bytes, safetensors_bytes
from hypothesis import given
from hypothesis import strategies as st

from model_manager.formats.deep import _FLOATS, _SCALES, _bad, read_all
from model_manager.formats.gguf_types import TYPES
from model_manager.formats.places import spans

# float type -> numpy's integer type, exponent mask, mantissa mask
_AS_NUMBERS = {"F16": ("<u2", 0x7C00, 0x03FF), "BF16": ("<u2", 0x7F80, 0x007F), "F32": ("<u4", 0x7F800000, 0x007FFFFF),
               "F64": ("<u8", 0x7FF0000000000000, 0x000FFFFFFFFFFFFF), "F8_E5M2": ("u1", 0x7C, 0x03)}  # fmt: skip
# Bytes that random ones hit too rarely: those of infinities and NaN.
_EDGES = st.sampled_from([0x00, 0x01, 0x03, 0x7B, 0x7C, 0x7D, 0x7E, 0x7F, 0x80, 0xF0, 0xF8, 0xFB, 0xFC, 0xFF])
_RAW = st.lists(_EDGES | st.integers(0, 255), max_size=96).map(bytes)


@given(st.sampled_from(sorted(_AS_NUMBERS)), _RAW)
def test_nan_is_counted_as_numpy_counts_it(dtype: str, data: bytes) -> None:
    kind, exponent, mantissa = _AS_NUMBERS[dtype]
    values = numpy.frombuffer(data[: len(data) // numpy.dtype(kind).itemsize * numpy.dtype(kind).itemsize], kind)
    assert _bad(dtype, data) == int(((values & exponent == exponent) & (values & mantissa != 0)).sum())


@given(_RAW)
def test_f8_e4m3_has_one_nan_of_either_sign(data: bytes) -> None:
    assert _bad("F8_E4M3", data) == sum(byte & 0x7F == 0x7F for byte in data)
    assert set(_FLOATS) == {*_AS_NUMBERS, "F8_E4M3"}


@given(st.sampled_from(sorted(_SCALES)), st.data())
def test_scales_that_are_no_numbers(dtype: str, data: st.DataObject) -> None:
    block = next(size for name, _elements, size in TYPES.values() if name == dtype)
    raw = data.draw(st.binary(min_size=3 * block, max_size=3 * block + 5))
    wanted = 0
    for start in range(0, 3 * block, block):
        for offset in _SCALES[dtype]:
            (scale,) = struct.unpack_from("<e", raw, start + offset)
            wanted += scale != scale or scale in (float("inf"), float("-inf"))
    assert _bad(dtype, raw) == wanted


@pytest.mark.parametrize("bad", [False, True])
def test_a_whole_file(bad: bool) -> None:
    data = bytearray(safetensors_bytes({"a": ("F32", (64, 64)), "b": ("F32", (8,))}))
    start = spans(io.BytesIO(bytes(data)), len(data), "safetensors")[0].start
    data[start:] = struct.pack("<f", 0.5) * ((len(data) - start) // 4)
    if bad:
        data[start + 400 : start + 404] = struct.pack("<f", float("nan"))
    file, taken = io.BytesIO(bytes(data)), bytearray()
    health = read_all(file, len(data), spans(file, len(data), "safetensors"), taken.extend)
    assert bytes(taken) == data
    assert (health.verdict, "1 value of a" in health.detail) == (("corrupt", True) if bad else ("good", False))


def test_a_format_without_a_table_of_tensors_says_so() -> None:
    data = gguf_bytes()
    health = read_all(io.BytesIO(data), len(data), [], lambda piece: None)
    assert health.detail == "every byte was read; values were not looked at"
