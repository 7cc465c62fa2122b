"""Stability Matrix: where its library is; links of its packages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from factory import sha256, tree, write
from looking import WEIGHTS, env_of, process, read, untouched

from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.tools import stability_matrix
from model_manager.stores.walk.store_reader import StoreReader


def library(home: Path, value: object) -> None:
    write(home / ".config/StabilityMatrix/library.json", json.dumps({"LibraryPath": value}))


def test_the_library_and_its_sidecars(home: Path) -> None:
    info = {
        "ModelName": "Nice",
        "ModelType": "LORA",
        "BaseModel": "Pony",
        "TrainedWords": ["w"],
        "Hashes": {"SHA256": sha256(WEIGHTS)},
    }
    tree(home / "SM", {"Models/Lora/l.safetensors": WEIGHTS, "Models/Lora/l.cm-info.json": json.dumps(info),
         "Models/Lora/l.preview.jpeg": b"x", "Models/DiffusionModels/d.gguf": WEIGHTS,
         "Models/CLIP/c.safetensors": WEIGHTS})  # fmt: skip
    library(home, str(home / "SM"))
    with untouched(home):
        seen = read("stability-matrix", env_of(home))
    assert seen.found_by(home) == [("SM/Models", "config")]
    assert seen.category("Lora/l") == "diffusion/lora" and seen.category("CLIP/c") == "diffusion/text_encoders"
    assert seen.category("DiffusionModels/d") == "diffusion/diffusion_models"
    claims = {(claim.field, claim.value) for claim in seen.one("Lora/l").claims}
    assert {("name", "Nice"), ("base_model", "Pony"), ("trigger_words", "w")} <= claims
    weights = next(file for file in seen.one("Lora/l").files if file.role == "weights")
    assert (weights.sha256, weights.sha256_source) == (sha256(WEIGHTS), "sidecar")


def test_portable_and_moved(home: Path) -> None:
    tree(
        home / "apps/one",
        {"StabilityMatrix.AppImage": "", "Data/.sm-portable": "", "Data/Models/VAE/v.safetensors": WEIGHTS},
    )
    tree(home / "apps/two", {"Data/.sm-portable": "", "Data/Models/VAE/w.safetensors": WEIGHTS,
         "Data/settings.json": json.dumps({"ModelDirectoryOverride": str(home / "far")})})  # fmt: skip
    tree(home / "far", {"VAE/f.safetensors": WEIGHTS})
    seen = read("stability-matrix", env_of(home))
    assert seen.found_by(home) == [("apps/one/Data/Models", "default"), ("far", "config")]


def test_a_packages_links_into_the_library_are_not_read_twice(home: Path) -> None:
    base = tree(home / "SM/Data", {".sm-portable": "", "Models/Lora/l.safetensors": WEIGHTS})
    package = tree(
        base / "Packages/ComfyUI", {"main.py": "", "folder_paths.py": "", "models/vae/own.safetensors": WEIGHTS}
    )
    (package / "models/loras").symlink_to(base / "Models/Lora")
    (package / "models/all").symlink_to(base / "Models")
    env = env_of(home)
    assert read("stability-matrix", env).names == {"Lora/l"}
    (root,) = BY_TOOL["comfyui"].find(env)
    assert root.path == str(package / "models"), "a package lies four levels deep"
    shared = str(base / "Models")
    looking = StoreReader(lambda path, stat: pytest.fail(path), frozenset({shared}))
    found = [item.name for item in BY_TOOL["comfyui"].describe(root, looking)]  # type: ignore[union-attr]
    assert found == ["vae/own"] and looking.met == {shared, str(base / "Models/Lora")}


def test_a_library_in_a_hidden_folder(home: Path) -> None:
    base = tree(
        home / ".config/StabilityMatrix",
        {"Packages/f/webui.py": "", "Packages/f/launch.py": "", "Models/VAE/v.sft": WEIGHTS},
    )
    tree(base / "Packages/f", {"modules/x.py": "", "modules_forge/x.py": "", "models/VAE/own.safetensors": WEIGHTS})
    library(home, str(base))
    assert read("stability-matrix", env_of(home)).names == {"VAE/v"}
    assert read("forge", env_of(home)).names == {"VAE/own"}


@pytest.mark.parametrize("value", ["/", "..", "", 5, None, "\0", "\ud800", ["x"]])
def test_hostile_library(value: object, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(home / "here/Models/VAE", {"v.safetensors": WEIGHTS})
    (home / "here/below").mkdir()
    write(home / "here/settings.json", json.dumps({"ModelDirectoryOverride": str(home / "here/Models")}))
    monkeypatch.chdir(home / "here/below")
    library(home, value)
    assert read("stability-matrix", env_of(home)).roots == []


@pytest.mark.parametrize("value", ["/", "../..", 7])
def test_hostile_override(value: object, home: Path) -> None:
    tree(
        home / "SM",
        {"Models/VAE/v.safetensors": WEIGHTS, "settings.json": json.dumps({"ModelDirectoryOverride": value})},
    )
    library(home, str(home / "SM"))
    assert all(root.path == str(home / "SM/Models") for root in read("stability-matrix", env_of(home)).roots)


def test_in_use(home: Path) -> None:
    assert stability_matrix.STORE.in_use(env_of(home, process(home, "/tmp/.mount/StabilityMatrix.Avalonia")))
    assert stability_matrix.STORE.in_use(env_of(home)) is None
