"""A file that counts what is read of it, and gives up where a header is spread out over weights.

All readers go through it (`sniff.facts_of` puts it around what it is given), so none needs a bound of its own.
"""

from __future__ import annotations

from typing import BinaryIO

from model_manager.base.messages import figure, said
from model_manager.formats.problem import FormatProblem

MOST_BYTES = 40 * 1024 * 1024
"""Of one file. The most that a real one takes: 3.9 MB in our corpus (a tokenizer in a GGUF), 13 MB with gpt-oss', and
16 MiB for the largest safetensors header that is accepted. Two such and what lies around them fit."""
MOST_READS = 12_000
"""Some 10 µs each, so 0.12 s. The most in our corpus are 34; an ONNX file of 2 GB with 5,000 weights inside takes as many."""


class Metered:
    """A raw file. Every read beyond the budget raises FormatProblem("unknown"): not wrong, only not looked into."""

    def __init__(self, file: BinaryIO, most_bytes: int = MOST_BYTES, most_reads: int = MOST_READS) -> None:
        self.read_bytes = self.reads = 0
        self.seek, self.tell, self.fileno = file.seek, file.tell, file.fileno
        self._file, self._most_bytes, self._most_reads = file, most_bytes, most_reads

    def read(self, size: int = -1) -> bytes:
        self.reads += 1
        if self.reads > self._most_reads:
            raise FormatProblem(
                "unknown", said("its header lies in more than {0} places: not read further", figure(self._most_reads))
            )
        left = self._most_bytes - self.read_bytes
        if size < 0 or size > left:
            raise FormatProblem(
                "unknown", said("its header needs more than {0} bytes: not read further", figure(self._most_bytes))
            )
        piece = self._file.read(size)
        self.read_bytes += len(piece)
        return piece


__all__ = ["MOST_BYTES", "MOST_READS", "Metered"]
