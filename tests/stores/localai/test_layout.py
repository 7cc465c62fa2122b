"""What LocalAI's YAML files say a model has; nothing that they name lies outside the models folder."""

from __future__ import annotations

import pytest

from model_manager.stores.localai.layout import fetched, files_of, inside, is_gallery, is_yaml, projector_of, weights_of

HEX = "A" * 64


@pytest.mark.parametrize("name, yaml, gallery", [
    ("m.yaml", True, False), ("m.yml", True, False), ("._gallery_m.yaml", True, True), ("m.yaml.bak", False, False),
    ("m.gguf", False, False),
])  # fmt: skip
def test_names_of_its_files(name: str, yaml: bool, gallery: bool) -> None:
    assert is_yaml(name) is yaml and is_gallery(name) is gallery


@pytest.mark.parametrize("name, place", [
    ("m.gguf", "/l/m.gguf"), ("sub/../m.gguf", "/l/m.gguf"), ("/l/m.gguf", "/l/m.gguf"), ("../m.gguf", ""), ("/etc/x", ""),
    ("", ""), (".", ""), (None, ""), (7, ""), ("a\0b", ""), ("../lx/m", ""),
])  # fmt: skip
@pytest.mark.parametrize("root", ["/l", "/l/"])
def test_only_what_lies_below_the_models_folder(root: str, name: object, place: str) -> None:
    assert inside(root, name) == place


def test_weights_projector_and_what_the_gallery_fetched() -> None:
    settings = {
        "parameters": {"model": "m.gguf"}, "mmproj": "eyes.gguf",
        "files": [{"filename": "m.gguf", "sha256": HEX}, {"filename": "../x"}, 7, {"filename": "n", "sha256": "12"}, {"sha256": HEX}],
    }  # fmt: skip
    assert weights_of("/l", settings) == "/l/m.gguf" and projector_of("/l", settings) == "/l/eyes.gguf"
    assert list(fetched("/l", settings)) == [("/l/m.gguf", HEX.lower()), ("/l/n", "")]
    assert list(files_of("/l", settings)) == ["/l/eyes.gguf", "/l/m.gguf", "/l/m.gguf", "/l/n"]


@pytest.mark.parametrize(
    "settings", [{}, {"parameters": "m.gguf"}, {"files": "m.gguf"}, {"files": {}}, {"parameters": {}}]
)
def test_settings_that_name_nothing(settings: dict[str, object]) -> None:
    assert list(files_of("/l", settings)) == []
