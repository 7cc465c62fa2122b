"""ggml's files from before GGUF: whisper.cpp's models to this day, Parakeet, Silero, RWKV, old LLaMA and GPT-2.

Sources: whisper.cpp `src/whisper.cpp`, `src/parakeet.cpp`; rwkv.cpp `rwkv_file_format.inc`; llama.cpp before August
2023. A magic, a handful of integers that say what the model is, a vocabulary, then tensors one after another.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import counted, figure, said
from model_manager.base.text import later
from model_manager.formats import ggml_tensors, quants, whisper_sizes
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.gguf_types import FILE_TYPES
from model_manager.formats.metadata import bounded
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tensors import Tensor, elements, shares

NAME = "ggml"
SUFFIXES = (".ggml",)
_MAGICS = {b"lmgg": "ggml", b"fmgg": "ggmf", b"tjgg": "ggjt", b"algg": "ggla"}
_WHISPER = ("n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer", "n_text_ctx", "n_text_state",
            "n_text_head", "n_text_layer", "n_mels", "ftype")  # fmt: skip
_PARAKEET = ("n_vocab", "n_audio_ctx", "n_audio_state", "n_audio_head", "n_audio_layer", "n_mels")
_PARAKEET_COUNT = 15
_PARAKEET_DURATIONS = 13
_LLAMA = ("n_vocab", "n_embd", "n_mult", "n_head", "n_layer", "n_rot", "ftype")
_GPT2 = ("n_vocab", "n_ctx", "n_embd", "n_head", "n_layer", "ftype")
_RWKV = ("n_vocab", "n_embed", "n_layer", "data_type")
_RWKV_TYPES = {2: "Q4_0", 3: "Q4_1", 4: "Q4_1_O", 5: "Q4_2", 6: "Q4_3", 7: "Q5_0", 8: "Q5_1", 9: "Q8_0"}
_QUANT_VERSION = 2  # GGML_QNT_VERSION since May 2023
_PIECE = 16 * 1024
_MOST_WORDS = 500_000


def matches(head: bytes) -> bool:
    return head[:4] in _MAGICS


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one file; its tensors are counted where the layout is known."""
    window = ByteWindow(file, size, piece=_PIECE)
    magic = _MAGICS.get(window.take(4))
    if magic is None:
        raise FormatProblem("corrupt", said("does not begin with one of ggml's magics"))
    if magic == "ggla":
        return _adapter(window)
    if magic == "ggmf" and (version := window.number("I")) in (100, 101):
        return _rwkv(window, version)
    if magic == "ggjt":
        version = window.number("I")
        return _llama(window, f"ggjt version {version}")
    if magic == "ggmf":
        return _llama(window, f"ggmf version {version}")
    return _unversioned(window)


def _unversioned(window: ByteWindow) -> Facts:
    """Magic `ggml`: which program wrote it shows in the integers behind it."""
    if window.peek(4)[:4] == struct.pack("<I", 10) and window.peek(14)[4:].startswith(b"silero"):
        window.skip(4)
        name = window.take(10).decode("ascii", "replace")
        claims = (
            Claim("category", "audio/vad", "metadata", said("model type {0}", name)),
            Claim("architecture", "silero-vad", "metadata", said("model type {0}", name)),
            Claim("base_model", "silero", "metadata", said("model type {0}", name)),
        )
        return Facts(NAME, claims, metadata={"ggml.magic": "ggml", "model_type": name})
    numbers = struct.unpack("<15i", window.peek(60).ljust(60, b"\0"))
    if 50_000 <= numbers[0] <= 60_000 and numbers[9] in (80, 128) and 0 < numbers[4] <= 64 and 0 < numbers[8] <= 64:
        return _whisper(window)
    if numbers[5] in (80, 128) and 500 <= numbers[0] <= 60_000 and 0 < numbers[4] <= 128 and numbers[2] >= 128:
        return _parakeet(window, numbers)
    for names, architecture in ((_LLAMA, "llama"), (_GPT2, "gpt2")):
        keys = dict(zip(names, numbers, strict=False))
        if _plausible(keys):
            return _facts(keys, (*_language(architecture), *_label(keys["ftype"])), "ggml", {}, GOOD)
    return Facts(
        NAME, metadata={"ggml.magic": "ggml"}, health=Health("unknown", said("a ggml file of an unknown program"))
    )


def _plausible(keys: dict[str, int]) -> bool:
    layers, heads = keys["n_layer"], keys["n_head"]
    return (
        1_000 <= keys["n_vocab"] <= 400_000
        and 0 < layers <= 200
        and 0 < heads <= 512
        and keys["n_embd"] >= 64
        and keys["n_embd"] % heads == 0
        and keys["ftype"] % 1000 in FILE_TYPES
    )


def _whisper(window: ByteWindow) -> Facts:
    keys = dict(zip(_WHISPER, (window.number("i") for _ in _WHISPER), strict=True))
    size = whisper_sizes.name_of(keys["n_audio_layer"], keys["n_text_layer"], keys["n_vocab"], keys["n_mels"])
    base = f"whisper {size}" if size else "whisper"
    why = said("{0} + {1} layers, {2} words", keys["n_audio_layer"], keys["n_text_layer"], figure(keys["n_vocab"]))
    claims = (
        Claim("category", "stt", "metadata", said("whisper.cpp's header")),
        Claim("architecture", "whisper", "metadata", said("whisper.cpp's header")),
        Claim("base_model", base, "metadata", why),
        *_label(keys["ftype"]),
    )

    def begin() -> None:
        _skip_floats(window, _count(window) * _count(window))
        _skip_words(window)

    if keys["ftype"] % 1000 > 1 and keys["ftype"] // 1000 != _QUANT_VERSION:
        return _facts(keys, claims, "ggml", {}, GOOD)  # blocks of other sizes than today's
    return _with_tensors(window, keys, claims, begin)


