"""The zip directory: 64-bit ends as PyTorch writes them, and ends that lie."""

from __future__ import annotations

import io
import struct
import zlib

import pytest

from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.zip_members import Member, data_start, members, unpacked
from tests.formats.torch_files import good_zip, torch_zip


def wide(content: bytes, *, full: bool = False, count: int | None = None) -> bytes:
    """The same zip with a 64-bit end; `full` marks the numbers of the old end as too large for it."""
    at = content.rfind(b"PK\x05\x06")
    number, length, start = struct.unpack_from("<HLL", content, at + 10)
    total = number if count is None else count
    record = b"PK\x06\x06" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, total, total, length, start)
    locator = b"PK\x06\x07" + struct.pack("<LQL", 0, at, 1)
    old = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return content[:at] + record + locator + (old if full else content[at:])


def listed(content: bytes) -> list[Member]:
    return members(io.BytesIO(content), len(content), LIMITS)


@pytest.mark.parametrize("full", [False, True])
def test_a_wide_end_lists_the_same_members(full: bool) -> None:
    plain = good_zip()
    assert listed(wide(plain, full=full)) == listed(plain)


def test_two_ends_that_differ_are_unsafe() -> None:
    with pytest.raises(FormatProblem, match="contradict"):
        listed(wide(good_zip(), count=99))


def test_a_wide_end_elsewhere_is_unsafe() -> None:
    content = wide(good_zip()).replace(b"PK\x06\x06", b"XX\x06\x06")
    with pytest.raises(FormatProblem, match="64-bit"):
        listed(content)


def test_a_count_beyond_the_limits_is_unknown() -> None:
    with pytest.raises(FormatProblem) as caught:
        listed(wide(good_zip(), full=True, count=1 << 40))
    assert caught.value.kind == "unknown"


def test_wide_sizes_of_a_member() -> None:
    plain = torch_zip(b"\x80\x02}.", {})
    at = plain.find(b"PK\x01\x02")
    name_length = struct.unpack_from("<H", plain, at + 28)[0]
    size, packed = struct.unpack_from("<LL", plain, at + 20)
    extra = struct.pack("<HHQQ", 1, 16, size, packed)
    entry = bytearray(plain[at : at + 46 + name_length]) + extra
    entry[20:28] = b"\xff" * 8
    entry[30:32] = struct.pack("<H", len(extra))
    content = bytearray(plain[:at] + entry + plain[at + 46 + name_length :])
    end = content.rfind(b"PK\x05\x06")
    struct.pack_into("<L", content, end + 12, struct.unpack_from("<L", content, end + 12)[0] + len(extra))
    assert listed(bytes(content))[0] == listed(plain)[0]


def test_a_member_behind_the_data_is_unsafe() -> None:
    content = bytearray(good_zip())
    struct.pack_into("<L", content, content.find(b"PK\x01\x02") + 42, 1 << 30)
    with pytest.raises(FormatProblem, match="behind"):
        listed(bytes(content))


def test_bytes_that_do_not_unpack_are_unsafe() -> None:
    content = good_zip()
    member = listed(content)[0]._replace(method=8)
    with pytest.raises(FormatProblem, match="unpacked"):
        unpacked(io.BytesIO(content), member, data_start(io.BytesIO(content), listed(content)[0]), 100)


def wide_entry(plain: bytes, extra: bytes, *full: int) -> bytes:
    """The same zip with this extra field in its first entry, and the numbers at these places marked as full."""
    at = plain.find(b"PK\x01\x02")
    name_length = struct.unpack_from("<H", plain, at + 28)[0]
    entry = bytearray(plain[at : at + 46 + name_length]) + extra
    for place in full:
        entry[place : place + 4] = b"\xff" * 4
    entry[30:32] = struct.pack("<H", len(extra))
    content = bytearray(plain[:at] + entry + plain[at + 46 + name_length :])
    end = content.rfind(b"PK\x05\x06")
    struct.pack_into("<L", content, end + 12, struct.unpack_from("<L", content, end + 12)[0] + len(extra))
    return bytes(content)


PACKED, SIZE, OFFSET = 20, 24, 42


def test_wide_numbers_stand_for_those_that_are_full_and_no_others() -> None:
    """Behind other extra fields, as some packers write them, and each alone."""
    plain = torch_zip(b"\x80\x02}.", {})
    first = listed(plain)[0]
    stamp = struct.pack("<HH5s", 0x5455, 5, b"\x01time")
    for place, number in ((SIZE, first.size), (PACKED, first.packed), (OFFSET, first.offset)):
        extra = stamp + struct.pack("<HHQ", 1, 8, number)
        assert listed(wide_entry(plain, extra, place))[0] == first
    assert listed(wide_entry(plain, stamp, SIZE))[0].size == 0xFFFFFFFF
    assert listed(wide_entry(plain, struct.pack("<HH", 1, 0), SIZE))[0].size == 0xFFFFFFFF


def test_a_stored_member_with_two_sizes_is_unsafe() -> None:
    """One reader takes the one, one the other: what was looked at is not what is loaded."""
    content = good_zip()
    member = listed(content)[0]
    with pytest.raises(FormatProblem, match="two sizes") as told:
        data_start(io.BytesIO(content), member._replace(packed=member.packed + 1))
    assert told.value.kind == "unsafe"


def test_a_directory_over_the_limit_is_unknown() -> None:
    content = good_zip()
    with pytest.raises(FormatProblem, match="a directory of") as told:
        members(io.BytesIO(content), len(content), Limits(header=10))
    assert told.value.kind == "unknown"


def test_a_packed_member_that_becomes_shorter_gives_what_there_is() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(b"abc" * 50_000 + bytes(range(256)) * 300) + packer.flush()
    member = Member("x", 226_800, len(data), 8, 0, 0, 0)
    assert unpacked(io.BytesIO(data), member, 0, 1 << 20)[:6] == b"abcabc"
    assert len(unpacked(io.BytesIO(data), member, 0, 100)) == 100
    assert len(unpacked(io.BytesIO(data[: len(data) // 2]), member, 0, 1 << 20)) < 226_800
