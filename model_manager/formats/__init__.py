"""Header -> facts, one module per format. Sniffs content before suffix, never unpickles."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from model_manager.base.facts import Facts
from model_manager.formats import (
    coreml,
    ctranslate2,
    flax,
    ggml,
    gguf,
    hdf5,
    keras,
    ncnn,
    nemo,
    numpy_archive,
    onnx,
    openvino,
    pytorch,
    safetensors,
    skops,
    tflite,
)
from model_manager.formats.problem import LIMITS, FormatProblem, Limits


class Format(Protocol):
    """What a format's module offers."""

    @property
    def NAME(self) -> str: ...  # noqa: N802
    @property
    def SUFFIXES(self) -> tuple[str, ...]: ...  # noqa: N802
    def matches(self, head: bytes) -> bool: ...
    def read(self, file: BinaryIO, size: int, limits: Limits) -> Facts: ...


FORMATS: tuple[Format, ...] = (
    gguf, safetensors, ggml, tflite, hdf5, keras, skops, numpy_archive, nemo, pytorch, ncnn, openvino, ctranslate2, onnx, coreml, flax,
)  # fmt: skip
"""In the order in which they are asked: those whose first bytes are certain come first."""

SUFFIXES = frozenset(suffix for format_ in FORMATS for suffix in format_.SUFFIXES)

__all__ = ["FORMATS", "LIMITS", "SUFFIXES", "Format", "FormatProblem", "Limits"]
