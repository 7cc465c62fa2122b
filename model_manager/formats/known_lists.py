"""Long lists of texts that were passed over before: the quants of one family have the very same tokenizer.

To find the end of a list each of its texts has to be hopped over, 260,000 of them one by one. The next file's list is
read and hashed instead, and where the hash is that of a list whose length is known, it ends there. The seed of the hash
is this process's own, so nobody can make a list that passes for another one.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from model_manager.formats.byte_window import PIECE, ByteWindow

LEAST = 1000
"""Texts from which on a list is worth remembering."""
_MOST = 64
"""Lists that are remembered; each takes as many bytes as its beginning."""
_BEGINNING = 1024

Key = tuple[str, str, int, bytes]


@dataclass(frozen=True, slots=True)
class _Known:
    length: int
    digest: bytes


class KnownLists:
    """Any thread may ask: an answer that another one replaces meanwhile is as good."""

    def __init__(self) -> None:
        self._seed = secrets.randbits(64)
        self._known: dict[Key, _Known] = {}

    def key(self, window: ByteWindow, wide: str, count: int) -> Key:
        """By what a list at the cursor is looked up: its count and how it begins."""
        return window.byte_order, wide, count, window.peek(_BEGINNING)

    def passes(self, window: ByteWindow, key: Key, most: int) -> bool:
        """Whether the cursor was moved behind a list that is known; else it stands where it stood.

        `most`: the position in the file behind which nothing is walked.
        """
        known, start = self._known.get(key), window.position
        if known is None or known.length > window.left or start + known.length > most:
            return False
        digest, left = self.digest(), known.length
        while left:
            buffer, at = window.held(min(PIECE, left))
            part = memoryview(buffer)[at : at + left]
            digest.update(part)
            window.skip(len(part))
            left -= len(part)
        if digest.digest() == known.digest:
            return True
        window.seek(start)
        return False

    def keep(self, key: Key, length: int, digest: bytes) -> None:
        """Remembers a list of `length` bytes that was hopped over; the oldest makes room."""
        if len(self._known) >= _MOST:
            self._known.pop(next(iter(self._known), key), None)
        self._known[key] = _Known(length, digest)

    def digest(self) -> Any:
        import xxhash  # 10 ms to load, for those who meet such a list alone

        return xxhash.xxh3_128(seed=self._seed)


KNOWN = KnownLists()
