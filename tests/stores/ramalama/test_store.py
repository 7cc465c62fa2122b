"""RamaLama: where its store is, what each tag has, and what no tag names."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conformance import GGUF, OTHER, TREES, Told, aged
from factory import sha256, tree, write
from looking import env_of

from model_manager.stores.ramalama import store

BASE = ".local/share/ramalama/store"
MODEL = f"{BASE}/ollama/library/m"
SMALL, SHARED = f"sha256-{sha256(GGUF)}", f"sha256-{sha256(OTHER)}"


@pytest.fixture
def told(home: Path) -> Told:
    TREES["ramalama"](home)
    return Told("ramalama", home)


def test_each_tag_has_its_own_files(told: Told, home: Path) -> None:
    assert told.names == {"ollama://library/m:small", "ollama://library/m:vision"}
    small = next(model for model in told.models if model.name.endswith("small"))
    assert {(os.path.basename(file.path), file.role) for file in small.files} == {
        ("small.json", "manifest"), (SMALL, "weights"), (SHARED, "projector"),
    }  # fmt: skip
    assert {file.sha256 for file in small.files if file.role == "weights"} == {sha256(GGUF)}
    assert small.title == "library/m:small" and small.health is None
    assert not told.problems


def test_what_no_record_names(told: Told, home: Path) -> None:
    rests = {os.path.relpath(rest.path, home / MODEL): (rest.kind, rest.size) for rest in told.rests}
    assert rests == {f"blobs/sha256-{'2' * 64}": ("orphan", 6), f"blobs/sha256-{'3' * 64}.partial": ("partial", 4)}


def test_an_old_snapshot_holds_bytes_once(home: Path) -> None:
    """An update writes another hash into the record: the blob's other name keeps the bytes."""
    TREES["ramalama"](home)
    tree(home / MODEL, {"snapshots/old/m.gguf": b"older bytes", "snapshots/old/thesis.docx": b"not a model's"})
    os.link(home / MODEL / "snapshots/old/m.gguf", home / MODEL / f"blobs/sha256-{'4' * 64}")
    aged(home / BASE)
    rests = [rest for rest in Told("ramalama", home).rests if rest.size == 11]
    assert [os.path.relpath(rest.path, home / MODEL) for rest in rests] == [f"blobs/sha256-{'4' * 64}"]


@pytest.mark.parametrize("record", [b"", b"[]", b'{"hash": "s"}', b"\xff" * 9])
def test_nothing_is_unused_while_a_record_is_not_understood(record: bytes, home: Path) -> None:
    TREES["ramalama"](home)
    write(home / MODEL / "refs/small.json", record)
    told = Told("ramalama", home)
    assert told.names == {"ollama://library/m:vision"}
    assert {rest.kind for rest in told.rests} == {"partial"}
    assert [problem.path for problem in told.problems if "called unused" in problem.why] == [
        str(home / MODEL / "refs/small.json")
    ]


def test_a_record_of_an_older_version_is_told(home: Path) -> None:
    """It has no suffix, and lines instead of JSON (reffile.py RefFile)."""
    TREES["ramalama"](home)
    write(home / MODEL / "refs/old", b"s3\nm---model\n")
    told = Told("ramalama", home)
    assert {rest.kind for rest in told.rests} == {"partial"}
    assert any("older RamaLama" in problem.why for problem in told.problems)


def test_what_a_pull_fetches_at_this_moment_is_no_orphan(home: Path) -> None:
    TREES["ramalama"](home)
    os.utime(home / MODEL / f"blobs/sha256-{'3' * 64}.partial")
    assert {rest.kind for rest in Told("ramalama", home).rests} == {"partial"}


def test_a_file_that_is_missing_is_named(home: Path) -> None:
    TREES["ramalama"](home)
    (home / MODEL / "blobs" / SMALL).unlink()
    (home / MODEL / "snapshots/s1/m").unlink()
    small = next(model for model in Told("ramalama", home).models if model.name.endswith("small"))
    assert small.health and (small.health.verdict, str(small.health.detail)) == (
        "incomplete", "1 of its files is missing: m",
    )  # fmt: skip


def test_the_snapshot_stands_in_for_a_blob_that_is_gone(home: Path) -> None:
    TREES["ramalama"](home)
    (home / MODEL / "blobs" / SMALL).unlink()
    small = next(model for model in Told("ramalama", home).models if model.name.endswith("small"))
    assert small.health is None
    assert str(home / MODEL / "snapshots/s1/m") in {file.path for file in small.files}


def test_a_blob_fetched_by_its_address_has_no_digest(home: Path) -> None:
    record = {"hash": "s", "files": [{"hash": SMALL, "name": "m.gguf", "type": "gguf"}]}
    tree(home / BASE / "https/host/m.gguf", {"refs/latest.json": json.dumps(record), f"blobs/{SMALL}": OTHER})
    (model,) = Told("ramalama", home).models
    assert [file.sha256 for file in model.files] == [None, None]
    assert model.source is None


def test_links_are_not_walked(home: Path) -> None:
    TREES["ramalama"](home)
    (home / BASE / "loop").symlink_to(home / BASE)
    assert len(Told("ramalama", home).models) == 2


def test_where_it_looks(home: Path) -> None:
    for place in ("env", "conf", ".local/share/ramalama"):
        (home / place / "store").mkdir(parents=True)
    write(home / ".config/ramalama/ramalama.conf", f'[ramalama]\nstore = "{home}/conf"\n')
    found = [root.path for root in store.find(env_of(home, RAMALAMA_STORE=str(home / "env")))]
    assert found[:3] == [str(home / place / "store") for place in ("env", "conf", ".local/share/ramalama")]


@pytest.mark.parametrize("text", ["[ramalama", "ramalama = 3", "[ramalama]\nstore = 3", "[" * 5000])
def test_settings_that_are_none(text: str, home: Path) -> None:
    (home / ".local/share/ramalama/store").mkdir(parents=True)
    write(home / ".config/ramalama/ramalama.conf", text.encode())
    found = [root.path for root in store.find(env_of(home)) if root.path.startswith(str(home))]
    assert found == [str(home / ".local/share/ramalama/store")]
