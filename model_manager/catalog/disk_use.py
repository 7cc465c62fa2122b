"""How much room models take together: a file that several of them have, by whichever way it is seen, weighs once."""

from __future__ import annotations

from collections.abc import Iterable

from model_manager.catalog.rows import Row


class DiskUse:
    """The sum of the rows given and added: every total that is shown of them. In bytes."""

    __slots__ = ("_met", "bytes", "count", "size")

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.size = self.bytes = self.count = 0
        self._met: set[int] = set()
        for row in rows:
            self.add(row)

    def add(self, row: Row) -> int:
        """Adds one; answers the bytes on disk that come with it."""
        size, bytes_ = row.size, row.bytes
        for file, own_size, own_bytes in row.shared:
            if file in self._met:
                size, bytes_ = size - own_size, bytes_ - own_bytes
            self._met.add(file)
        self.size += size
        self.bytes += bytes_
        self.count += 1
        return bytes_
