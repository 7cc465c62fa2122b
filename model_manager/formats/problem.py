"""The only error that a format reader raises, and the bounds that it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from model_manager.base.facts import Verdict


class FormatProblem(Exception):
    """A file that cannot be read to facts: `kind` is the verdict, `why` the figures in words.

    `unknown` means beyond our limits, not wrong.
    """

    def __init__(self, kind: Verdict, why: str) -> None:
        super().__init__(kind, why)
        self.kind: Verdict = kind
        self.why = why


@dataclass(frozen=True, slots=True)
class Limits:
    """What a header may ask of us. A number that a file claims is checked against these and its size."""

    header: int = 16 * 1024 * 1024
    """Bytes of JSON header, and of any one piece held in memory."""
    walked: int = 64 * 1024 * 1024
    """Bytes of header walked through in a sliding window (tokenizers of 260,000 entries are 12 MiB)."""
    tensors: int = 100_000
    keys: int = 50_000
    """Of GGUF metadata, which has a hundred, and of ONNX' outside tensors."""
    texts: int = 1_200_000
    """In lists within the header: gpt-oss has 201,088 tokens and 446,189 merges."""
    nesting: int = 64
    opcodes: int = 5_000_000
    members: int = 40_000


LIMITS = Limits()

SAME_STEM = "{stem}"
"""In a companion's name: the stem of the file that needs it, which a reader does not know."""
