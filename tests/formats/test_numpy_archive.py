"""numpy's arrays, alone and in archives."""

from __future__ import annotations

import io
import zipfile

import pytest

from model_manager.base.facts import Facts
from model_manager.formats import numpy_archive
from model_manager.formats.npy_header import parse
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.sniff import facts_of


def npy(descr: str, shape: str, content: bytes, version: int = 1) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = len(text).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + content


def facts(content: bytes, name: str) -> Facts:
    return facts_of(io.BytesIO(content), len(content), name)


def test_one_array() -> None:
    found = facts(npy("'<f4'", "(2, 3)", b"\1" * 24), "x.npy")
    assert (found.format, found.health.verdict) == ("numpy", "good")
    assert [(share.dtype, share.elements, share.bytes) for share in found.shares] == [("F32", 6, 24)]


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive(packed: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        archive.writestr("a.npy", npy("'<f8'", "(4,)", b"\1" * 32))
        archive.writestr("b.npy", npy("'|O'", "(1,)", b"\x80\x02](K\x01e."))
    found = facts(out.getvalue(), "x.npz")
    assert (found.format, found.health.verdict) == ("numpy", "good")
    assert found.metadata["a"] == "F64 [4]"


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (npy("'<f4'", "(2, 3)", b"\1" * 20), "truncated"),
        (npy("'<f4'", "(2, 3)", b"\1" * 30), "suspicious"),
        (npy("'<f4'", "(999999999999, 999999999999)", b""), "truncated"),
        (npy("[('a', '<f4')]", "(2,)", b"\1" * 8), "good"),
        (npy("[('a', '|O')]", "(2,)", b"\x80\x02cos\nsystem\n."), "unsafe"),
        (npy("'<f4'", "(__import__('os'),)", b""), "corrupt"),
        (b"\x93NUMPY\x09\x00\x00\x00" + b" " * 9, "unknown"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff", "unknown"),
    ],
)
def test_wrong_arrays(content: bytes, verdict: str) -> None:
    assert facts(content, "x.npy").health.verdict == verdict


EVIL = b"\x80\x02cos\nsystem\n)R."


@pytest.mark.parametrize(
    "head",
    [
        "{'descr': 'object', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '|' 'O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '\\x4f', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': 'O,i4', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '2O')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', [('b', 'object')])], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': ('|O', (1,)), 'fortran_order': False, 'shape': (1,), }",
        '{"descr": "|O", "fortran_order": False, "shape": (1,), }',
        "{ 'shape' :(1L,),'fortran_order':False, 'descr' :'|O'}",
    ],
)  # fmt: skip
def test_objects_however_they_are_spelled(head: str) -> None:
    """numpy reads its header as Python's literals: what becomes a type of objects is a pickle."""
    text = head.encode()
    found = facts(b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text + EVIL, "x.npy")
    assert (found.health.verdict, found.code) == ("unsafe", ("os.system",)), found.health


@pytest.mark.parametrize(
    ("descr", "size"),
    [
        ("'<f4'", 4), ("'|b1'", 1), ("'>c16'", 16), ("'<U3'", 12), ("'|S5'", 5), ("'|V2'", 2), ("'<M8[ns]'", 8),
        ("[('O', '<f4'), ('b', '<i2', (2,))]", 8), ("[(('title', 'name'), '<f4')]", 4), ("'bfloat16'", 2),
    ],
)  # fmt: skip
def test_numbers_of_every_kind_are_good(descr: str, size: int) -> None:
    assert facts(npy(descr, "(3,)", b"\1" * 3 * size), "x.npy").health.verdict == "good"


@pytest.mark.parametrize("head", ["{" * 9000, "[" * 60_000, "{'descr': '<f4'}", "f()", "{'descr': 3, 'fortran_order': False, 'shape': (1,)}",
    "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", "{'descr': '<f4', 'fortran_order': False, 'shape': 3}", "\0", "-" * 9000 + "1"])  # fmt: skip
def test_odd_headers_are_never_good(head: str) -> None:
    text = head.encode()
    found = facts(b"\x93NUMPY\x01\0" + len(text).to_bytes(2, "little") + text + bytes(4), "x.npy")
    assert found.health.verdict in ("corrupt", "unknown"), found.health


def test_a_wide_header() -> None:
    assert parse(npy("'<u2'", "()", b"", version=2)).tensor.shape == ()
    with pytest.raises(FormatProblem):
        parse(b"\x93NUMPY")


def archive(packed: int, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as made:
        for name, content in members.items():
            made.writestr(f"{name}.npy", content)
    return out.getvalue()


def test_an_array_in_an_archive_that_does_not_fit_is_named() -> None:
    found = facts(
        archive(zipfile.ZIP_STORED, a=npy("'<f4'", "(4,)", b"\1" * 9), b=npy("'<f4'", "(1,)", b"\1" * 4)), "x.npz"
    )
    assert found.health.verdict == "truncated" and "member 'a.npy'" in found.health.detail
    assert found.metadata["b"] == "F32 [1]"


def test_pickles_that_unpack_to_more_than_is_read_are_not_called_good() -> None:
    """A bomb, and code that hides behind one."""
    pickled = npy("'|O'", "(1,)", b"\x80\x02]." + bytes(300_000))
    content = archive(zipfile.ZIP_DEFLATED, a=pickled)
    found = numpy_archive.read(io.BytesIO(content), len(content), Limits(header=100_000))
    assert found.health.verdict == "unknown" and "member 'a.npy' unpacks to" in found.health.detail
    many = archive(
        zipfile.ZIP_DEFLATED, **{f"m{n}": npy("'|O'", "(1,)", b"\x80\x02]." + bytes(12 << 20)) for n in range(4)}
    )
    found = facts(many, "x.npz")
    assert found.health.verdict == "unknown" and "more than this program reads" in found.health.detail


def test_an_array_of_too_many_dimensions() -> None:
    with pytest.raises(FormatProblem, match="an array of 65 dimensions"):
        parse(npy("'<f4'", "(" + "1," * 65 + ")", b"\1" * 4))
    with pytest.raises(FormatProblem, match="no type or no shape"):
        parse(npy("'<f4'", "nothing", b""))
