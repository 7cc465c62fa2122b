"""A tar archive's members, hopping over their bytes.

Source: POSIX.1-2017 pax, ustar; GNU tar's long names and base-256 sizes. Models' tars are opened with Python's tarfile,
so what that one would take out is what is told here; where it reads otherwise than its neighbours, the tar is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

from model_manager.base.messages import figure, said
from model_manager.base.text import later
from model_manager.formats import tar_pax
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tar_pax import PaxRecord, differs

BLOCK = 512
_MOST = 10_000
_LINKS = (b"1", b"2", b"3", b"4", b"6")
"""Hard and symbolic links, devices and pipes."""
_FOLDER, _HOLES = b"5", b"S"
_LONG_NAME, _LONG_LINK = b"L", b"K"
_RECORDS, _EVERYWHERE = (b"x", b"X"), b"g"
_BEFORE = (_LONG_NAME, _LONG_LINK, *_RECORDS, _EVERYWHERE)
"""Headers that say something of the member behind them. Every other letter is a file for Python's reader."""
_LONGEST = 64 * 1024
_GNU = (_LONG_NAME, _LONG_LINK, _HOLES)


class TarMember(NamedTuple):
    """A member that is unpacked as a file: where its bytes begin, and how many they are."""

    name: str
    start: int
    size: int


class _Header(NamedTuple):
    """One block as it stands; `size` of the bytes behind it."""

    kind: bytes
    name: str
    link: str
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
        told = int.from_bytes(digits[1:], "big") - (256**7 if digits[0] == 0xFF else 0)
    else:
        try:
            told = int(digits.split(b"\0", 1)[0].decode("ascii").strip() or "0", 8)
        except ValueError:
            return False
    rest = head[:148] + head[156:BLOCK]
    plain = 256 + sum(rest)
    return told in (plain, plain - 256 * sum(byte > 127 for byte in rest))


def name_of(head: bytes) -> str:
    """The name in a header block, as it is unpacked."""
    return plain_name(_text(head[:100]))


def plain_name(name: str) -> str:
    """A name without steps that lead nowhere: `.//a/./b/` is unpacked as `a/b`."""
    begin = "/" if name.startswith("/") else ""
    return begin + "/".join(part for part in name.split("/") if part not in ("", "."))


def members(
    file: BinaryIO, size: int, limits: Limits, links: list[tuple[str, str]] | None = None
) -> Iterator[TarMember]:
    """Each member that is unpacked as a file; `links` gets the names of links with what they lead to, and of devices.

    Raises FormatProblem on a header that does not fit, a member beyond the end, or what readers take differently.
    """
    at, told, before = 0, PaxRecord(), set[bytes]()
    for _ in range(min(limits.members, _MOST)):
        if at + BLOCK > size:
            return
        file.seek(at)
        head = file.read(BLOCK)
        if len(head) < BLOCK or not head.strip(b"\0"):
            return
        if not is_tar(head):
            raise FormatProblem("corrupt", said("the tar has no header at byte {0}", figure(at)))
        one = _header(head)
        start = at + BLOCK
        length = one.size if told.size is None else told.size
        if start + length > size:
            raise FormatProblem(
                "truncated",
                said("member {0} goes on to byte {1}", repr(plain_name(one.name)[:80]), figure(start + length)),
            )
        if one.kind in _BEFORE:
            told = _before(file, one, told, before)
        else:
            if told.size and one.kind in (*_LINKS, _FOLDER):
                raise differs(later("a folder or a link is said to have bytes"))
            if one.kind in _LINKS:
                if links is not None and len(links) < _MOST:
                    links.append((plain_name(told.name or one.name), told.link or one.link))
            elif one.kind != _FOLDER:
                yield TarMember(plain_name(told.name or one.name), start, length)
            told, before = PaxRecord(), set()
        at = start + -(-length // BLOCK) * BLOCK
    raise FormatProblem("unknown", said("a tar with over {0} members", figure(_MOST)))


def _header(head: bytes) -> _Header:
    kind, name, prefix = head[156:157], _text(head[:100]), _text(head[345:500])
    size = _number(head[124:136])
    if kind == b"\0" and name.endswith("/"):
        kind = _FOLDER
    if prefix and kind not in _GNU:
        if not head.startswith(b"ustar\0", 257):
            raise differs(later("a member's name has a second part"))
        name = f"{prefix}/{name}"
    if kind == _HOLES:
        raise differs(later("a member is kept with holes"))
    if size and (kind == _FOLDER or kind in _LINKS):
        raise differs(later("a folder or a link is said to have bytes"))
    return _Header(kind, name, _text(head[157:257]), size)


def _before(file: BinaryIO, one: _Header, told: PaxRecord, before: set[bytes]) -> PaxRecord:
    """What a header says of the next member, together with what the one before it said."""
    if one.size > _LONGEST:
        raise differs(said("a name or record of {0} bytes", figure(one.size)))
    whole = file.read(-(-one.size // BLOCK) * BLOCK)
    text = whole[: one.size]
    if whole[one.size :].strip(b"\0"):
        raise differs(later("bytes behind the end of a name or record"))
    if (
        told.size is not None
        or one.kind in before
        or (before and one.kind not in (_LONG_NAME, _LONG_LINK))
        or (before.intersection((*_RECORDS, _EVERYWHERE)))
    ):
        raise differs(later("two headers say something of one member"))
    if one.kind == _EVERYWHERE:
        tar_pax.attributes(text, everywhere=True)
        return told
    before.add(one.kind)
    if one.kind in _RECORDS:
        return tar_pax.attributes(text, everywhere=False)
    if text.rstrip(b"\0").count(b"\0") or not text.strip(b"\0"):
        raise differs(later("a long name with a NUL"))
    long = _text(text)
    return told._replace(name=long) if one.kind == _LONG_NAME else told._replace(link=long)


def _number(digits: bytes) -> int:
    """Octal text to its NUL, or base 256 behind a first byte of 128. Never negative."""
    if digits[:1] >= b"\x80":
        if digits[:1] != b"\x80":
            raise differs(later("a member's size is negative"))
        return int.from_bytes(digits[1:], "big")
    text, _, rest = digits.partition(b"\0")
    if rest.strip(b"\0 "):
        raise differs(later("digits behind the end of a member's size"))
    text = text.strip()
    if not re.fullmatch(rb"[0-7]{1,12}", text):
        if not text:
            return 0
        raise FormatProblem("corrupt", said("a tar header has no size"))
    return int(text, 8)


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")
