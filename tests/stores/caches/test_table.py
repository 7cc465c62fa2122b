"""The plain caches as rows: each can be understood, and a tool's own settings say where else it looks."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance import env_of
from factory import write

from model_manager.stores.caches.table import CACHES, Cache
from model_manager.stores.tool_facts import TOOLS

KINDS = {"home", "cache", "xdg", "config", "data", "root", "named"}


@pytest.mark.parametrize("cache", CACHES, ids=lambda cache: f"{cache.tool}-{cache.places[0]}")
def test_every_row_can_be_understood(cache: Cache) -> None:
    assert cache.tool in TOOLS and cache.places
    for place in cache.places:
        kind, colon, below = place.partition(":")
        assert kind in KINDS and colon and below and ".." not in below.split("/")
        assert below.startswith("/") is (kind == "root")
    assert all(name and name.upper() == name for name, _below in cache.variables)


def test_no_place_belongs_to_two_rows() -> None:
    places = [place for cache in CACHES for place in cache.places]
    assert len(places) == len(set(places))


def row(tool: str) -> Cache:
    return next(cache for cache in CACHES if cache.tool == tool)


def test_tools_that_keep_no_settings_name_no_folder(home: Path) -> None:
    assert list(row("whisper").settings(env_of(home))) == []


@pytest.mark.parametrize("key", ["models_dir", "lang_models_dir"])
@pytest.mark.parametrize("base", [".config", ".var/app/net.mkiol.SpeechNote/config"])
def test_speech_note_under_both_of_its_keys(base: str, key: str, home: Path) -> None:
    write(home / base / "net.mkiol/dsnote/settings.conf", f"[service]\n{key}=/voices\n[other]\nmodels_dir=/no\n")
    assert [place for place in row("speech-note").settings(env_of(home)) if place] == ["/voices"]


@pytest.mark.parametrize("key", ["vosk_folder_path", "whisperModelFolder"])
@pytest.mark.parametrize("group", ["speech", "env", "General"])
def test_kdenlive_in_each_group_that_is_likely(group: str, key: str, home: Path) -> None:
    write(home / ".config/kdenliverc", f"[{group}]\n{key}=/speech\n")
    write(home / ".var/app/org.kde.kdenlive/config/kdenliverc", f"[{group}]\n{key}=/flat\n")
    assert [place for place in row("kdenlive").settings(env_of(home)) if place] == ["/speech", "/flat"]


def test_what_a_row_leaves_unsaid() -> None:
    cache = Cache("whisper", ("home:x",))
    assert (cache.category, cache.variables, cache.layout, cache.whole, cache.prefixed) == (
        "",
        (),
        "tree",
        False,
        False,
    )
