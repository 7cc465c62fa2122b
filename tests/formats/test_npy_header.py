"""A numpy header is read as literals, never run, and within limits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.npy_header import Array, parse
from model_manager.formats.problem import FormatProblem
from model_manager.formats.tensors import Tensor


def head(text: str, version: int = 1) -> bytes:
    raw = text.encode("latin-1")
    return b"\x93NUMPY" + bytes([version, 0]) + len(raw).to_bytes(2 if version == 1 else 4, "little") + raw


def said(descr: object, shape: object = (2, 3)) -> str:
    return repr({"descr": descr, "fortran_order": False, "shape": shape})


@pytest.mark.parametrize(
    ("descr", "shape", "dtype", "size", "pickled"),
    [
        ("<f4", (2, 3), "F32", 24, False), ("<f2", (5,), "F16", 10, False), (">i8", (), "I64", 8, False), ("|u1", (0, 4), "U8", 0, False),
        ("|b1", (3,), "BOOL", 3, False), ("bfloat16", (4,), "BF16", 8, False), ("|O", (2,), None, None, True), ("O", (2,), None, None, True),
        ("<U5", (2,), None, 40, False),
    ],
)  # fmt: skip
def test_type_shape_and_size(
    descr: str, shape: tuple[int, ...], dtype: str | None, size: int | None, pickled: bool
) -> None:
    raw = head(said(descr, shape))
    found = parse(raw + b"data")
    assert found.start == len(raw) and found.pickled is pickled and found.tensor.shape == shape
    assert dtype in (None, found.tensor.dtype) and size in (None, found.tensor.bytes)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_every_version_is_read_alike(version: int) -> None:
    raw = head(said("<f4"), version)
    assert parse(raw) == Array(Tensor((2, 3), "F32", 24), len(raw), False)


@pytest.mark.parametrize(
    ("descr", "pickled"),
    [
        ([("a", "<f4"), ("b", "<i4", (2,))], False),
        ([("a", "|O")], True),
        (("<f4", (3,)), False),
        (("|O", (3,)), True),
        ([5], True),
        ([("a", [("b", "O")])], True),
    ],
)
def test_records_hold_objects_where_a_field_does(descr: object, pickled: bool) -> None:
    assert parse(head(said(descr))).pickled is pickled


def test_numbers_as_python_2_wrote_them() -> None:
    assert parse(head("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L)}")).tensor.shape == (2, 3)


@pytest.mark.parametrize(
    ("raw", "kind", "why"),
    [
        (b"", "corrupt", "does not begin"), (b"\x93NUMPY\1\0\1", "corrupt", "does not begin"), (b"PK" + bytes(20), "corrupt", "does not begin"),
        (head("x", 9), "unknown", "version 9 is not known"), (head(said("<f4"))[:-1], "truncated", "the header needs"),
        (head("__import__('os').system('x')"), "corrupt", "no type or no shape"), (head("{'descr': '<f4'}"), "corrupt", "no type or no shape"),
        (head(said("<f4", (-1,))), "corrupt", "no type or no shape"), (head(said("<f4", (1 << 63,))), "corrupt", "no type or no shape"),
        (head(said("<f4", [2])), "corrupt", "no type or no shape"), (head(said(5)), "corrupt", "no type or no shape"), (head("(" * 9000), "corrupt", "no type"),
        (head(said("<f4", (1,) * 65)), "corrupt", "an array of 65 dimensions"), (head(said("<f4") + " " * 10_000), "unknown", "over the limit of 10,000"),
        (b"\x93NUMPY\2\0" + (1 << 30).to_bytes(4, "little"), "unknown", "over the limit of 65,536"),
    ],
)  # fmt: skip
def test_what_is_no_header_is_told(raw: bytes, kind: str, why: str) -> None:
    with pytest.raises(FormatProblem, match=why) as caught:
        parse(raw)
    assert caught.value.kind == kind


@settings(max_examples=30)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_header_or_a_problem(raw: bytes) -> None:
    for start in (b"", b"\x93NUMPY\1\0", head("{")[:9]):
        try:
            parse(start + raw)
        except FormatProblem:
            continue
