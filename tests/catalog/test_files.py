"""Files as the disk gives them."""

from __future__ import annotations

import os
import sqlite3

from shelf import VOLUME, Shelf

from model_manager.base.facts import Claim, Facts
from model_manager.base.identity import file_id
from model_manager.catalog import files, models, mount_aliases, places
from model_manager.catalog.places import PlaceEntry


def with_inode(found: os.stat_result, inode: int) -> os.stat_result:
    rest = {name: getattr(found, name) for name in dir(found) if name.startswith("st_")}
    return os.stat_result((found[0], inode, *found[2:]), rest)


def test_an_inode_number_of_all_64_bits(tx: sqlite3.Connection, shelf: Shelf) -> None:
    """As FUSE and network drives give them."""
    real = shelf.folder / "a"
    real.write_bytes(bytes(100))
    stat = with_inode(os.stat(real), (1 << 64) - 5)
    id_ = file_id(str(real), stat, VOLUME)
    row = files.put(tx, shelf.volume, id_, "/m/a", stat, 100, None, None, None, None)
    entry = PlaceEntry(
        shelf.root, "ollama", "a", "a", "/m/a", b"f", "{}", f"w{row}", "", 100, ((row, "/m/a", "weights", "a"),)
    )
    places.put(tx, entry)
    assert files.put(tx, shelf.volume, id_, "/m/a", stat, 100, None, None, None, None) == row, "it is the same file"
    (file,) = models.files(tx)
    (seen,) = mount_aliases.files(tx)
    assert file.inode == seen.inode == (1 << 64) - 5 and mount_aliases.is_known(tx, VOLUME.name, file.inode)


def test_the_same_file_by_another_name_is_the_same_row(tx: sqlite3.Connection, shelf: Shelf) -> None:
    """A hard link, or a file that was renamed: what is known of it stays. With other bytes by another name it is another
    file: its number was used again."""
    real = shelf.folder / "a"
    real.write_bytes(bytes(100))

    def put(path: str, sha256: str | None = None, source: str | None = None) -> int:
        stat = os.stat(real)
        return files.put(
            tx, shelf.volume, file_id(str(real), stat, VOLUME), path, stat, 100, None, None, sha256, source
        )

    row = put("/m/a", "abc", "read")
    assert put("/m/b") == row and _sha256(tx, row) == ("abc", "read")
    assert put("/m/b", "told", "sidecar") == row and _sha256(tx, row) == ("abc", "read"), "what was read is surer"
    os.utime(real, (5, 5))
    other = put("/m/c")
    assert other != row and _sha256(tx, other) == (None, None) and _sha256(tx, row) == ("abc", "read")


def test_a_file_that_changed_at_its_own_place_stays_the_same_row(tx: sqlite3.Connection, shelf: Shelf) -> None:
    """Its notes stay with it, but no hash of what it was."""
    model = shelf.put("a", 100, sha256="abc")
    (known,) = [file for file in models.files(tx) if file.model == model]
    real = shelf.folder / "a-100"
    os.utime(real, (5, 5))
    stat = os.stat(real)
    row = files.put(tx, shelf.volume, file_id(str(real), stat, VOLUME), known.path, stat, 100, None, None, None, None)
    assert row == known.file and _sha256(tx, row) == (None, None)


def test_the_surest_hash_is_kept_whatever_comes_after_it(tx: sqlite3.Connection, shelf: Shelf) -> None:
    """Read by us, then a blob's name, then a tool's index, then a note beside the file."""
    surest = ("read", "blob-name", "index", "sidecar")
    for before, old in enumerate(surest):
        for after, new in enumerate(surest):
            real = shelf.folder / f"{old}-{new}"
            real.write_bytes(bytes(10))
            stat = os.stat(real)
            id_ = file_id(str(real), stat, VOLUME)
            for source in (old, new):
                row = files.put(tx, shelf.volume, id_, f"/m/{old}-{new}", stat, 10, None, None, f"of {source}", source)
            kept = old if before <= after else new
            assert _sha256(tx, row) == (f"of {kept}", kept), (old, new)


def test_what_its_header_said_holds_until_it_changes(tx: sqlite3.Connection, shelf: Shelf) -> None:
    real = shelf.folder / "a"
    real.write_bytes(bytes(10))

    def put(facts: Facts | None) -> int:
        stat = os.stat(real)
        return files.put(tx, shelf.volume, file_id(str(real), stat, VOLUME), "/m/a", stat, 10, facts, 7, None, None)

    one = Facts("gguf", (Claim("name", "m", "metadata"),))
    row = put(one)
    assert files.facts_of(tx, row) == one
    assert put(None) == row and files.facts_of(tx, row) == one, "as it was, it is not read again"
    real.chmod(0o640)  # its change time alone
    put(None)
    assert files.facts_of(tx, row) is None


def _sha256(tx: sqlite3.Connection, row: int) -> object:
    return tx.execute("SELECT sha256, sha256_source FROM file WHERE id = ?", (row,)).fetchone()
