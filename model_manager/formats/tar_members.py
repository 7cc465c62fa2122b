"""A tar archive's members, hopping over their bytes.

Source: POSIX.1-2017 pax, ustar; GNU tar's long names and base-256 sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from model_manager.formats.problem import FormatProblem, Limits

BLOCK = 512
_MOST = 10_000
_LINKS = (b"1", b"2", b"3", b"4", b"6")
"""Hard and symbolic links, devices and pipes."""
_PAX_PLACES = re.compile(rb"\d+ (?:size|GNU\.sparse[\w.]*)=")
"""What moves the members behind it, or their bytes."""
_PAX_PATH = re.compile(rb"\d+ path=([^\n]*)\n")


class TarMember(NamedTuple):
    """A regular member: where its bytes begin, and how many they are."""

    name: str
    start: int
    size: int


def is_tar(head: bytes) -> bool:
    """The magic of ustar and GNU tar, or a plain header whose checksum is right (tar of Unix 7)."""
    return head[257:262] == b"ustar" or (len(head) >= BLOCK and _checksum_fits(head))


def opens_as_tar(head: bytes) -> bool:
    """Whether Python's tarfile takes a file's first block as a header: its checksum decides, however it is spelled."""
    return len(head) >= BLOCK and head[:BLOCK].strip(b"\0") != b"" and _checksum_fits(head)


def _checksum_fits(head: bytes) -> bool:
    digits = head[148:156]
    if digits[0] in (0x80, 0xFF):
        said = int.from_bytes(digits[1:], "big") - (256**7 if digits[0] == 0xFF else 0)
    else:
        try:
            said = int(digits.split(b"\0", 1)[0].decode("ascii").strip() or "0", 8)
        except ValueError:
            return False
    rest = head[:148] + head[156:BLOCK]
    plain = 256 + sum(rest)
    return said in (plain, plain - 256 * sum(byte > 127 for byte in rest))


def name_of(head: bytes) -> str:
    """The name in a header block, without a leading `./`."""
    name = head[:100].split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
    return name.removeprefix("./")


def members(
    file: BinaryIO, size: int, limits: Limits, links: list[tuple[str, str]] | None = None
) -> Iterator[TarMember]:
    """Each regular member; `links` gets the names of links with what they lead to, and of devices.

    Raises FormatProblem on a header that does not fit, or a member beyond the end.
    """
    at, longer = 0, ""
    for _ in range(min(limits.members, _MOST)):
        if at + BLOCK > size:
            return
        file.seek(at)
        head = file.read(BLOCK)
        if len(head) < BLOCK or not head.strip(b"\0"):
            return
        if not is_tar(head):
            raise FormatProblem("corrupt", f"the tar has no header at byte {at:,}")
        length = _number(head[124:136])
        kind = head[156:157]
        start = at + BLOCK
        if start + length > size:
            raise FormatProblem("truncated", f"member {name_of(head)[:80]!r} goes on to byte {start + length:,}")
        if kind in (b"L", b"x", b"g", b"X") and length <= 64 * 1024:
            text = file.read(length)
            if kind != b"L" and _PAX_PLACES.search(text):
                raise FormatProblem(
                    "unknown", f"the tar says another size of a member at byte {at:,}: not read further"
                )
            found = _PAX_PATH.search(text)
            pax = found.group(1) if found else b""
            longer = (text.rstrip(b"\0") if kind == b"L" else pax).decode("utf-8", "surrogateescape")
        else:
            if kind in (b"0", b"\0", b""):
                yield TarMember((longer or name_of(head)).removeprefix("./"), start, length)
            elif kind in _LINKS and links is not None and len(links) < _MOST:
                links.append((longer or name_of(head), name_of(head[157:257])))
            longer = ""
        at = start + -(-length // BLOCK) * BLOCK
    raise FormatProblem("unknown", f"a tar with over {_MOST:,} members")


def _number(digits: bytes) -> int:
    """Octal text, or base 256 behind a set high bit. Never negative."""
    if digits[:1] >= b"\x80":
        return int.from_bytes(digits, "big") & ((1 << 62) - 1)
    text = digits.strip(b" \0")
    if not re.fullmatch(rb"[0-7]{1,12}", text):
        if not text:
            return 0
        raise FormatProblem("corrupt", "a tar header has no size")
    return int(text, 8)
