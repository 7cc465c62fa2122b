"""What the tensors of a GGUF or safetensors file are, whatever is wrapped around them.

Each tensor is hashed with its name, type and size, and the hashes are added up: so a file and its shards have the same
sum, and metadata, order and padding have no say. Such a sum shows that two models are the same weights; it never
stands for the file's bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import BinaryIO

from model_manager.formats.places import spans
from model_manager.formats.problem import FormatProblem
from model_manager.formats.span import Span

FORMATS = frozenset({"gguf", "safetensors"})
_PIECE = 1 << 20
_HEAD = 1024
_PADDING = 4096
_EVERY, _LARGE = 8, 16 << 20
"""One tensor of so many, and every large one, is looked at to reject: chosen by itself, so that a file and its shards
choose the same."""
_FEW = 64
"""A file of so few tensors has all looked at too, lest none of them be chosen."""


def sample(file: BinaryIO, size: int, format_: str, count: Callable[[int], None]) -> str:
    """Two sums over the heads of tensors, `chosen:all`; `all` is empty of many tensors, both without a usable table."""
    import xxhash

    tensors = _tensors(file, size, format_)
    if tensors is None:
        return ""
    chosen, every = 0, 0
    few = len(tensors) <= _FEW
    count(tensors[0].start)
    for tensor in tensors:
        name = tensor.name.encode("utf-8", "surrogatepass")
        is_chosen = tensor.size >= _LARGE or xxhash.xxh3_64_intdigest(name) % _EVERY == 0
        if is_chosen or few:
            file.seek(tensor.start)
            head = file.read(min(_HEAD, tensor.size))
            count(len(head))
            one = xxhash.xxh3_128_intdigest(_title(tensor) + head)
            chosen, every = chosen + one * is_chosen, every + one
    most = 1 << 128
    return f"{chosen % most:032x}:{every % most:032x}" if few else f"{chosen % most:032x}:"


def whole(file: BinaryIO, size: int, format_: str, count: Callable[[int], None]) -> tuple[str, str]:
    """(sha256 of every byte, the sum over all tensors) in one reading; no sum when the table cannot be used."""
    tensors = _tensors(file, size, format_)
    digest, total, at = hashlib.sha256(), 0, 0
    file.seek(0)
    for tensor in tensors or ():
        at = _through(file, at, tensor.start, [digest.update], count)
        one = hashlib.sha256(_title(tensor))
        at = _through(file, at, tensor.start + tensor.size, [digest.update, one.update], count)
        total += int.from_bytes(one.digest(), "big")
    _through(file, at, size, [digest.update], count)
    return digest.hexdigest(), "" if tensors is None else f"{total % (1 << 256):064x}"


def add(sums: list[str]) -> str:
    """The sum of several files; empty when one of them has none."""
    if not all(sums):
        return ""
    width = len(sums[0])
    return f"{sum(int(one, 16) for one in sums) % (1 << 4 * width):0{width}x}"


def _tensors(file: BinaryIO, size: int, format_: str) -> list[Span] | None:
    """The tensors in the order of the file; None when one lies upon another or outside the file, or when more than
    padding lies between or behind them: then they are not all that the file holds."""
    try:
        found = spans(file, size, format_)
    except FormatProblem:
        return None
    at = found[0].start if found else 0
    for tensor in found:
        if not at <= tensor.start < at + _PADDING or tensor.size < 0:
            return None
        at = tensor.start + tensor.size
    return found if found and at <= size < at + _PADDING else None


def _title(tensor: Span) -> bytes:
    return f"{tensor.name}\0{tensor.dtype}\0{tensor.size}\0".encode("utf-8", "surrogatepass")


def _through(
    file: BinaryIO, start: int, stop: int, takers: list[Callable[[bytes], object]], count: Callable[[int], None]
) -> int:
    """Passes these bytes on in pieces; answers where it stands."""
    while start < stop and (data := file.read(min(_PIECE, stop - start))):
        for take in takers:
            take(data)
        count(len(data))
        start += len(data)
    return start
