"""Hash caches of AUTOMATIC1111 and SD.Next: believed only while the file is the one that was hashed."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
from collections.abc import Mapping
from pathlib import Path

import pytest
from factory import sha256, tree, write
from hypothesis import given
from hypothesis import strategies as st
from looking import WEIGHTS, env_of, read

from model_manager.stores.walk import hash_cache

MARKERS = {"webui.py": "", "launch.py": "", "modules/x.py": ""}
HASH = sha256(WEIGHTS)


def value(path: Path, **other: object) -> dict[str, object]:
    return {"mtime": path.stat().st_mtime, "sha256": HASH, **other}


def diskcache(folder: Path, entries: Mapping[str, object], mode: int = 4) -> None:
    """As the diskcache package lays it out (core.py: DBNAME, MODE_PICKLE = 4)."""
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "cache.db") as base:
        base.execute(
            "CREATE TABLE Cache (rowid INTEGER PRIMARY KEY, key BLOB, raw INTEGER, store_time REAL, expire_time REAL,"
            " access_time REAL, access_count INTEGER DEFAULT 0, tag BLOB, size INTEGER DEFAULT 0, mode INTEGER DEFAULT 0,"
            " filename TEXT, value BLOB)"
        )
        for key, entry in entries.items():
            data = entry if isinstance(entry, bytes) else pickle.dumps(entry, protocol=5)
            base.execute("INSERT INTO Cache (key, raw, mode, value) VALUES (?, 1, ?, ?)", (key, mode, data))
    base.close()


def hashes_of(home: Path, tool: str, name: str) -> list[tuple[str | None, str | None]]:
    model = read(tool, env_of(home)).one(name)
    return [(file.sha256, file.sha256_source) for file in model.files if file.role in ("weights", "adapter")]


@pytest.mark.parametrize("form", ["diskcache", "json"])
def test_what_the_tool_remembers_is_taken(home: Path, form: str) -> None:
    tree(home / "a", {**MARKERS, "models/Stable-diffusion/sub/m.safetensors": WEIGHTS, "models/Lora/l.safetensors": WEIGHTS,
                      "models/Lora/other.safetensors": WEIGHTS})  # fmt: skip
    models = home / "a/models"
    entries = {"checkpoint/sub/m.safetensors": value(models / "Stable-diffusion/sub/m.safetensors"),
               "lora/l": value(models / "Lora/l.safetensors")}  # fmt: skip
    if form == "diskcache":
        diskcache(home / "a/cache/hashes", entries)
    else:
        write(home / "a/cache.json", json.dumps({"hashes": entries, "hashes-addnet": {"lora/other": {"sha256": HASH}}}))
    assert hashes_of(home, "a1111", "Stable-diffusion/sub/m") == [(HASH, "index")]
    assert hashes_of(home, "a1111", "Lora/l") == [(HASH, "index")]
    assert hashes_of(home, "a1111", "Lora/other") == [(None, None)]


def test_sdnext_keeps_it_beside_its_data(home: Path) -> None:
    tree(home / "s", {**MARKERS, "installer.py": "", "models/Stable-diffusion/m.safetensors": WEIGHTS})
    entry = value(home / "s/models/Stable-diffusion/m.safetensors")
    write(home / "s/data/cache.json", json.dumps({"hashes": {"checkpoint/m": entry}}))
    assert hashes_of(home, "sdnext", "Stable-diffusion/m") == [(HASH, "index")]


@pytest.mark.parametrize("moved", [-1000.0, 1.0, 1000.0])
def test_another_file_under_the_name_is_not_believed(home: Path, moved: float) -> None:
    """The tool itself believes an older file too, which may have been moved in."""
    tree(home / "a", {**MARKERS, "models/Lora/l.safetensors": WEIGHTS})
    path = home / "a/models/Lora/l.safetensors"
    diskcache(home / "a/cache/hashes", {"lora/l": value(path)})
    at = path.stat().st_mtime + moved
    os.utime(path, (at, at))
    assert hashes_of(home, "a1111", "Lora/l") == [(None, None)]


class Bad:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("touch /tmp/model-manager-was-here",)


@pytest.mark.parametrize(
    "entry",
    [
        Bad(), {"mtime": Bad(), "sha256": HASH}, [1, 2], {"mtime": "x", "sha256": HASH}, {"mtime": 1.0, "sha256": "../x"},
        {"mtime": 1.0}, b"", b"\x80\x05", b"}" * 4000, b"\x80\x05\x95\xff\xff\xff\xff\xff\xff\xff\x7f}.", {"a": {"b": {}}},
    ],
    ids=lambda entry: repr(entry)[:20],
)  # fmt: skip
def test_hostile_values_say_nothing_and_run_nothing(home: Path, entry: object) -> None:
    tree(home / "a", {**MARKERS, "models/Lora/l.safetensors": WEIGHTS})
    diskcache(home / "a/cache/hashes", {"lora/l": entry})
    assert hashes_of(home, "a1111", "Lora/l") == [(None, None)]
    assert not os.path.exists("/tmp/model-manager-was-here")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"hashes": 3}', '{"hashes": {"lora/l": 3}}', "[" * 100_000])
def test_hostile_files_say_nothing(home: Path, text: str) -> None:
    tree(
        home / "a", {**MARKERS, "models/Lora/l.safetensors": WEIGHTS, "cache.json": text, "cache/hashes/cache.db": text}
    )
    assert hashes_of(home, "a1111", "Lora/l") == [(None, None)]


@given(st.dictionaries(st.text(max_size=20), st.one_of(st.text(max_size=80), st.floats(allow_nan=False), st.none(),
                                                       st.integers(-(2**60), 2**60)), max_size=5),
       st.integers(2, 5))  # fmt: skip
def test_flat_dicts_are_read_as_pickle_would(told: dict[str, object], protocol: int) -> None:
    """Whatever is read is what unpickling would give, or nothing (a memo is referred to)."""
    found = hash_cache._dict(pickle.dumps(told, protocol=protocol))
    assert found in (told, {})


@given(st.binary(max_size=200))
def test_any_bytes_are_a_dict_or_nothing(data: bytes) -> None:
    assert isinstance(hash_cache._dict(data), dict)
