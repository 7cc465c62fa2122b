"""The models and leftovers among the files of one folder."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path

import pytest
from conformance import facts
from factory import gguf_bytes, safetensors_bytes, tree

from model_manager.base.facts import Claim
from model_manager.stores.discovered import FoundModel, Leftover
from model_manager.stores.grouping.file_names import may_matter
from model_manager.stores.walk import folder_models
from model_manager.stores.walk.folder_models import models_in, notes_among
from model_manager.stores.walk.plain import Plain, top_folder
from model_manager.stores.walk.store_reader import StoreReader

GGUF = gguf_bytes(seed=51)
TENSORS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=52)
Content = dict[str, bytes | str]


def listed(folder: Path) -> dict[str, os.DirEntry[str]]:
    return {entry.name: entry for entry in os.scandir(folder) if not entry.is_dir()}


def told(
    home: Path, content: Content, plain: Plain | None = None, whole: bool = False
) -> tuple[dict[str, FoundModel], dict[str, Leftover]]:
    folder = home / "folder"
    folder.mkdir(exist_ok=True)
    tree(folder, content)
    files, plain = listed(folder), plain or Plain()
    items = list(models_in(top_folder(str(folder), plain), files, may_matter(files), StoreReader(facts), plain, whole))
    models = {item.name: item for item in items if isinstance(item, FoundModel)}
    rests = {os.path.basename(item.path): item for item in items if isinstance(item, Leftover)}
    assert len(models) + len(rests) == len(items)
    return models, rests


def parts(found: FoundModel) -> dict[str, str]:
    return {file.name: file.role for file in found.files}


def npy(descr: str, content: bytes) -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def test_each_file_a_model_with_what_follows_it(home: Path) -> None:
    models, rests = told(
        home, {"a.gguf": GGUF, "a.png": b"p", "b.safetensors": TENSORS, "b.json": b"{}", "notes.md": b"mine"}
    )
    assert {name: parts(one) for name, one in models.items()} == {
        "a": {"a.gguf": "weights", "a.png": "sidecar"}, "b": {"b.json": "sidecar", "b.safetensors": "weights"},
    }  # fmt: skip
    assert not rests and models["a"].path == str(home / "folder/a.gguf") and not models["a"].is_folder


def test_nothing_that_matters_is_no_model(home: Path) -> None:
    assert told(home, {"notes.md": b"mine", "a.png": b"p"}) == ({}, {})


def test_shards_are_one_and_what_is_missing_is_told(home: Path) -> None:
    models, _ = told(home, {"m-00001-of-00003.gguf": GGUF, "m-00003-of-00003.gguf": GGUF})
    (one,) = models.values()
    assert len(one.files) == 2 and one.health is not None
    assert one.health.verdict == "incomplete" and "m-00002-of-00003.gguf" in one.health.detail


def test_a_whole_folder_is_one_model_named_after_it(home: Path) -> None:
    models, _ = told(home, {"config.json": "{}", "model.safetensors": TENSORS, "tokenizer.json": "{}"}, whole=True)
    (one,) = models.values()
    assert (one.name, one.title, one.path, one.is_folder) == ("folder", "folder", str(home / "folder"), True)
    assert parts(one)["model.safetensors"] == "weights" and parts(one)["config.json"] == "config"


def test_unfinished_downloads_are_leftovers_and_others_are_not(home: Path) -> None:
    models, rests = told(
        home, {"a.gguf": GGUF, "b.gguf.part": b"x" * 2000, "incomplete-c.gguf": b"y", "film.mkv.part": b"z"}
    )
    assert models.keys() == {"a"} and rests.keys() == {"b.gguf.part", "incomplete-c.gguf"}
    assert (rests["b.gguf.part"].kind, rests["b.gguf.part"].of, rests["b.gguf.part"].size) == (
        "partial",
        "b.gguf",
        2000,
    )
    assert rests["incomplete-c.gguf"].of == "c.gguf"


def test_a_note_beside_a_file_at_full_length_goes_with_it(home: Path) -> None:
    models, rests = told(home, {"a.gguf": GGUF, "a.gguf.aria2": b"note"})
    assert not rests and parts(models["a"]) == {"a.gguf": "weights", "a.gguf.aria2": "other"}
    health = models["a"].health
    assert health and (health.verdict, health.detail) == (
        "incomplete",
        "a.gguf.aria2 lies beside it: its download has not ended",
    )


def test_what_is_too_large_for_a_note_is_the_download(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(home, {"a.gguf": GGUF, "a.gguf.part": b"x" * 100, "b.gguf.part": b"x"})
    assert notes_among({"a.gguf.part", "b.gguf.part"}, listed(home), StoreReader(facts)).keys() == {"a.gguf"}
    monkeypatch.setattr(folder_models, "LARGEST_NOTE", 100)
    assert notes_among({"a.gguf.part"}, listed(home), StoreReader(facts)) == {}


def test_rests_of_training_beside_weights(home: Path) -> None:
    _, rests = told(home, {"model.safetensors": TENSORS, "optimizer.pt": b"o" * 9, "rng_state_0.pth": b"r"})
    assert {name: (one.kind, one.of) for name, one in rests.items()} == {
        "optimizer.pt": ("training-leftover", str(home / "folder")), "rng_state_0.pth": ("training-leftover", str(home / "folder")),
    }  # fmt: skip


def test_alone_a_rest_of_training_is_none(home: Path) -> None:
    assert told(home, {"optimizer.pt": b"o"})[1] == {}


def test_an_ambiguous_name_is_a_model_by_its_content_or_where_a_tools_folder_is_believed(home: Path) -> None:
    stranger = Plain(believed=False)
    assert told(home, {"x.bin": b"anything", "y.bin": b""}, stranger)[0] == {}
    assert told(home, {"z.bin": GGUF}, stranger)[0].keys() == {"z"}


def test_an_error_page_under_a_models_name_is_a_failed_download_only_where_it_is_believed(home: Path) -> None:
    page = {"x.bin": b"<!DOCTYPE html><html><body>404</body></html>"}
    assert told(home, page, Plain(believed=True))[0].keys() == {"x"}


def test_arrays_are_models_where_they_are_pickles(home: Path) -> None:
    objects = npy("|O", pickle.dumps([1]))
    models, _ = told(home, {"table.npy": objects, "data.npy": npy("<f4", b"1234")})
    assert models.keys() == {"table"}
    many = {f"t{n}.npy": objects for n in range(70)}
    assert told(home / "folder", many)[0] == {}  # somebody's data


def test_what_the_tool_and_the_folder_say(home: Path) -> None:
    own = Claim("base_model", "SDXL 1.0", "folder", "")
    models, _ = told(home, {"a.safetensors": TENSORS}, Plain({"": "diffusion/lora"}, claims=(own,)))
    assert models["a"].claims == (own, Claim("category", "diffusion/lora", "folder", "the tool's folder"))


def test_a_file_that_went_meanwhile_is_no_model(home: Path) -> None:
    folder = home / "folder"
    tree(folder, {"a.gguf": GGUF, "b.gguf": GGUF})
    files = listed(folder)
    (folder / "a.gguf").unlink()
    found = list(
        models_in(top_folder(str(folder), Plain()), files, may_matter(files), StoreReader(facts), Plain(), False)
    )
    assert [one.name for one in found if isinstance(one, FoundModel)] == ["b"]
