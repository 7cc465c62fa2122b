"""Tar headers of several kinds, and broken ones."""

from __future__ import annotations

import io
import tarfile

import pytest

from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.tar_members import TarMember, is_tar, members


def tar(form: int, *names: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = 3
            archive.addfile(entry, io.BytesIO(b"abc"))
    return out.getvalue()


def listed(content: bytes, limits: Limits = LIMITS) -> list[TarMember]:
    return list(members(io.BytesIO(content), len(content), limits))


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_names_of_any_length(form: int) -> None:
    names = ["a", "b" * 150, "./c"]
    content = tar(form, *names)
    assert [member.name for member in listed(content)] == ["a", "b" * 150, "c"]
    assert all(content[member.start : member.start + member.size] == b"abc" for member in listed(content))


def test_a_size_in_base_256() -> None:
    content = bytearray(tar(tarfile.USTAR_FORMAT, "a"))
    content[124:136] = b"\x80" + (3).to_bytes(11, "big")
    assert listed(bytes(content))[0].size == 3
    content[124:136] = b"\x80" + (1 << 60).to_bytes(11, "big")
    with pytest.raises(FormatProblem, match="goes on"):
        listed(bytes(content))


def test_a_header_of_unix_7_is_told_by_its_checksum() -> None:
    content = bytearray(tar(tarfile.USTAR_FORMAT, "a")[:512])
    content[257:265] = bytes(8)
    content[148:156] = b" " * 8
    content[148:156] = b"%06o\0 " % sum(content)
    assert is_tar(bytes(content))
    content[0] ^= 1
    assert not is_tar(bytes(content))


def test_damage_is_told() -> None:
    content = tar(tarfile.USTAR_FORMAT, "a", "b")
    for damaged in (content[:1024] + b"x" * 512, content[:124] + b"zzzz" + content[128:]):
        with pytest.raises(FormatProblem) as caught:
            listed(damaged)
        assert caught.value.kind == "corrupt"
    with pytest.raises(FormatProblem, match="over"):
        listed(content, Limits(members=1))


def test_what_is_no_regular_member_is_left_out() -> None:
    """A folder between two files, and a link: neither has bytes of its own."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for kind, name in ((tarfile.DIRTYPE, "folder"), (tarfile.SYMTYPE, "link"), (tarfile.REGTYPE, "file")):
            entry = tarfile.TarInfo(name)
            entry.type = kind
            archive.addfile(entry)
    assert [(member.name, member.size) for member in listed(out.getvalue())] == [("file", 0)]


@pytest.mark.parametrize(("digits", "why"), [(b" " * 12, ""), (b"12x\0        ", "has no size")])
def test_a_size_that_is_blank_or_none(digits: bytes, why: str) -> None:
    content = bytearray(tar(tarfile.USTAR_FORMAT, "a")[:512])
    content[124:136] = digits
    if not why:
        assert listed(bytes(content))[0].size == 0
        return
    with pytest.raises(FormatProblem, match=why):
        listed(bytes(content))
