"""Which files count as the same without being read: what one comparison told apart stays apart, as the plain rule says."""

from __future__ import annotations

import random

import pytest

from model_manager.catalog.copies import all_differ, same_bytes
from model_manager.catalog.hashes import Known


def differ(one: Known, other: Known) -> bool:
    """The rule in its plainest form, asked of two files."""
    if not one.apart or not other.apart or (one.sha256 and other.sha256):
        return False
    return one.apart != other.apart and one.apart.split(":")[0] == other.apart.split(":")[0]


def some_files(dice: random.Random) -> list[Known]:
    """Files with the same pieces; those that were read have one hash, as their bytes were found to be the same."""
    files = []
    for _ in range(dice.randint(1, 9)):
        if dice.random() < 0.2:
            files.append(Known(sample="s", sha256="h"))
        else:
            mark = dice.choice((None, f"{dice.choice('ab')}:{dice.randint(1, 3)}"))
            files.append(Known(sample="s", apart=mark))
    return files


@pytest.mark.parametrize("seed", range(300))
def test_as_comparing_each_with_every_other_says(seed: int) -> None:
    files = some_files(random.Random(seed))
    parts = same_bytes(files, lambda one: one, lambda one: None)
    met = [id(one) for part in parts for one in part]
    assert len(met) == len(set(met))
    assert not any(differ(one, other) for part in parts for one in part for other in part)
    alone = [one for one in files if id(one) not in met]
    assert not any(not differ(one, other) for one in alone for other in alone if one is not other)
    unread = [one for one in files if not one.sha256]
    every_pair = all(differ(one, other) for one in unread for other in files if one is not other)
    assert all_differ(files) == (every_pair or len(files) < 2)


def test_of_two_comparisons_each_tells_apart_only_its_own() -> None:
    files = [Known(sample="s", apart=mark) for mark in ("a:1", "a:2", "b:1", "b:2")]
    parts = same_bytes(files, lambda one: one, lambda one: None)
    assert [[one.apart for one in part] for part in parts] == [["a:1", "b:1"], ["a:2", "b:2"]]
