"""Tools without an index: plain files go as files, what lies in a Hugging Face cache goes by its links."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest
from conformance import aged, env_of
from factory import gguf_bytes, hub_repo, sha256, write

from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.hub.by_layout import BY_LAYOUT, remove_folders
from model_manager.stores.parts import CannotRemove, Going, Placed, PlacedFile

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)


def placed(path: Path) -> Placed:
    return Placed(path.stem, str(path), (PlacedFile(str(path), "weights"),))


def goes(home: Path, *places: Path, rule: object = BY_LAYOUT.places) -> list[str]:
    parts = rule(FoundRoot("lm-studio", str(home)), [placed(path) for path in places], env_of(home))  # type: ignore[operator]
    return [os.path.relpath(part.path, home) for part in parts if isinstance(part, Going)]


def test_each_place_by_where_it_lies(home: Path) -> None:
    base = hub_repo(home / "hub", "org/m", {"m.gguf": GGUF})
    plain = write(home / "pub/repo/n.gguf", OTHER)
    snapshot = base / "snapshots" / ("a" * 40) / "m.gguf"
    assert goes(home, snapshot, plain) == ["hub/models--org--m", "pub/repo"]
    assert goes(home, plain) == ["pub/repo"] and goes(home, snapshot) == ["hub/models--org--m"]


def test_a_publishers_folder_goes_with_its_last_model_where_it_is_one(home: Path) -> None:
    plain = write(home / "pub/repo/n.gguf", OTHER)
    assert goes(home, plain) == ["pub/repo"] and goes(home, plain, rule=remove_folders) == ["pub"]
    write(home / "pub/other/o.gguf", GGUF)
    assert goes(home, plain, rule=remove_folders) == ["pub/repo"]


def rest(home: Path, path: Path, kind: str = "orphan", of: str = "") -> list[Going]:
    leftover = Leftover(kind, str(path), 1, 1, of)  # type: ignore[arg-type]
    parts = list(BY_LAYOUT.leftover(FoundRoot("lm-studio", str(home)), leftover, env_of(home)))
    assert all(isinstance(part, Going) for part in parts)
    return [part for part in parts if isinstance(part, Going)]


def test_what_nobody_lists_is_one_file_and_says_what_it_is(home: Path) -> None:
    path = write(home / "x.bin", b"x")
    assert rest(home, path, "training-leftover") == [Going(str(path), "training leftover")]
    assert rest(home, path, "partial", "m.gguf") == [Going(str(path), "m.gguf")]


def test_in_a_cache_a_blob_that_something_leads_to_stays(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    orphan = aged(base) and write(base / "blobs" / ("c" * 64), b"orphan")
    assert [part.path for part in rest(home, orphan)] == [str(orphan)]
    with pytest.raises(CannotRemove, match="a revision leads to this blob now"):
        rest(home, base / "blobs" / sha256(GGUF))


def test_an_archive_is_compared_with_what_was_unpacked(home: Path) -> None:
    write(home / "m/m.gguf", GGUF)
    with zipfile.ZipFile(home / "m.zip", "w") as archive:
        archive.write(home / "m/m.gguf", "m/m.gguf")
    assert [part.path for part in rest(home, home / "m.zip", "archive")] == [str(home / "m.zip")]
    (home / "m/m.gguf").unlink()
    with pytest.raises(CannotRemove):
        rest(home, home / "m.zip", "archive")


def test_what_came_meanwhile_is_told_by_the_caches_links(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    blob = base / "blobs" / sha256(GGUF)
    blob.unlink()
    asked = [str(blob), str(home / "x.gguf")]
    assert list(BY_LAYOUT.named_now(FoundRoot("jan", str(home)), asked, env_of(home))) == [str(blob)]
