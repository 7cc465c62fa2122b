"""Runs of zeros are found wherever the pieces are cut, as a plain search finds them."""

from __future__ import annotations

import random
import re

import pytest

from model_manager.formats.runs import LEAST, SHORT, Runs


def found(pieces: list[bytes], short: bool = True) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    long_ones: list[tuple[int, int]] = []
    short_ones: list[tuple[int, int]] = []
    runs = Runs(
        lambda start, stop: long_ones.append((start, stop)),
        (lambda start, stop: short_ones.append((start, stop))) if short else None,
    )
    for piece in pieces:
        runs.add(piece)
    runs.end()
    return long_ones, short_ones


def dense(size: int, seed: int = 1) -> bytearray:
    return bytearray(random.Random(seed).randbytes(size).replace(b"\0", b"\1"))


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    pieces, at = [], 0
    while at < len(data):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[at : at + size])
        at += size
    return pieces


def plain(data: bytes, least: int) -> list[tuple[int, int]]:
    return [hit.span() for hit in re.finditer(rb"\0+", data) if hit.end() - hit.start() >= least]


@pytest.mark.parametrize("sizes", [[1 << 22], [100_003], [65_536, 7, 131_071], [64_000]])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_long_runs_are_found_to_the_byte_however_the_pieces_lie(sizes: list[int], seed: int) -> None:
    chance, data = random.Random(seed), dense(900_000, seed)
    for _ in range(4):
        start, size = chance.randrange(800_000), chance.choice([LEAST - 1, LEAST, LEAST + 1, LEAST + 777])
        data[start : start + size] = bytes(min(size, len(data) - start))
    assert found(cut(bytes(data), sizes))[0] == plain(bytes(data), LEAST)


def test_zeros_at_both_ends_are_runs_too() -> None:
    data = bytes(LEAST) + dense(1000) + bytes(LEAST)
    assert found([data])[0] == [(0, LEAST), (LEAST + 1000, 2 * LEAST + 1000)] == found(cut(data, [1000]))[0]
    assert found([bytes(3 * LEAST)])[0] == [(0, 3 * LEAST)] == found(cut(bytes(3 * LEAST), [LEAST - 1]))[0]


def test_short_runs_among_dense_values_are_told_apart_from_long_ones() -> None:
    data = dense(400_000)
    data[1000 : 1000 + SHORT] = bytes(SHORT)
    data[50_000:52_000] = bytes(2000)
    data[100_000 : 100_000 + SHORT - 1] = bytes(SHORT - 1)
    data[200_000 : 200_000 + LEAST] = bytes(LEAST)
    assert found([bytes(data)]) == ([(200_000, 200_000 + LEAST)], [(1000, 1000 + SHORT), (50_000, 52_000)])
    assert found([bytes(data)], short=False) == ([(200_000, 200_000 + LEAST)], [])


def test_among_sparse_values_short_runs_mean_nothing() -> None:
    chance = random.Random(3)
    data = bytearray(chance.choices([0, 0, 1, 255], k=100_000))
    data[5_000:5_600] = bytes(600)
    assert found([bytes(data)]) == ([], [])


def test_a_run_that_crosses_pieces_is_one() -> None:
    data = dense(300_000)
    data[99_000:101_000] = bytes(2000)
    assert found(cut(bytes(data), [100_000]))[1] == [(99_000, 101_000)]


@pytest.mark.parametrize("pieces", [[], [b""], [b"\1"], [b"\0"]])
def test_next_to_nothing_has_no_runs(pieces: list[bytes]) -> None:
    assert found(pieces) == ([], [])
