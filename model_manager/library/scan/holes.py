"""What a scan says of a file that is not wholly on the disk: a torrent with pieces missing, a copy that was stopped.

Asked of the file system, without reading: where there are no holes (nearly always) it is one question of some
microseconds. Beside each hole up to 64 KiB are read on either side, to see whether it is a part of zeros that belong
there: a copy may leave out what is zero anyway (`cp --sparse=always`, `rsync -S`).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO

from model_manager.base.facts import GOOD, Health
from model_manager.base.holes import holes, may_lack, tells
from model_manager.base.messages import figure, said
from model_manager.formats.meant_zeros import SLACK
from model_manager.formats.places import places
from model_manager.formats.runs import LEAST
from model_manager.formats.zeros import Emptiness

_BESIDE, _MOST_LOOKED_BESIDE = 64 << 10, 256
_PAGE = 4096

Part = tuple[int, int]


def lacking(file: BinaryIO, stat: os.stat_result, volume_kind: str, format_: str) -> Health:
    """`good` where nothing is missing, or less than any download lacks."""
    size = stat.st_size
    few = may_lack(size, getattr(stat, "st_blocks", None))
    if size < LEAST or not (few or tells(volume_kind)):
        return GOOD
    found = holes(file.fileno(), size)
    if found:
        return _judged(file, size, [hole for hole in found if hole[1] - hole[0] >= _PAGE], format_)
    if few and not tells(volume_kind):
        stored = 512 * stat.st_blocks
        return Health(
            "unknown",
            said(
                "only {0} of its {1} bytes are on the disk, and its file system ({2}) does not say whether "
                "the rest is compressed or missing: `check --deep` reads it",
                figure(stored),
                figure(size),
                volume_kind,
            ),
        )
    return GOOD


def _judged(file: BinaryIO, size: int, found: list[tuple[int, int]], format_: str) -> Health:
    absent = sum(stop - start for start, stop in found)
    if absent < LEAST:
        return GOOD
    empty = Emptiness(size, places(file, size, format_))
    beside = len(found) <= _MOST_LOOKED_BESIDE
    for run, hole in _joined([(_widened(file, size, hole) if beside else hole, hole) for hole in found]):
        if run[1] - run[0] >= LEAST:
            empty.add(*run, written=_goes_on(run[0], hole[0]) or _goes_on(hole[1], run[1]))
    return empty.health_of_holes(absent)


def _goes_on(start: int, stop: int) -> bool:
    """Whether zeros that somebody wrote lie there: a copy leaves out whole pages only, and a value has a zero by chance."""
    return stop - start > SLACK


def _joined(runs: Sequence[tuple[Part, Part]]) -> list[tuple[Part, Part]]:
    """Runs of zeros that touch become one, each with its first and last hole's outer ends."""
    found: list[tuple[Part, Part]] = []
    for run, hole in runs:
        if found and run[0] <= found[-1][0][1]:
            before, first = found[-1]
            found[-1] = ((before[0], max(before[1], run[1])), (first[0], hole[1]))
        else:
            found.append((run, hole))
    return found


def _widened(file: BinaryIO, size: int, hole: tuple[int, int]) -> tuple[int, int]:
    """The hole with the zeros that were written on either side of it."""
    start, stop = hole
    least, most = max(0, start - _BESIDE), min(size, stop + _BESIDE)
    while start > least:
        at = max(least, start - _PAGE)
        data = _at(file, at, start)
        kept = len(data.rstrip(b"\0"))
        start = at + kept
        if kept:
            break
    while stop < most:
        data = _at(file, stop, min(most, stop + _PAGE))
        zeros = len(data) - len(data.lstrip(b"\0"))
        stop += zeros
        if zeros < len(data) or not data:
            break
    return start, stop


def _at(file: BinaryIO, start: int, stop: int) -> bytes:
    file.seek(start)
    return file.read(stop - start)
