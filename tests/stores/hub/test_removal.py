"""What leaves a Hugging Face cache: what its layout knows, nothing through a link, nothing that is led to from elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, sha256, write

from model_manager.stores.found import FoundRoot
from model_manager.stores.hub.removal import remove_from_hub
from model_manager.stores.parts import CannotRemove, Going, Placed, PlacedFile

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)


def going(cache: Path, repo: str) -> tuple[set[str], str]:
    """What goes with every file of a repository, below the cache, and the words of it."""
    base = cache / f"models--{repo.replace('/', '--')}"
    entries = [path for path in (base / "snapshots").rglob("*") if path.is_file()]
    files = tuple(PlacedFile(str(path), "weights" if path.suffix == ".gguf" else "other") for path in entries)
    parts = list(remove_from_hub(FoundRoot("huggingface", str(cache)), [Placed(repo, str(entries[0]), files)]))
    assert all(isinstance(part, Going) for part in parts)
    return {str(Path(part.path).relative_to(cache)) for part in parts if isinstance(part, Going)}, str(parts)


def test_a_repository_goes_whole_when_nothing_else_is_in_it(home: Path) -> None:
    hub_repo(home, "org/m", {"m.gguf": GGUF, "README.md": b"#", "assets/picture.png": b"p"})
    assert going(home, "org/m")[0] == {"models--org--m"}


@pytest.mark.parametrize("foreign", ["snapshots/{}/my-notes.txt", "snapshots/{}/my-training-logs/loss.csv", "blobs/thesis.docx",
                                     "blobs/sub/x", "diary.md", "trees/own.txt", "refs/shopping-list", ".no_exist/{}/letter"])  # fmt: skip
def test_foreign_files_stay_and_are_named(foreign: str, home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "README.md": b"#"})
    path = write(base / foreign.format("a" * 40), b"years of work")
    goes, words = going(home, "org/m")
    assert not any(path == home / one or home / one in path.parents for one in goes)
    assert (
        f"models--org--m/blobs/{sha256(GGUF)}" in goes
        and f"stays: {foreign.split('/')[1 if 'sub' in foreign else -1]}" in words
    )


def test_a_blob_that_another_repository_leads_to_stays(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    other = hub_repo(home, "org/n", {"x.gguf": OTHER})
    link = other / "snapshots" / ("a" * 40) / "x.gguf"
    link.unlink()
    link.symlink_to(base / "blobs" / sha256(OTHER))
    goes, words = going(home, "org/m")
    assert f"models--org--m/blobs/{sha256(GGUF)}" in goes and f"stays: {sha256(OTHER)}" in words
    assert not any(one in ("models--org--m", f"models--org--m/blobs/{sha256(OTHER)}") for one in goes)


def test_an_entry_that_leads_elsewhere_goes_as_a_link(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    outside = write(home.parent / "blobs/outside.gguf", GGUF)
    link = base / "snapshots" / ("a" * 40) / "m.gguf"
    link.unlink()
    link.symlink_to(outside)
    goes, _words = going(home, "org/m")
    assert goes == {
        f"models--org--m/snapshots/{'a' * 40}",
        "models--org--m/refs/main",
        f"models--org--m/blobs/{sha256(OTHER)}",
    }


def test_nothing_is_removed_through_a_link(home: Path) -> None:
    base = hub_repo(home / "usb", "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    (home / "models--org--m").symlink_to(base)
    goes, words = going(home, "org/m")
    assert goes == {"models--org--m"} and "what it leads to stays" in words
    (base / "snapshots" / ("a" * 40) / "my-notes.txt").write_text("mine")
    with pytest.raises(CannotRemove, match="nothing is removed through one"):
        going(home, "org/m")


def test_blobs_behind_a_link_stay(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    (base / "blobs").rename(home.parent / "elsewhere")
    (base / "blobs").symlink_to(home.parent / "elsewhere")
    goes, _words = going(home, "org/m")
    assert goes == {f"models--org--m/snapshots/{'a' * 40}", "models--org--m/refs/main"}
