"""Many models at once are stored as each would be by itself."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from shelf import VOLUME

from model_manager.base.facts import Facts
from model_manager.base.identity import file_id
from model_manager.catalog import files, models, new_models, roots
from model_manager.catalog.new_models import NewModels, Next
from model_manager.catalog.places import PlaceEntry

STRANGE = os.fsdecode(b"/m/caf\xe9")


@pytest.fixture
def root(tx: sqlite3.Connection) -> int:
    return roots.add(tx, "plain", "/m", "user", {})


def made(tx: sqlite3.Connection, root: int, folder: Path, number: int, ids: Next, path: str = "") -> NewModels:
    real = folder / f"f{number}"
    real.write_bytes(bytes(number + 1))
    stat = os.stat(real)
    row = files.record(
        roots.volume_id(tx, VOLUME.name, "ext4", "/"),
        file_id(str(real), stat, VOLUME),
        stat,
        4096,
        Facts("gguf"),
        9,
        None,
        None,
    )
    path = path or f"/m/{number}"
    entry = PlaceEntry(root, "plain", f"n{number}", f"t{number}", path, b"mark", "{}", f"w{number}", f"like{number}", number + 1,
                  ((ids.file, path, "weights", "f"),), True)  # fmt: skip
    return NewModels(
        ids.model, ids.place, entry, [(ids.file, row)], {"name": f"N{number}", "size": number + 1, "tags": ["a"]}
    )


def test_the_ids_that_come_next_are_those_that_sqlite_gives(tx: sqlite3.Connection, root: int, tmp_path: Path) -> None:
    assert new_models.following(tx) == Next(1, 1, 1)
    new_models.put(tx, [made(tx, root, tmp_path, 0, Next(5, 6, 7))])
    assert new_models.following(tx) == Next(6, 7, 8)
    tx.execute("DELETE FROM place")
    tx.execute("DELETE FROM model")
    assert new_models.following(tx) == Next(6, 7, 8), "an id is never given twice"


def test_each_is_there_with_all_of_it(tx: sqlite3.Connection, root: int, tmp_path: Path) -> None:
    new_models.put(
        tx, [made(tx, root, tmp_path, n, Next(n + 1, n + 11, n + 21), STRANGE if n == 1 else "") for n in range(2)]
    )
    assert [(one.model, one.id, one.name, one.title, one.path, one.found) for one in models.places(tx)] == [
        (11, 21, "n0", "t0", "/m/0", {}), (12, 22, "n1", "t1", STRANGE, {}),
    ]  # fmt: skip
    assert [(one.model, one.file, one.path, one.role, one.size, one.bytes, one.read_at) for one in models.files(tx)] == [
        (11, 1, "/m/0", "weights", 1, 4096, 9), (12, 2, STRANGE, "weights", 2, 4096, 9),
    ]  # fmt: skip
    record = models.record(tx, 12)
    assert record is not None and (record["name"], record["size"], record["weights"], record["likeness"], record["tags"]) == (
        "N1", 2, "w1", "like1", '["a"]')  # fmt: skip
    assert record["added"] > 1_700_000_000 and files.facts_of(tx, 2) == Facts("gguf")  # type: ignore[operator]


def test_none_at_all_is_nothing(tx: sqlite3.Connection) -> None:
    new_models.put(tx, [])
    assert new_models.following(tx) == Next(1, 1, 1)


def test_what_is_known_already_is_told_and_never_stored_twice(
    tx: sqlite3.Connection, root: int, tmp_path: Path
) -> None:
    one = made(tx, root, tmp_path, 0, Next(1, 1, 1))
    stat = os.stat(tmp_path / "f0")
    id_ = file_id(str(tmp_path / "f0"), stat, VOLUME)
    assert new_models.known_files(tx, [id_]) == set()
    new_models.put(tx, [one])
    changed, elsewhere = id_._replace(size=99), id_._replace(volume="uuid:2")
    assert new_models.known_files(tx, [changed, elsewhere]) == {id_.file}, "the same file, whatever became of it"
    assert (
        new_models.known_places(tx, root, ["/m/0", "/m/1", STRANGE]) == {"/m/0"}
        and new_models.known_places(tx, root + 1, ["/m/0"]) == set()
    )
    with pytest.raises(sqlite3.IntegrityError):
        new_models.put(tx, [made(tx, root, tmp_path, 0, Next(9, 9, 9))])


def test_only_a_model_that_is_gone_may_come_back(tx: sqlite3.Connection, root: int, tmp_path: Path) -> None:
    new_models.put(tx, [made(tx, root, tmp_path, n, Next(n + 1, n + 1, n + 1)) for n in range(2)])
    assert new_models.gone_likenesses(tx, ["like0", "like1"]) == set()
    tx.execute("UPDATE model SET gone_at = 5 WHERE id = 2")
    assert new_models.gone_likenesses(tx, ["like0", "like1", "other"]) == {"like1"}
