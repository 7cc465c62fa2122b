"""Folders of nothing but downloads: each file of a model's form is one, unless its tool still fetches it."""

from __future__ import annotations

import fcntl
from pathlib import Path

from conformance import facts
from factory import tree

from model_manager.stores.discovered import Leftover, on_disk
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.unfinished import unfinished_below


def below(folder: Path) -> dict[str, Leftover]:
    return {one.of: one for one in unfinished_below(str(folder), StoreReader(facts))}


def test_files_of_a_models_form_whatever_their_depth(home: Path) -> None:
    tree(home / "t", {"a.gguf": b"12345", "x/b.safetensors": b"1", "x/y/c.gguf.part": b"12", "config.json": b"{}"})
    found = below(home / "t")
    assert found.keys() == {"a.gguf", "x/b.safetensors", "x/y/c.gguf.part", "config.json"}
    stat = (home / "t/a.gguf").stat()
    assert found["a.gguf"] == Leftover("partial", str(home / "t/a.gguf"), 5, on_disk(stat), "a.gguf")


def test_what_may_be_somebodys_own_is_no_leftover(home: Path) -> None:
    tree(home / "t", {"thesis.docx": b"1", "holiday.jpg.part": b"1", "film.mkv": b"1", "diary.odt.part": b"1"})
    assert below(home / "t") == {}


def test_links_are_none(home: Path) -> None:
    tree(home, {"t/a.gguf": b"1", "elsewhere/b.gguf": b"1"})
    (home / "t/b.gguf").symlink_to(home / "elsewhere/b.gguf")
    (home / "t/way").symlink_to(home / "elsewhere")
    assert below(home / "t").keys() == {"a.gguf"}


def test_none_while_its_tool_holds_a_lock_there(home: Path) -> None:
    tree(home, {"t/a.gguf": b"1", "t/a.gguf.lock": b"", "t/x/b.gguf": b"1"})
    with open(home / "t/a.gguf.lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert below(home / "t").keys() <= {"x/b.gguf"}
    assert {"a.gguf", "x/b.gguf"} <= below(home / "t").keys()


def test_a_folder_that_is_not_there(home: Path) -> None:
    reader = StoreReader(facts)
    assert list(unfinished_below(str(home / "gone"), reader)) == [] and not reader.problems
