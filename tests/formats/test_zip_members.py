"""The zip directory: 64-bit ends as PyTorch writes them, and ends that lie."""

from __future__ import annotations

import io
import struct

import pytest

from model_manager.formats.problem import LIMITS, FormatProblem
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
