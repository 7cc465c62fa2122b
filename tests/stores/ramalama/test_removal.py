"""What goes with a tag of RamaLama, and what stays for another one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import GGUF, OTHER, TREES, aged
from factory import sha256, tree, write
from looking import env_of

from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.parts import CannotRemove, Going, Placed
from model_manager.stores.ramalama.removal import named_now, remove, remove_leftover

BASE = ".local/share/ramalama/store"
MODEL = f"{BASE}/ollama/library/m"
SMALL, SHARED = f"sha256-{sha256(GGUF)}", f"sha256-{sha256(OTHER)}"


def going(home: Path, *tags: str) -> list[str]:
    places = [Placed(tag, str(home / MODEL / "refs" / f"{tag}.json"), ()) for tag in tags]
    parts = list(remove(FoundRoot("ramalama", str(home / BASE)), places, env_of(home)))
    assert all(isinstance(part, Going) for part in parts)
    return [os.path.relpath(part.path, home / MODEL) for part in parts if isinstance(part, Going)]


def leaving(home: Path, name: str, kind: str = "orphan") -> list[str]:
    rest = Leftover(kind, str(home / MODEL / name), 1, 1, "why")  # type: ignore[arg-type]
    parts = remove_leftover(FoundRoot("ramalama", str(home / BASE)), rest, env_of(home))
    return [os.path.relpath(part.path, home / MODEL) for part in parts if isinstance(part, Going)]


def test_the_record_first_and_shared_bytes_stay(home: Path) -> None:
    TREES["ramalama"](home)
    assert going(home, "small") == ["refs/small.json", "snapshots/s1/m", "snapshots/s1/mmproj", f"blobs/{SMALL}"]


def test_all_tags_take_all_bytes_under_each_name(home: Path) -> None:
    TREES["ramalama"](home)
    gone = going(home, "small", "vision")
    assert gone[:2] == ["refs/small.json", "refs/vision.json"]
    assert {f"blobs/{SMALL}", f"blobs/{SHARED}", "snapshots/s2/m"} <= set(gone)
    assert f"blobs/sha256-{'2' * 64}" not in gone


def test_two_tags_of_one_snapshot(home: Path) -> None:
    """`ramalama pull` of another tag with the same bytes: the snapshot is shown by both."""
    TREES["ramalama"](home)
    write(home / MODEL / "refs/same.json", (home / MODEL / "refs/small.json").read_bytes())
    assert going(home, "same") == ["refs/same.json"]


def test_the_same_file_name_with_other_bytes_is_not_shared(home: Path) -> None:
    """RamaLama counts by name, and would leave the blob of `small`, whose weights are called `m` as those of `vision`."""
    TREES["ramalama"](home)
    assert f"blobs/{SMALL}" in going(home, "small")


@pytest.mark.parametrize("name", ["other.json", "old"])
def test_nothing_goes_while_a_record_is_not_understood(name: str, home: Path) -> None:
    TREES["ramalama"](home)
    write(home / MODEL / "refs" / name, b"{")
    with pytest.raises(CannotRemove) as told:
        going(home, "small")
    assert told.value.path == str(home / MODEL / "refs" / name) and "ramalama rm" in told.value.hint
    with pytest.raises(CannotRemove):
        leaving(home, f"blobs/sha256-{'2' * 64}")


def test_a_record_that_is_gone(home: Path) -> None:
    TREES["ramalama"](home)
    with pytest.raises(CannotRemove, match="no record of RamaLama any more"):
        going(home, "never")


def test_an_orphan_goes_under_each_of_its_names(home: Path) -> None:
    TREES["ramalama"](home)
    orphan = f"blobs/sha256-{'2' * 64}"
    (home / MODEL / "snapshots/old").mkdir()
    os.link(home / MODEL / orphan, home / MODEL / "snapshots/old/m.gguf")
    assert set(leaving(home, orphan)) == {orphan, "snapshots/old/m.gguf"}


def test_what_is_named_by_now_stays(home: Path) -> None:
    TREES["ramalama"](home)
    with pytest.raises(CannotRemove, match="names it now"):
        leaving(home, f"blobs/{SHARED}")


def test_what_was_written_a_moment_ago_stays(home: Path) -> None:
    TREES["ramalama"](home)
    os.utime(home / MODEL / f"blobs/sha256-{'2' * 64}")
    with pytest.raises(CannotRemove, match="within the last hour"):
        leaving(home, f"blobs/sha256-{'2' * 64}")


def test_a_download_that_was_given_up(home: Path) -> None:
    TREES["ramalama"](home)
    assert leaving(home, f"blobs/sha256-{'3' * 64}.partial", "partial") == [f"blobs/sha256-{'3' * 64}.partial"]


def test_what_a_pull_names_meanwhile_is_told(home: Path) -> None:
    TREES["ramalama"](home)
    root, env = FoundRoot("ramalama", str(home / BASE)), env_of(home)
    blob = home / MODEL / "blobs" / SMALL
    assert list(named_now(root, [str(blob)], env)) == []  # it is there
    blob.unlink()
    assert list(named_now(root, [str(blob)], env)) == [str(blob)]
    (home / MODEL / "refs/small.json").unlink()
    assert list(named_now(root, [str(blob)], env)) == []
    write(home / MODEL / "refs/small.json", b"half a rec")
    assert list(named_now(root, [str(blob)], env)) == [str(blob)]


def test_only_files_of_known_forms_leave_an_old_snapshot(home: Path) -> None:
    TREES["ramalama"](home)
    tree(home / MODEL, {"snapshots/old/m.gguf": b"x", "snapshots/old/thesis.docx": b"y"})
    aged(home / BASE)
    assert leaving(home, "snapshots/old/m.gguf") == ["snapshots/old/m.gguf"]
    with pytest.raises(CannotRemove):
        leaving(home, "snapshots/old/thesis.docx")
