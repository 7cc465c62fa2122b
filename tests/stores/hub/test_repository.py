"""A repository of the cache as it is: what each revision names, what leads nowhere, and what makes it doubtful."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from conformance import facts
from factory import gguf_bytes, hub_repo, sha256, write

from model_manager.stores.hub.repository import Repository, key_of, read_repository
from model_manager.stores.walk.store_reader import StoreReader

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)
A, B = "a" * 40, "b" * 40
ASIDE = ".model-manager-20260101T000000000Z-00000000-1"


def told(base: Path) -> Repository:
    return read_repository(str(base), base.name, StoreReader(facts))


@pytest.fixture
def base(home: Path) -> Path:
    return hub_repo(home, "org/m", {"m.gguf": GGUF, "sub/n.gguf": OTHER})


def test_all_of_a_good_one(base: Path) -> None:
    repo = told(base)
    assert repo.id == "org/m" and repo.refs == {A: "main"} and repo.certain and repo.is_tidy()
    files = repo.snapshots[A]
    assert {name: entry.etag for name, entry in files.items()} == {"m.gguf": sha256(GGUF), "sub/n.gguf": sha256(OTHER)}
    assert all(entry.blob == entry.etag for entry in files.values()) and repo.dangling == {A: []}
    assert files["m.gguf"].path == str(base / "snapshots" / A / "m.gguf") and files["m.gguf"].stat.st_size == len(GGUF)
    assert repo.used() == {key_of(os.stat(base / "blobs" / sha256(data))) for data in (GGUF, OTHER)}


def test_branches_in_folders_and_two_names_of_one_revision(base: Path) -> None:
    write(base / "refs/pr/1", B)
    write(base / "refs/zz", A)
    hub_repo(base.parent, "org/m", {"m.gguf": GGUF}, commit=B, ref=None)
    repo = told(base)
    assert repo.refs == {A: "main", B: "pr/1"} and repo.certain and repo.is_tidy()


def test_a_revision_without_a_name_an_unused_blob_and_a_download_are_not_tidy(base: Path) -> None:
    hub_repo(base.parent, "org/m", {"m.gguf": GGUF}, commit=B, ref=None)
    assert told(base).certain and not told(base).is_tidy()
    write(base / "refs/old", B)
    assert told(base).is_tidy()
    write(base / "blobs" / ("c" * 64), b"orphan")
    assert told(base).certain and not told(base).is_tidy()
    os.rename(base / "blobs" / ("c" * 64), base / "blobs" / "x.incomplete")
    assert told(base).certain and not told(base).is_tidy()


def test_shared_payloads_belong_to_it(home: Path) -> None:
    base = hub_repo(home, "org/s", {"m.gguf": GGUF}, shared=True)
    repo = told(base)
    assert repo.certain and repo.snapshots[A]["m.gguf"].etag == sha256(GGUF)
    assert repo.snapshots[A]["m.gguf"].stat.st_size == len(GGUF)


def snapshot(base: Path, name: str = "m.gguf") -> Path:
    return base / "snapshots" / A / name


def relink(base: Path, target: object, name: str = "m.gguf") -> None:
    snapshot(base, name).unlink()
    snapshot(base, name).symlink_to(target)  # type: ignore[arg-type]


DOUBTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a blob is gone": (lambda base: (base / "blobs" / sha256(GGUF)).unlink(), "", ""),
    "a link elsewhere is broken": (lambda base: relink(base, "/nowhere/x"), "m.gguf", "leads nowhere now"),
    "a link leads out": (lambda base: relink(base, write(base.parent / "out/m.gguf", GGUF)), "m.gguf", "leads out of the repository"),
    "a file in the place of a link": (lambda base: (snapshot(base).unlink(), write(snapshot(base), GGUF)), "m.gguf", "in the place of a link"),
    "a folder in the place of a file": (lambda base: relink(base, base / "blobs"), "m.gguf", "neither a file nor a link to one"),
    "a revision is a link": (lambda base: (base / "snapshots" / B).symlink_to(A), B, "link in the place of a revision"),
    "a file among revisions": (lambda base: write(base / "snapshots" / B), B, "no folder of a revision"),
    "an empty revision": (lambda base: (base / "snapshots" / B).mkdir(), B, "no file of this revision"),
    "no revisions": (lambda base: os.rename(base / "snapshots", base / "gone"), "snapshots", "no file of any revision"),
    "no refs": (lambda base: os.unlink(base / "refs/main"), "refs", "no branch or tag"),
    "a ref of what is not there": (lambda base: write(base / "refs/x", B), "x", "a revision that is not there"),
    "a ref that says nothing": (lambda base: write(base / "refs/x", ""), "x", "does not say which revision"),
    "refs lead nowhere": (lambda base: (os.rename(base / "refs", base / "r"), (base / "refs").symlink_to("/nowhere")), "refs", "leads nowhere now"),
    "something lies aside": (lambda base: write(base / "blobs" / ASIDE), ASIDE, "put it aside"),
}  # fmt: skip


@pytest.mark.parametrize("change", DOUBTS)
def test_nothing_is_called_unused_where_it_is_doubtful(change: str, base: Path) -> None:
    act, name, why = DOUBTS[change]
    act(base)
    repo = told(base)
    if not name:
        assert repo.certain and repo.dangling == {A: ["m.gguf"]}, "a blob may lack: then the model is incomplete"
        return
    assert not repo.certain
    assert any(doubt.path.endswith(name) and why in doubt.why for doubt in repo.doubts), repo.doubts


def test_without_blobs_there_is_nothing_to_doubt(home: Path) -> None:
    """On Windows, and where links are switched off, the files lie in the revisions."""
    write(home / "models--org--w/snapshots" / A / "m.gguf", GGUF)
    repo = told(home / "models--org--w")
    assert repo.certain and repo.snapshots[A]["m.gguf"].etag == "" == repo.snapshots[A]["m.gguf"].blob


def test_folders_too_deep_are_said_not_walked(base: Path) -> None:
    write(snapshot(base, "/".join(["d"] * 16) + "/deep.gguf"), GGUF)
    assert "/".join(["d"] * 16) + "/deep.gguf" in told(base).snapshots[A]
    write(snapshot(base, "/".join(["e"] * 17) + "/deeper.gguf"), GGUF)
    repo = told(base)
    assert not any("deeper" in name for name in repo.snapshots[A])
    assert any("too deep" in doubt.why for doubt in repo.doubts)
