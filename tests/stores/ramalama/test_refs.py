"""The records of a model: what they name, and what makes it unsure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from factory import tree, write

from model_manager.stores.ramalama.refs import refs_of

A, B = f"sha256-{'a' * 64}", f"sha256-{'b' * 64}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def record(snapshot: str, *blobs: str) -> str:
        return json.dumps({"hash": snapshot, "files": [{"hash": one, "name": one, "type": "gguf"} for one in blobs]})

    return tree(tmp_path, {"refs/x.json": record("s1", A, B), "refs/y.json": record("s2", B), "blobs/z": b""})


def test_what_is_named_without_some(folder: Path) -> None:
    refs = refs_of(str(folder))
    x = frozenset({str(folder / "refs/x.json")})
    assert (refs.blobs(), refs.snapshots()) == ({A, B}, {"s1", "s2"})
    assert (refs.blobs(without=x), refs.snapshots(without=x)) == ({B}, {"s2"})
    assert refs.doubts == []


@pytest.mark.parametrize(
    "name, is_record", [("old", True), ("bad.json", True), (".model-manager-20261130T120000000Z-0123abcd-1", False)]
)
def test_what_makes_it_unsure(name: str, is_record: bool, folder: Path) -> None:
    write(folder / "refs" / name, b"{")
    (doubt,) = refs_of(str(folder)).doubts
    assert (doubt.path, doubt.is_record) == (str(folder / "refs" / name), is_record)


def test_no_record_at_all_is_no_reason_to_call_blobs_unused(tmp_path: Path) -> None:
    tree(tmp_path, {f"blobs/{A}": b""})
    assert [doubt.path for doubt in refs_of(str(tmp_path)).doubts] == [str(tmp_path / "refs")]
    (tmp_path / "refs").mkdir()
    assert [str(doubt.why) for doubt in refs_of(str(tmp_path)).doubts] == ["it names no model"]
