"""What leaves LocalAI with a model: both of its records, and of the files only those that no other record names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import GGUF, OTHER, env_of
from factory import tree, write

from model_manager.stores.discovered import FoundRoot
from model_manager.stores.localai import removal
from model_manager.stores.localai.removal import named_now, remove
from model_manager.stores.parts import CannotRemove, Going, Placed, PlacedFile

YAML = "name: chat\nparameters: {model: m.gguf}\nmmproj: eyes/mmproj.gguf\n"
GALLERY = "files:\n- filename: m.gguf\n- filename: extra.bin\n"
ASIDE = ".model-manager-20260101T000000000Z-00000000-1"


@pytest.fixture
def store(home: Path) -> Path:
    return tree(home / "l", {
        "a.yaml": YAML, "._gallery_a.yaml": GALLERY, "m.gguf": GGUF, "eyes/mmproj.gguf": OTHER, "extra.bin": b"x",
    })  # fmt: skip


def root(store: Path) -> FoundRoot:
    return FoundRoot("localai", str(store))


def placed(store: Path, *names: str, name: str = "chat", elsewhere: tuple[str, ...] = ()) -> Placed:
    roles = {".yaml": "manifest", ".gguf": "weights"}
    files = tuple(PlacedFile(str(store / one), roles.get(Path(one).suffix, "other")) for one in names)  # type: ignore[arg-type]
    return Placed(name, str(store / names[-1]), files, frozenset(str(store / one) for one in elsewhere))


def goes(store: Path, *places: Placed) -> dict[str, str]:
    places = places or (placed(store, "a.yaml", "eyes/mmproj.gguf", "m.gguf"),)
    found = list(remove(root(store), places, env_of(store.parent)))
    return {os.path.relpath(part.path, store): part.why for part in found if isinstance(part, Going)}


def test_the_records_first_then_all_that_they_name(store: Path) -> None:
    found = goes(store)
    assert list(found)[:2] == ["._gallery_a.yaml", "a.yaml"] and set(found) - {"eyes", "eyes/mmproj.gguf"} == {
        "._gallery_a.yaml", "a.yaml", "m.gguf", "extra.bin",
    }  # fmt: skip
    assert found["a.yaml"] == "LocalAI's entry for it"
    assert found["extra.bin"] == "listed with it in LocalAI's gallery, and by no other model"


@pytest.mark.parametrize("other", ["b.yaml", "b.yml", "._gallery_b.yaml"])
@pytest.mark.parametrize("kept, record", [
    ("m.gguf", "parameters: {model: m.gguf}\n"), ("extra.bin", "files:\n- filename: extra.bin\n"),
    ("m.gguf", "[ no YAML, but m.gguf stands in it"),
])  # fmt: skip
def test_what_another_record_names_stays(kept: str, record: str, other: str, store: Path) -> None:
    write(store / other, record)
    found = goes(store)
    assert kept not in found and {"a.yaml", "._gallery_a.yaml"} <= set(found)
    assert ({"m.gguf", "extra.bin"} - {kept}) <= set(found)


def test_a_record_that_cannot_be_read_keeps_the_model(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(store / "b.yaml", "[")

    def unreadable(path: str) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(removal, "read_small", unreadable)
    with pytest.raises(CannotRemove, match="LocalAI's entry of another model cannot be read") as told:
        goes(store)
    assert "it may name the same files" in told.value.hint


def test_the_gallerys_record_has_the_models_name_or_the_yamls(store: Path) -> None:
    write(store / "._gallery_chat.yaml", "files: []\n")
    assert {"._gallery_a.yaml", "._gallery_chat.yaml", "a.yaml"} <= set(goes(store))
    (store / "._gallery_a.yaml").unlink()
    assert "extra.bin" not in goes(store)


def test_weights_without_a_yaml_take_no_record(store: Path) -> None:
    """A bare file of the name that a gallery's record has is another model's."""
    (store / "a.yaml").unlink()
    write(store / "chat.gguf", OTHER)
    assert set(goes(store, placed(store, "chat.gguf"))) == {"chat.gguf"}


def test_a_model_whose_name_is_a_path_leads_nowhere_else(store: Path, home: Path) -> None:
    write(home / "l._gallery_x/._gallery_y.yaml", "files: []\n")
    found = goes(store, placed(store, "a.yaml", "m.gguf", name="../l/a"))
    assert all(not name.startswith("..") for name in found)


def test_what_a_place_that_stays_names_stays(store: Path) -> None:
    found = goes(store, placed(store, "a.yaml", "m.gguf", "extra.bin", elsewhere=("m.gguf", "extra.bin")))
    assert set(found) >= {"a.yaml", "._gallery_a.yaml"} and not {"m.gguf", "extra.bin"} & set(found)


def test_folders_and_links_that_a_gallery_lists(store: Path) -> None:
    """A folder is nobody's file; a link goes as a link."""
    write(store / "folder/x", b"x")
    (store / "link").symlink_to(store / "folder")
    write(store / "._gallery_a.yaml", "files:\n- filename: folder\n- filename: link\n- filename: gone\n")
    found = goes(store)
    assert "link" in found and not {"folder", "gone"} & set(found)


def test_nothing_goes_while_something_lies_aside(store: Path) -> None:
    write(store / ASIDE)
    with pytest.raises(CannotRemove, match="put it aside"):
        goes(store)


def test_a_record_that_came_meanwhile_keeps_its_files(store: Path) -> None:
    asked = [str(store / name) for name in ("m.gguf", "extra.bin", "nobody's")]
    assert list(named_now(root(store), asked, env_of(store.parent))) == []
    (store / "m.gguf").unlink()
    assert list(named_now(root(store), asked, env_of(store.parent))) == [asked[0]]
    assert list(named_now(root(store), asked[1:], env_of(store.parent))) == [], "the weights were not asked about"
