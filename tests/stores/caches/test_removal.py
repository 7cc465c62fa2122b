"""What a plain cache may not give away: models of the program itself, and what another model needs."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conformance import env_of
from factory import write

from model_manager.stores.caches.removal import must_not_be_bundled, must_not_be_needed
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.parts import CannotRemove, Placed, PlacedFile


@pytest.mark.parametrize(
    "path", ["/opt/Upscayl/resources/models", "/Applications/Upscayl.app/Contents/Resources/models/"]
)
def test_upscayls_own_models_stay(path: str) -> None:
    with pytest.raises(CannotRemove, match="these models are a part of Upscayl") as told:
        must_not_be_bundled(FoundRoot("upscayl", path))
    assert told.value.hint == "remove Upscayl itself, if that is meant"


@pytest.mark.parametrize(
    "path", ["/home/me/.local/share/upscayl/models", "/home/me/myresources/models", "/home/me/resources/models/mine"]
)
def test_ones_own_may_go(path: str) -> None:
    must_not_be_bundled(FoundRoot("upscayl", path))


def placed(home: Path, *names: str) -> list[Placed]:
    return [Placed(name, str(home / "m" / name), (PlacedFile(str(home / "m" / name), "weights"),)) for name in names]


def asked(home: Path, *names: str) -> None:
    must_not_be_needed(FoundRoot("speech-note", str(home / "m")), placed(home, *names), env_of(home))


def catalogue(home: Path, *records: object, base: str = ".local/share") -> None:
    write(home / base / "net.mkiol/dsnote/models.json", json.dumps({"models": records}))


@pytest.fixture
def voice(home: Path) -> dict[str, object]:
    for name in ("voice", "vocoder", "other"):
        write(home / "m" / name, b"x")
    return {"name": "English voice", "file_name": "voice", "sups": [{"file_name": "vocoder"}]}


@pytest.mark.parametrize(
    "base", [".local/share", ".config", ".var/app/net.mkiol.SpeechNote/data", ".var/app/net.mkiol.SpeechNote/config"]
)
@pytest.mark.parametrize("key", ["sups", "sup_models"])
def test_a_vocoder_that_a_voice_needs_stays(base: str, key: str, voice: dict[str, object], home: Path) -> None:
    catalogue(home, 7, {"name": "x"}, {"name": "English voice", "file_name": "voice", key: voice["sups"]}, base=base)
    with pytest.raises(CannotRemove, match="Speech Note's English voice needs it") as told:
        asked(home, "other", "vocoder")
    assert "m/vocoder" in str(told.value) and told.value.hint == "remove that one first, or both in Speech Note"


def test_a_file_within_a_helpers_folder_is_it_too(voice: dict[str, object], home: Path) -> None:
    os.unlink(home / "m/vocoder")
    write(home / "m/vocoder/sub/weights", b"x")
    catalogue(home, voice)
    with pytest.raises(CannotRemove, match="needs it"):
        asked(home, "vocoder/sub/weights")


def test_both_together_may_go_and_what_nobody_needs(voice: dict[str, object], home: Path) -> None:
    catalogue(home, voice)
    asked(home, "voice", "vocoder")
    asked(home, "voice")
    asked(home, "other")


def test_a_voice_that_is_not_here_needs_nothing(voice: dict[str, object], home: Path) -> None:
    catalogue(home, voice)
    (home / "m/voice").unlink()
    asked(home, "vocoder")


@pytest.mark.parametrize("change, why", [
    ({"file_name": None, "model_id": "voice"}, "English voice needs it"), ({"name": ""}, "Note's voice needs it"),
    ({"name": "n" * 300}, f"Note's {'n' * 200} needs it"),
])  # fmt: skip
def test_by_the_names_that_its_record_has(
    change: dict[str, object], why: str, voice: dict[str, object], home: Path
) -> None:
    catalogue(home, {**voice, **change})
    with pytest.raises(CannotRemove, match=why):
        asked(home, "vocoder")


@pytest.mark.parametrize("change", [
    {"file_name": 7}, {"file_name": "../m/voice"}, {"sups": "vocoder"}, {"sups": [7, {"file_name": 7}]}, {"sups": []},
])  # fmt: skip
def test_a_strange_record_forbids_nothing(change: dict[str, object], voice: dict[str, object], home: Path) -> None:
    catalogue(home, {**voice, **change})
    asked(home, "vocoder")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"models": 7}'])
def test_a_list_that_cannot_be_read_hides_no_other(text: str, voice: dict[str, object], home: Path) -> None:
    write(home / ".local/share/net.mkiol/dsnote/models.json", text)
    asked(home, "vocoder")
    catalogue(home, voice, base=".config")
    with pytest.raises(CannotRemove, match="needs it"):
        asked(home, "vocoder")