def _parakeet(window: ByteWindow, numbers: Sequence[int]) -> Facts:
    keys = dict(zip(_PARAKEET, numbers, strict=False))
    claims = (
        Claim("category", "stt", "metadata", said("Parakeet's header")),
        Claim("architecture", "parakeet", "metadata", said("Parakeet's header")),
        Claim(
            "base_model",
            "Parakeet TDT",
            "metadata",
            said("{0} layers, {1} words", keys["n_audio_layer"], figure(keys["n_vocab"])),
        ),
    )

    def begin() -> None:
        window.skip(4 * _PARAKEET_COUNT)
        _skip_floats(window, _count(window) * _count(window))
        _skip_floats(window, _count(window))
        _skip_floats(window, max(numbers[_PARAKEET_DURATIONS], 0))
        _skip_words(window)

    return _with_tensors(window, keys, claims, begin)


def _rwkv(window: ByteWindow, version: int) -> Facts:
    keys = dict(zip(_RWKV, (window.number("i") for _ in _RWKV), strict=True))
    why, kind = said("rwkv.cpp's header, version {0}", version), keys["data_type"]
    claims = (*_language("rwkv"), Claim("base_model", "rwkv", "metadata", why))
    if kind > 1:  # its quants have numbers of their own, and had blocks of other sizes
        label = Claim("quant_label", _RWKV_TYPES.get(kind, f"type {kind}"), "metadata", said("data_type {0}", kind))
        return _facts({"version": version, **keys}, (*claims, label), "ggmf", {}, GOOD)
    return _with_tensors(window, {"version": version, **keys}, claims, lambda: None)


def _llama(window: ByteWindow, why: str) -> Facts:
    keys = dict(zip(_LLAMA, (window.number("i") for _ in _LLAMA), strict=True))
    if not _plausible(keys):
        raise FormatProblem("corrupt", said("{0}, with figures that no model has", why))
    claims = (
        *_language("llama"),
        *_label(keys["ftype"]),
        Claim("tag", "too-old", "metadata", said("{0}: before GGUF", why)),
    )
    return _facts(keys, claims, why, {}, Health("good", said("{0}: too old for today's llama.cpp", why)))


def _adapter(window: ByteWindow) -> Facts:
    version, rank, alpha = (window.number("i") for _ in range(3))
    claims = (
        Claim("category", "llm/adapters", "metadata", said("magic ggla")),
        Claim("tag", "lora", "metadata", said("rank {0}", rank)),
    )
    return _facts({"version": version, "lora_r": rank, "lora_alpha": alpha}, claims, "ggla", {}, GOOD)


def _language(architecture: str) -> tuple[Claim, ...]:
    why = later("the figures in its header")
    return Claim("category", "llm", "metadata", why), Claim("architecture", architecture, "metadata", why)


def _label(ftype: int) -> Iterator[Claim]:
    """`ftype` is 1000 × the quantisation's version + the type."""
    if ftype % 1000 in FILE_TYPES and ftype >= 0:
        yield Claim("quant_label", FILE_TYPES[ftype % 1000], "metadata", said("ftype {0}", ftype))


def _with_tensors(
    window: ByteWindow, keys: dict[str, int], claims: Sequence[Claim], begin: ggml_tensors.Begin
) -> Facts:
    tensors, health = ggml_tensors.walk(window, begin)
    return _facts(keys, (*_weights(tensors), *claims), "ggml", tensors, health)


def _facts(
    keys: dict[str, int], claims: Sequence[Claim], magic: str, tensors: dict[str, Tensor], health: Health
) -> Facts:
    words = {"ggml.magic": magic, **keys, "ggml.tensor_count": len(tensors)}
    return Facts(NAME, tuple(claims), shares(tensors), health, metadata=bounded(words))


def _weights(tensors: dict[str, Tensor]) -> Iterator[Claim]:
    if tensors:
        count = sum(elements(tensor.shape) for tensor in tensors.values())
        yield Claim(
            "parameters", count, "tensors", counted("{0} tensor", "{0} tensors", len(tensors), figure(len(tensors)))
        )
        yield from quants.of_gguf(tensors, "")


def _count(window: ByteWindow) -> int:
    value = window.number("i")
    if value < 0:
        raise FormatProblem("corrupt", said("claims {0} entries", figure(value)))
    return value


def _skip_floats(window: ByteWindow, count: int) -> None:
    window.skip(4 * count)


def _skip_words(window: ByteWindow) -> None:
    """A vocabulary: a count, then texts with their lengths in front."""
    count = _count(window)
    if count * 4 > window.left:
        raise FormatProblem("corrupt", said("claims {0} words, more than the file can hold", figure(count)))
    if count > _MOST_WORDS:
        raise FormatProblem(
            "unknown", said("claims {0} words, over the limit of {1}", figure(count), figure(_MOST_WORDS))
        )
    while count:
        buffer, at = window.held(min(_PIECE, window.left))
        start, last = at, len(buffer) - 4
        while count and at <= last:
            at += 4 + int.from_bytes(buffer[at : at + 4], "little")
            count -= 1
        if at == start:
            raise FormatProblem("truncated", said("the file ends within its vocabulary"))
        window.skip(at - start)


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
