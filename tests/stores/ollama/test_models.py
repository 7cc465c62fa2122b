"""What a tag is told to be by its manifest and Ollama's own record; which blobs nobody names."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from conformance import facts
from factory import gguf_bytes, ollama_model, sha256, write

from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.ollama import service
from model_manager.stores.ollama.models import describe
from model_manager.stores.walk.store_reader import StoreReader

GGUF, OTHER = gguf_bytes(seed=41), gguf_bytes(seed=42)
NAME = "registry.ollama.ai/library/m/x"


def told(store: Path) -> tuple[list[FoundModel], list[Leftover], StoreReader]:
    reader = StoreReader(facts)
    items = list(describe(FoundRoot("ollama", str(store)), reader))
    return (
        [one for one in items if isinstance(one, FoundModel)],
        [one for one in items if isinstance(one, Leftover)],
        reader,
    )


def one(store: Path) -> FoundModel:
    (model,), _rests, _look = told(store)
    return model


def claims(store: Path, config: dict[str, object]) -> set[tuple[str, object, str]]:
    ollama_model(store, NAME, {"model": GGUF}, config)
    return {(claim.field, claim.value, claim.source) for claim in one(store).claims}


@pytest.mark.parametrize("config, told", [
    ({"file_type": "Q4_K_M", "model_family": "llama"}, {("quant_label", "Q4_K_M", "sidecar"), ("architecture", "llama", "sidecar")}),
    ({"file_type": "", "model_family": 7}, set()),
    ({"context_length": 4096}, {("context_length", 4096, "sidecar")}),
    ({"context_length": 0}, set()), ({"context_length": "4096"}, set()),
    ({"capabilities": ["vision", "audio", "tools", "embedding", "other", 7]},
     {("vision", True, "sidecar"), ("audio", True, "sidecar"), ("tool_use", True, "sidecar"), ("category", "embedding", "sidecar")}),
    ({"capabilities": "vision"}, set()),
    ({"model_format": "safetensors"}, {("category", "llm", "folder")}),
    ({"remote_host": "https://ollama.com", "model_format": "safetensors"}, {("tag", "cloud", "sidecar"), ("category", "llm", "sidecar")}),
])  # fmt: skip
def test_what_ollama_recorded_of_a_model(config: dict[str, object], told: set[object], home: Path) -> None:
    assert claims(home, {"x": 1, **config}) == told


@pytest.mark.parametrize("kind, role", [
    ("model", "weights"), ("projector", "projector"), ("adapter", "adapter"), ("tensor", "weights"), ("draft", "other"),
    ("json", "config"), ("params", "config"), ("license", "other"),
])  # fmt: skip
def test_the_role_of_each_layer(kind: str, role: str, home: Path) -> None:
    ollama_model(home, NAME, {kind: OTHER})
    layer = next(file for file in one(home).files if file.sha256 == sha256(OTHER))
    assert (layer.role, layer.name, layer.sha256_source) == (role, kind, "blob-name")


def test_the_configuration_and_the_manifest_are_its_files_too(home: Path) -> None:
    path = ollama_model(home, NAME, {"model": GGUF})
    model = one(home)
    assert (model.files[0].role, model.files[0].path) == ("manifest", str(path))
    assert sum(file.role == "config" for file in model.files) == 1 and model.path == str(path) and model.name == "m:x"
    assert model.source and (model.source.hub, model.source.repo, model.source.file) == ("ollama", "library/m", "x")
    assert model.health is None


@pytest.mark.parametrize(
    "host, hub", [("hf.co", "huggingface"), ("huggingface.co", "huggingface"), ("x.org", "ollama")]
)
def test_where_it_came_from(host: str, hub: str, home: Path) -> None:
    ollama_model(home, f"{host}/org/repo/Q4", {"model": GGUF})
    source = one(home).source
    assert source and (source.hub, source.repo) == (hub, "org/repo")


def test_what_is_shown_of_a_tag_is_short_text(home: Path) -> None:
    ollama_model(home, NAME, {"template": b"t", "system": b"\xff", "params": b"p" * 65_536, "license": b"MIT"})
    assert one(home).details == {"template": "t", "system": "\ufffd"}
    ollama_model(home, NAME, {"params": b"p" * 65_535})
    assert one(home).details == {"params": "p" * 65_535}


def test_missing_blobs_are_counted_and_three_named(home: Path) -> None:
    layers = {kind: kind.encode() for kind in ("model", "license", "system", "template")}
    ollama_model(home, NAME, layers)
    for data in layers.values():
        (home / f"blobs/sha256-{sha256(data)}").unlink()
    health = one(home).health
    assert health and health.verdict == "incomplete" and health.detail.startswith("4 of its blobs are missing: sha256-")
    assert health.detail.count("sha256-") == 3


def test_half_a_manifest_is_listed_and_keeps_every_blob(home: Path) -> None:
    path = ollama_model(home, NAME, {"model": GGUF})
    record = json.loads(path.read_text())
    record["layers"].append({"digest": "sha256:x"})
    path.write_text(json.dumps(record))
    old(home, "0")
    (model,), rests, reader = told(home)
    assert [file.role for file in model.files] == ["manifest"] and rests == []
    assert any("no whole manifest; Ollama prunes nothing" in problem.why for problem in reader.problems)


def old(store: Path, digit: str, age: float = 3 * 86_400, ending: str = "") -> Path:
    path = write(store / "blobs" / f"sha256-{digit * 64}{ending}", b"x" * 10)
    os.utime(path, (time.time() - age, time.time() - age))
    return path


def test_without_a_manifest_at_all_nothing_is_an_orphan(home: Path) -> None:
    old(home, "0")
    (home / "manifests/registry.ollama.ai").mkdir(parents=True)
    models, rests, reader = told(home)
    assert models == [] and rests == [] and any("is called unused until" in problem.why for problem in reader.problems)


@pytest.mark.parametrize("age, is_one", [(3590, False), (3700, True)])
def test_a_blob_of_the_last_hour_may_get_its_name_yet(age: float, is_one: bool, home: Path) -> None:
    ollama_model(home, NAME, {"model": GGUF})
    path = old(home, "0", age)
    (*rests,) = told(home)[1]
    assert [(rest.kind, rest.path, rest.size, rest.of) for rest in rests] == (
        [("orphan", str(path), 10, "no Ollama model names this blob")] if is_one else []
    )


def test_a_download_is_one_leftover_with_all_its_bytes(home: Path) -> None:
    ollama_model(home, NAME, {"model": GGUF})
    main = old(home, "1", ending="-partial")
    old(home, "1", ending="-partial-0"), old(home, "0")
    by_kind = {rest.kind: rest for rest in told(home)[1]}
    assert set(by_kind) == {"partial", "orphan"}
    assert (by_kind["partial"].path, by_kind["partial"].size, by_kind["partial"].of) == (
        str(main),
        20,
        f"sha256-{'1' * 64}",
    )


def test_an_unreadable_store_is_told_by_the_service(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ollama_model(home, NAME, {"model": GGUF})
    monkeypatch.setattr(service, "tags", lambda: [{"name": "told:1"}])
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert [model.name for model in told(home)[0]] == ["told:1"]
    monkeypatch.undo()
    monkeypatch.setattr(service, "tags", lambda: [{"name": "told:2"}])
    (home / "blobs").rename(home / "b")
    write(home / "blobs", b"no folder")
    assert [model.name for model in told(home)[0]] == ["told:2"]
