"""The records of a pax header are taken as Python's own reader takes them, or refused."""

from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.problem import FormatProblem
from model_manager.formats.tar_pax import PaxRecord, attributes, differs


def record(key: str, value: bytes | str) -> bytes:
    body = b" " + key.encode() + b"=" + (value.encode() if isinstance(value, str) else value) + b"\n"
    length = len(body) + 1
    while len(str(length)) + len(body) != length:
        length += 1
    return str(length).encode() + body


def test_name_target_and_size_are_told_and_the_last_of_two_wins() -> None:
    text = (
        record("path", "old")
        + record("mtime", "1.5")
        + record("path", "naïve/x")
        + record("linkpath", "to")
        + record("size", "17")
    )
    assert attributes(text, False) == PaxRecord("naïve/x", "to", 17)
    assert attributes(b"", False) == attributes(record("comment", "path=x"), True) == PaxRecord()


def test_names_of_any_bytes_come_through() -> None:
    assert attributes(record("path", b"caf\xe9"), False).name == "caf\udce9"


@settings(max_examples=20)
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=101, max_size=140))
def test_pythons_own_writer_is_understood(name: str) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("é" + name))
    raw = buffer.getvalue()
    size = int(raw[124:135], 8)
    assert attributes(raw[512 : 512 + size], False).name == "é" + name


@pytest.mark.parametrize(
    ("text", "everywhere", "why"),
    [
        (b"nonsense", False, "wrong lengths"), (b"99 path=x\n", False, "wrong lengths"), (b"8 path=x\n", False, "wrong lengths"),
        (b"09 path=x\n", False, "wrong lengths"), (record("path", "x") + b"\0\0", False, "wrong lengths"), (b"7 path=\n", False, "wrong lengths"),
        (record("GNU.sparse.map", "0,1"), False, "kept with holes"), (record("path", "x"), True, "names or measures every member"),
        (record("size", "1"), True, "names or measures every member"), (record("path", ""), False, "says no path"), (record("path", b"a\0b"), False, "says no path"),
        (record("size", "-1"), False, "says no size"), (record("size", "1_0"), False, "says no size"), (record("size", "9" * 19), False, "says no size"),
        (record("linkpath", ""), False, "says no linkpath"),
    ],
)  # fmt: skip
def test_what_readers_take_differently_is_refused(text: bytes, everywhere: bool, why: str) -> None:
    with pytest.raises(FormatProblem, match=f"readers may see different members in this tar: .*{why}") as caught:
        attributes(text, everywhere)
    assert caught.value.kind == "unknown"


def test_the_words_of_a_refusal() -> None:
    assert differs("why").why == "readers may see different members in this tar: why"
