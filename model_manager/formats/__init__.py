"""Header -> facts, one module per format. Sniffs content before suffix, never unpickles."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from model_manager.base.facts import Facts
from model_manager.formats import gguf, nemo, numpy_archive, pytorch, safetensors
from model_manager.formats.problem import LIMITS, FormatProblem, Limits


class Format(Protocol):
    """What a format's module offers."""

    @property
    def NAME(self) -> str: ...  # noqa: N802
    @property
    def SUFFIXES(self) -> tuple[str, ...]: ...  # noqa: N802
    def matches(self, head: bytes) -> bool: ...
    def read(self, file: BinaryIO, size: int, limits: Limits) -> Facts: ...


FORMATS: tuple[Format, ...] = (gguf, safetensors, numpy_archive, nemo, pytorch)
"""In the order in which they are asked: those whose first bytes are certain come first."""

SUFFIXES = frozenset(suffix for format_ in FORMATS for suffix in format_.SUFFIXES)

__all__ = ["FORMATS", "LIMITS", "SUFFIXES", "Format", "FormatProblem", "Limits"]
