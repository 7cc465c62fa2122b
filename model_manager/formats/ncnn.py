"""ncnn's `.param`: a text of layers whose weights lie in the `.bin` of the same stem.

Source: Tencent/ncnn wiki "param and model file structure": magic 7767517, counts, a line per layer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from model_manager.base.facts import Claim, Companion, Facts
from model_manager.base.messages import figure, said
from model_manager.formats.problem import SAME_STEM, FormatProblem, Limits

NAME = "ncnn"
SUFFIXES = (".param",)
_MAGIC = b"7767517"
_MOST = 1 << 20
_WEIGHTY = frozenset({"Convolution", "ConvolutionDepthWise", "Deconvolution", "InnerProduct", "LSTM", "Embed"})


def matches(head: bytes) -> bool:
    return head[:7] == _MAGIC and head[7:8] in (b"\n", b"\r")


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one .param file."""
    text = file.read(min(size, _MOST))
    lines = text.split(b"\n")
    if lines[0].strip() != _MAGIC:
        raise FormatProblem("corrupt", said("does not begin with ncnn's 7767517"))
    counts = lines[1].split() if len(lines) > 1 else []
    if len(counts) != 2 or not all(one.isdigit() and len(one) < 10 for one in counts):
        raise FormatProblem("corrupt", said("the second line must say how many layers and blobs there are"))
    layers = [line.split()[0].decode("utf-8", "replace") for line in lines[2:] if line.strip()]
    if len(layers) < int(counts[0]):
        why = said("lists {0} of {1} layers", figure(len(layers)), figure(int(counts[0])))
        raise FormatProblem("truncated" if size <= _MOST else "unknown", why)
    weighty = any(layer in _WEIGHTY for layer in layers)
    companions = (Companion(f"{SAME_STEM}.bin", 1),) if weighty else ()
    words = {"ncnn.layers": int(counts[0]), "ncnn.blobs": int(counts[1])}
    return Facts(NAME, tuple(_claims(layers)), companions=companions, metadata=words)


def _claims(layers: list[str]) -> Iterator[Claim]:
    """Pictures enlarged by shuffling channels into pixels are upscalers' work alone when nothing else follows."""
    if "PixelShuffle" in layers and "Convolution" in layers and not {"Softmax", "YoloV3DetectionOutput"} & set(layers):
        yield Claim("category", "diffusion/upscale_models", "tensors", said("convolutions that end in PixelShuffle"))


__all__ = ["NAME", "SUFFIXES", "matches", "read"]
