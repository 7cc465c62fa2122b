"""Jan: what model.yml names, beside it or in place, and never outside by `..`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance import GGUF, OTHER, Told, env_of
from factory import sha256, tree, write

from model_manager.stores.tools import jan

DATA = ".local/share/Jan/data"


def model(home: Path, name: str, text: str) -> None:
    write(home / DATA / "llamacpp/models" / name / "model.yml", text)


def test_the_order_of_its_folders(home: Path) -> None:
    for place in (
        "variable/llamacpp/models",
        "chosen/llamacpp/models",
        f"{DATA}/llamacpp/models",
        f"{DATA}/mlx/models",
    ):
        (home / place).mkdir(parents=True)
    write(home / ".local/share/Jan/settings.json", json.dumps({"data_folder": f"{home}/chosen"}))
    found = list(jan.find(env_of(home, JAN_DATA_FOLDER=f"{home}/variable")))
    assert [(root.path.removeprefix(f"{home}/"), root.found_by) for root in found] == [
        ("variable/llamacpp/models", "environment"), ("chosen/llamacpp/models", "config"),
        (f"{DATA}/llamacpp/models", "default"), (f"{DATA}/mlx/models", "default")]  # fmt: skip


def test_inside_a_flatpak(home: Path) -> None:
    (home / ".var/app/ai.jan.Jan/data/Jan/data/llamacpp/models").mkdir(parents=True)
    assert len(list(jan.find(env_of(home)))) == 1


def test_a_downloaded_model_with_its_projector_and_hashes(home: Path) -> None:
    tree(home / DATA / "llamacpp/models/org/m", {"model.gguf": GGUF, "mmproj.gguf": OTHER})
    model(home, "org/m", f"name: My model\nmodel_path: llamacpp/models/org/m/model.gguf\nmodel_sha256: {sha256(GGUF)}\n"
                         "mmproj_path: llamacpp/models/org/m/mmproj.gguf\nmmproj_sha256: nonsense\n")  # fmt: skip
    (found,) = Told("jan", home).models
    assert (found.name, found.title) == ("org/m", "My model")
    assert {file.name: (file.role, file.sha256) for file in found.files} == {
        "model.gguf": ("weights", sha256(GGUF)), "mmproj.gguf": ("projector", None), "model.yml": ("manifest", None)}  # fmt: skip


def test_models_in_place_are_named_where_they_lie(home: Path) -> None:
    tree(home / "mine", {"x.gguf": GGUF, "eyes/mmproj-x.gguf": OTHER})
    model(home, "x", f"model_path: {home}/mine/x.gguf\nmmproj_path: {home}/mine/eyes/mmproj-x.gguf\n")
    (found,) = Told("jan", home).models
    assert found.name == "x" and found.path == f"{home}/mine/x.gguf"
    assert {file.role for file in found.files} == {"weights", "projector", "manifest"}


def test_a_model_that_is_gone(home: Path) -> None:
    model(home, "gone", "model_path: llamacpp/models/gone/model.gguf\n")
    (found,) = Told("jan", home).models
    assert found.health and found.health.verdict == "incomplete"


@pytest.mark.parametrize(
    "path", ["../../../../../outside.gguf", "llamacpp/../../outside.gguf", "/", "/proc", "..", "a\0b"]
)
def test_paths_that_cannot_be_its_own(path: str, home: Path) -> None:
    write(home / ".local/share/outside.gguf", GGUF)
    model(home, "bad", f"model_path: {json.dumps(path)}\n")
    told = Told("jan", home)
    assert all(file.path.startswith(str(home / DATA)) for found in told.models for file in found.files)
    assert told.problems or all(found.health for found in told.models)


def test_files_that_no_record_names_are_listed(home: Path) -> None:
    tree(home / DATA / "llamacpp/models", {"loose/m.gguf": GGUF, "broken/model.yml": "[", "broken/model.gguf": OTHER})
    told = Told("jan", home)
    assert told.names == {"loose/m", "broken/model"} and len(told.problems) == 1


def test_a_payload_of_another_store_is_there(home: Path) -> None:
    """A blob of Ollama or Hugging Face has no suffix; what it is its content says."""
    blob = f".ollama/models/blobs/sha256-{sha256(GGUF)}"
    tree(home, {blob: GGUF, "notes/list": b"eggs, milk"})
    model(home, "blob", f"model_path: {home}/{blob}\n")
    model(home, "no", f"model_path: {home}/notes/list\n")
    models = {found.name: found for found in Told("jan", home).models}
    assert models["blob"].health is None and models["blob"].path == f"{home}/{blob}"
    assert {file.role: file.path for file in models["blob"].files}["weights"] == f"{home}/{blob}"
    health = models["no"].health
    assert health and health.verdict == "incomplete" and "which is no model" in health.detail
