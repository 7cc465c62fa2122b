"""CTranslate2's model.bin: faster-whisper, translation models and language models of its own converters.

Source: OpenNMT/CTranslate2 python/ctranslate2/specs/model_spec.py: u32 version, text specification, u32 revision,
u32 count, then variables: text, u8 rank, u32 sides, u8 type, u32 bytes, data. Texts are u16 length and end in NUL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import counted, figure, said
from model_manager.formats import quants, whisper_sizes
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.metadata import bounded
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tensors import Tensor, elements, shares

NAME = "ctranslate2"
SUFFIXES = (".bin",)
_NEWEST = 16
_MOST = 20_000
"""Variables read: Whisper large has 1,500, and each costs some 8 µs."""
_TYPES = {0: ("F32", 4), 1: ("INT8", 1), 2: ("INT16", 2), 3: ("I32", 4), 4: ("F16", 2), 5: ("BF16", 2)}
_KINDS = {
    "WhisperSpec": ("stt", "whisper"), "Wav2Vec2Spec": ("stt", "wav2vec2"),
    "Wav2Vec2BertSpec": ("stt", "wav2vec2-bert"), "TransformerSpec": ("text/translation", "transformer"),
    "TransformerDecoderModelSpec": ("llm", "transformer"),
    "TransformerDecoderSpec": ("llm", "transformer"), "TransformerEncoderSpec": ("embedding", "transformer"),
    "TransformerEncoderModelSpec": ("embedding", "transformer"),
}  # fmt: skip
_PIECE = 8 * 1024


def matches(head: bytes) -> bool:
    """A small version, then a text that ends in `Spec` and NUL."""
    if len(head) < 12 or head[1:4] != b"\0\0\0" or not 1 <= head[0] <= _NEWEST:
        return False
    length = int.from_bytes(head[4:6], "little")
    name = head[6 : 6 + length]
    return 6 <= length <= 80 and name.endswith(b"Spec\0") and name[:-1].isalnum()


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one model.bin."""
    window = ByteWindow(file, size, piece=_PIECE)
    version = window.number("I")
    name = _text(window)
    revision = window.number("I") if version >= 2 else 1
    count = window.number("I")
    if count * 8 > size:
        raise FormatProblem("corrupt", said("claims {0} variables, more than the file can hold", figure(count)))
    if count > _MOST:
        raise FormatProblem(
            "unknown", said("claims {0} variables, over the limit of {1}", figure(count), figure(_MOST))
        )
    tensors: dict[str, Tensor] = {}
    health = GOOD
    try:
        for _ in range(count):
            _variable(window, version, limits, tensors)
    except FormatProblem as problem:
        health = Health(problem.kind, problem.why)
    words = {"spec": name, "version": version, "revision": revision, "variables": count}
    return Facts(NAME, tuple(_claims(name, tensors)), shares(tensors), health, metadata=bounded(words))


def _text(window: ByteWindow) -> str:
    length = window.number("H")
    return window.take(length).rstrip(b"\0").decode("utf-8", "replace")


def _variable(window: ByteWindow, version: int, limits: Limits, tensors: dict[str, Tensor]) -> None:
    name, rank = _text(window), window.number("B")
    if rank > limits.nesting:
        raise FormatProblem("corrupt", said("variable {0} claims {1} dimensions", repr(name[:80]), rank))
    shape = tuple(window.number("I") for _ in range(rank))
    if version >= 4:
        kind, length = window.number("B"), window.number("I")
        dtype, width = _TYPES.get(kind, (f"type {kind}", 0))
    else:
        width, length = window.number("B"), window.number("I")
        dtype, length = {4: "F32", 2: "INT16", 1: "INT8"}.get(width, "F32"), length * width
    if width and elements(shape) * width > length:
        raise FormatProblem(
            "corrupt",
            said(
                "variable {0} has {1} bytes for {2} × {3}",
                repr(name[:80]),
                figure(length),
                figure(elements(shape)),
                dtype,
            ),
        )
    if length > window.left:
        raise FormatProblem(
            "truncated",
            counted(
                "variable {0} ends {1} byte behind the file's end",
                "variable {0} ends {1} bytes behind the file's end",
                length - window.left,
                repr(name[:80]),
                figure(length - window.left),
            ),
        )
    window.skip(length)
    tensors[name] = Tensor(shape, dtype, length)


def _claims(name: str, tensors: dict[str, Tensor]) -> Iterator[Claim]:
    category, architecture = _KINDS.get(name, ("", ""))
    if category:
        yield Claim("category", category, "metadata", said("specification {0}", name))
        yield Claim("architecture", architecture, "metadata", said("specification {0}", name))
    if name == "WhisperSpec" and (size := _whisper(tensors)):
        yield Claim("base_model", f"whisper {size}", "tensors", said("layers and vocabulary"))
    weights = {key: one for key, one in tensors.items() if len(one.shape) > 1 and not key.endswith("_scale")}
    if not weights:
        return
    count = sum(elements(one.shape) for key, one in tensors.items() if one.shape and not key.endswith("_scale"))
    total = sum(one.bytes for one in tensors.values())
    told = counted("{0} variable", "{0} variables", len(tensors), figure(len(tensors)))
    yield from quants.of_bytes(weights.values(), count, total, told)


def _whisper(tensors: dict[str, Tensor]) -> str:
    """The size by its layers, its vocabulary (decoder/embeddings) and the bands of its first convolution."""
    layers = {side: _layers(tensors, side) for side in ("encoder", "decoder")}
    table = tensors.get("decoder/embeddings/weight")
    first = tensors.get("encoder/conv1/weight")
    words = table.shape[0] if table and table.shape else 0
    bands = first.shape[1] if first and len(first.shape) > 1 else 0
    return whisper_sizes.name_of(layers["encoder"], layers["decoder"], words, bands)


def _layers(tensors: dict[str, Tensor], side: str) -> int:
    start = f"{side}/layer_"
    return len({name[len(start) :].split("/", 1)[0] for name in tensors if name.startswith(start)})


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
