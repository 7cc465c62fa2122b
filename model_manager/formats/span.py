"""A tensor's place in a file."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod


@dataclass(frozen=True, slots=True)
class Span:
    """Where one tensor lies in the file, in bytes, and its shape with the outermost dimension first, where known."""

    name: str
    dtype: str
    start: int
    size: int
    shape: tuple[int, ...] = ()

    @property
    def stop(self) -> int:
        """Behind its last byte."""
        return self.start + self.size

    @property
    def row(self) -> int:
        """Bytes of one step along the outermost dimension of more than one (a token, a channel); 0 where there is none."""
        return self.step(next((place for place, side in enumerate(self.shape) if side != 1), 0) + 1)

    @property
    def matrix(self) -> int:
        """Bytes of all values that differ in the two innermost dimensions alone; 0 where there are not two."""
        return self.step(len(self.shape) - 2)

    @property
    def line(self) -> int:
        """Bytes of all values that differ in the innermost dimension alone; 0 where that is all."""
        return self.step(len(self.shape) - 1)

    def step(self, outer: int) -> int:
        """Bytes of one step along the last of the `outer` dimensions; 0 where they are not whole."""
        steps = prod(self.shape[:outer])
        return self.size // steps if len(self.shape) > 1 and steps > 0 and self.size % steps == 0 else 0
