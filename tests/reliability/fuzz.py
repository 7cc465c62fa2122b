"""Damages good headers and reads them: `python tests/reliability/fuzz.py [--rounds N] [--seed N] [--only FORMAT]`.

Prints what was run and every finding with the seed that makes it again. A finding is an exception that is no FormatProblem,
or a file that takes longer than `_HANGS`.
"""

from __future__ import annotations

import argparse
import io
import random
import signal
import struct
import sys
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]

from reliability.samples import SAMPLES

from model_manager.formats import FORMATS, LIMITS, FormatProblem, deep, places
from model_manager.formats.sniff import facts_of

_HANGS = 5.0
_HEADERS = 1_000  # where most of the bytes that are looked at lie
_EXTREMES = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    1 << 62,
    (1 << 63) - 1,
    (1 << 64) - 1,
)
_TEXTS = (
    b"9" * 30,
    b"-1",
    b"1e999",
    b"NaN",
    b"[[[[",
    b"}}",
    b'"',
    b"\\u0000",
    b"\xff\xfe",
    b"null",
    b"true",
    b"../../x",
    b"\0",
    b"",
)
_MODULES = {format_.NAME: format_ for format_ in FORMATS}


class Hang(Exception):
    """A reader did not come to an end."""


def damaged(data: bytes, other: bytes, dice: random.Random) -> bytes:
    """One to six changes."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        at = dice.randrange(min(len(out), dice.choice((64, _HEADERS, len(out)))) + 1)
        match dice.randrange(9):
            case 0 if out:
                out[at % len(out)] ^= 1 << dice.randrange(8)
            case 1 if out:
                out[at % len(out)] = dice.randrange(256)
            case 2:
                form = dice.choice(("<I", "<Q", ">I", ">Q", "<H", "<i"))
                width = struct.calcsize(form)
                out[at : at + width] = (dice.choice(_EXTREMES) & ((1 << 8 * width) - 1)).to_bytes(
                    width, "little" if form[0] == "<" else "big"
                )
            case 3:
                del out[at : at + dice.choice((1, 4, 16, 200))]
            case 4:
                out[at:at] = out[at : at + dice.choice((1, 8, 64))] * dice.choice((1, 2, 50))
            case 5:
                start = dice.randrange(len(other))
                out[at : at + dice.choice((0, 16))] = other[start : start + dice.choice((4, 32, 200))]
            case 6:
                out[at : at + dice.choice((0, 1, 4))] = dice.choice(_TEXTS)
            case 7:
                del out[at:]
            case _:
                out[at : at + 8] = dice.randbytes(8)
    return bytes(out)


def cases(only: str = "") -> list[tuple[str, str, bytes]]:
    return [(kind, name, data) for kind, found in SAMPLES.items() for name, data in found if only in ("", kind)]


def check(kind: str, name: str, data: bytes) -> None:
    """Reads as the program does, then as the format's own reader, whatever the first bytes have become."""
    facts = facts_of(io.BytesIO(data), len(data), name)
    if "beyond this program's limits (" in facts.health.detail:
        raise AssertionError(facts.health.detail)
    reader = _MODULES.get(kind)
    try:
        if reader is not None:
            reader.read(io.BytesIO(data), len(data), LIMITS)
        file, lying = io.BytesIO(data), places.places(io.BytesIO(data), len(data), kind)
        deep.read_all(file, len(data), places.spans(file, len(data), kind), lambda _: None, lying)
    except FormatProblem:
        pass


def run(rounds: int, seed: int, only: str = "") -> Iterator[str]:
    """Yields each finding in words."""
    samples = cases(only)
    previous = signal.signal(signal.SIGALRM, _hang)
    try:
        for number in range(rounds):
            dice = random.Random(f"{seed}.{number}")
            kind, name, data = samples[number % len(samples)]
            data = damaged(data, dice.choice(samples)[2], dice)
            signal.setitimer(signal.ITIMER_REAL, _HANGS)
            try:
                check(kind, name, data)
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                yield f"{kind} (seed {seed}, round {number}): {''.join(traceback.format_exception(error)[-3:])}"
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.signal(signal.SIGALRM, previous)


def _hang(_number: int, _frame: FrameType | None) -> None:
    raise Hang


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", choices=["", *SAMPLES])
    arguments = parser.parse_args()
    start, findings = time.monotonic(), 0
    for finding in run(arguments.rounds, arguments.seed, arguments.only):
        findings += 1
        print(finding, flush=True)
    print(f"{arguments.rounds:,} damaged files in {time.monotonic() - start:,.0f} s: {findings} findings")
    return int(findings > 0)


if __name__ == "__main__":
    sys.exit(main())
