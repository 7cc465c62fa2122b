"""The end of a file that a broken download leaves as zeros."""

from __future__ import annotations

from typing import BinaryIO

from model_manager.base.facts import GOOD, Health

_FIRST_LOOK = 4096
_PIECE = 64 * 1024
_TINY = 2 * 1024 * 1024


def zero_tail(file: BinaryIO, size: int, data_start: int) -> Health:
    """`suspicious` when the last min(1 MiB, 10 %) of a file is all zero.

    A file below 2 MiB whose tensors begin with zeros too is left alone: it was made with zero weights
    (test files are), for a download that stopped has its beginning.

    Downloaders that reserve the whole size first, and copies that made holes, pass every check of
    lengths. A healthy file answers with one read of 4 KiB; only zeros are followed further.
    `data_start` is where the tensors begin: a header is never looked at.
    """
    length = min(1 << 20, size // 10, size - data_start)
    if length < 64:
        return GOOD
    end = size
    piece = _FIRST_LOOK
    while end > size - length:
        start = max(end - piece, size - length)
        file.seek(start)
        if file.read(end - start).strip(b"\0"):
            return GOOD
        end, piece = start, _PIECE
    if size < _TINY:
        file.seek(data_start)
        if not file.read(min(_FIRST_LOOK, size - data_start)).strip(b"\0"):
            return GOOD
    return Health("suspicious", f"the last {length:,} bytes are all zero: the download may not have been finished")
