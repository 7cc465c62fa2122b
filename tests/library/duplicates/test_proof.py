"""A proof says only what was read of both files as they are now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import write

from model_manager.base.volumes import Volumes
from model_manager.catalog import Database
from model_manager.library.duplicates.hashing import Hashing
from model_manager.library.duplicates.proof import proof_of
from model_manager.operations.plan import Proof

DATA = os.urandom(5000)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "c.sqlite3")
    yield found
    found.close()


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    return str(write(tmp_path / "a", DATA)), str(write(tmp_path / "b", DATA))


def bare(copy: str, keeper: str, bytewise: bool = True) -> Proof:
    return Proof(copy, os.stat(copy).st_ctime_ns, os.stat(keeper).st_ctime_ns, bytewise=bytewise)


def read(database: Database, *paths: str) -> None:
    Hashing(database, Volumes()).compare([list(paths)])


def test_what_was_read_and_is_the_same(database: Database, pair: tuple[str, str]) -> None:
    import hashlib

    read(database, *pair)
    proof = proof_of(database, Volumes(), *pair)
    assert (proof.path, proof.sha256, proof.bytewise) == (pair[0], hashlib.sha256(DATA).hexdigest(), True)
    assert proof.mounted and proof.kept_mounted
    assert (proof.ctime_ns, proof.kept_ctime_ns) == (bare(*pair).ctime_ns, bare(*pair).kept_ctime_ns)


def test_what_was_not_read_has_no_mounting(database: Database, pair: tuple[str, str]) -> None:
    assert proof_of(database, Volumes(), *pair) == bare(*pair)


@pytest.mark.parametrize("which", [0, 1])
def test_what_changed_since_has_none_either(database: Database, pair: tuple[str, str], which: int) -> None:
    read(database, *pair)
    Path(pair[which]).write_bytes(DATA[::-1])
    assert proof_of(database, Volumes(), *pair) == bare(*pair)


def test_other_bytes_are_no_proof(database: Database, pair: tuple[str, str], tmp_path: Path) -> None:
    others = [str(write(tmp_path / name, DATA[::-1])) for name in ("c", "d")]
    read(database, *pair)
    read(database, *others)
    assert proof_of(database, Volumes(), pair[0], others[0]) == bare(pair[0], others[0])


def test_in_another_wrapping_no_hash_of_all_bytes_is_claimed(database: Database, pair: tuple[str, str]) -> None:
    read(database, *pair)
    proof = proof_of(database, Volumes(), *pair, bytewise=False)
    assert (proof.sha256, proof.bytewise) == ("", False) and proof.mounted


@pytest.mark.parametrize("which", [0, 1])
def test_one_that_is_gone_is_an_error(database: Database, pair: tuple[str, str], which: int) -> None:
    os.unlink(pair[which])
    with pytest.raises(FileNotFoundError):
        proof_of(database, Volumes(), *pair)
