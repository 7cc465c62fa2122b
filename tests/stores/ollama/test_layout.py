"""What names, manifests and blobs of an Ollama store mean."""

from __future__ import annotations

import pytest

from model_manager.stores.ollama.layout import (
    Parts,
    blob_being_loaded,
    blob_of,
    is_blob,
    is_manifest,
    layers_of,
    name_of,
    parts_in_path,
    parts_of,
)

HEX = "a" * 64
NAMES: list[tuple[Parts, str]] = [
    (("registry.ollama.ai", "library", "qwen3", "8b"), "qwen3:8b"),
    (("registry.ollama.ai", "someone", "m", "latest"), "someone/m:latest"),
    (("hf.co", "org", "M-GGUF", "Q4_K_M"), "hf.co/org/M-GGUF:Q4_K_M"),
    (("hf.co", "library", "m", "x"), "hf.co/library/m:x"),
    (("localhost:5000", "a", "b", "c"), "localhost:5000/a/b:c"),
]


@pytest.mark.parametrize("parts, name", NAMES)
def test_names_as_ollama_list_shows_them_and_back(parts: Parts, name: str) -> None:
    assert name_of(parts) == name and parts_of(name) == parts


@pytest.mark.parametrize("below, is_one", [
    ("manifests/h/n/m/t", True), ("manifests/h/n/m", False), ("manifests/h/n/m/t/x", False), ("blobs/h/m/t", False),
])  # fmt: skip
def test_a_manifest_lies_four_levels_deep(below: str, is_one: bool) -> None:
    assert is_manifest("/o", f"/o/{below}") is is_one
    assert parts_in_path(f"/o/{below}") == (("h", "n", "m", "t") if is_one else ())


@pytest.mark.parametrize("name, is_one", [
    (f"sha256-{HEX}", True), (f"sha256-{HEX}-partial", False), (f"sha256-{HEX[1:]}", False), (f"sha256:{HEX}", False),
    (f"x-sha256-{HEX}", False), ("sha256-" + "A" * 64, False),
])  # fmt: skip
def test_a_blob_is_called_after_its_bytes(name: str, is_one: bool) -> None:
    assert is_blob(name) is is_one


@pytest.mark.parametrize("name, blob", [
    (f"sha256-{HEX}-partial", f"sha256-{HEX}"), (f"sha256-{HEX}-partial-12", f"sha256-{HEX}"), (f"sha256-{HEX}", ""),
    (f"sha256-{HEX}-partial-x", ""), (f"sha256-{HEX}-partial.txt", ""),
])  # fmt: skip
def test_the_parts_of_a_download(name: str, blob: str) -> None:
    assert blob_being_loaded(name) == blob


@pytest.mark.parametrize("digest, blob", [
    (f"sha256:{HEX}", f"sha256-{HEX}"), (f"sha256-{HEX}", f"sha256-{HEX}"), ("sha256:../../x", ""), ("", ""), (None, ""),
    (7, ""), (f"sha256:{HEX}0", ""), (f"md5:{HEX}", ""),
])  # fmt: skip
def test_digests_lead_to_blobs_alone(digest: object, blob: str) -> None:
    assert blob_of(digest) == blob


def layer(digit: str) -> dict[str, object]:
    return {"digest": "sha256:" + digit * 64}


def test_the_configuration_comes_first() -> None:
    found = layers_of({"config": layer("1"), "layers": [layer("2"), layer("3")]})
    assert found == [(layer(digit), "sha256-" + digit * 64) for digit in "123"]
    assert layers_of({"layers": [layer("2")]}) == [(layer("2"), "sha256-" + "2" * 64)]


@pytest.mark.parametrize("manifest", [
    None, [], "x", {}, {"layers": {}}, {"layers": []}, {"layers": [7]}, {"layers": [{}]}, {"config": layer("1")},
    {"config": {"digest": "x"}, "layers": [layer("2")]}, {"config": 7, "layers": [layer("2")]},
    {"config": layer("1"), "layers": [layer("2"), {"digest": "x"}]},
])  # fmt: skip
def test_half_a_manifest_is_not_known(manifest: object) -> None:
    assert layers_of(manifest) is None
