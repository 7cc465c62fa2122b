"""Files as the disk gives them."""

from __future__ import annotations

import os
import sqlite3

from shelf import VOLUME, Shelf

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
