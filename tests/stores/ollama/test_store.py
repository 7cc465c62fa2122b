"""Ollama: tags as the server names them, blobs that nothing names, and manifests that cannot be read."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from conformance import env_of, facts
from factory import gguf_bytes, ollama_model, sha256, write

from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env, Process
from model_manager.stores.ollama import store as ollama
from model_manager.stores.parts import CannotRemove
from model_manager.stores.walk.store_reader import StoreReader

GGUF, OTHER = gguf_bytes(seed=41), gguf_bytes(seed=42)


def told(base: Path) -> tuple[dict[str, FoundModel], list[Leftover], StoreReader]:
    reader = StoreReader(facts)
    items = list(ollama.describe(FoundRoot("ollama", str(base)), reader))
    models = {item.name: item for item in items if isinstance(item, FoundModel)}
    return models, [item for item in items if isinstance(item, Leftover)], reader


@pytest.mark.parametrize(("manifest", "name"), [
    ("registry.ollama.ai/library/qwen3/8b", "qwen3:8b"), ("registry.ollama.ai/someone/m/latest", "someone/m:latest"),
    ("hf.co/bartowski/M-GGUF/Q4_K_M", "hf.co/bartowski/M-GGUF:Q4_K_M"), ("localhost:5000/a/b/c", "localhost:5000/a/b:c")])  # fmt: skip
def test_names_as_ollama_list_shows_them(manifest: str, name: str, home: Path) -> None:
    ollama_model(home, manifest, {"model": GGUF})
    models, rests, reader = told(home)
    assert set(models) == {name} and rests == [] and reader.problems == []
    hub = "huggingface" if manifest.startswith("hf.co") else "ollama"
    assert models[name].source and models[name].source.hub == hub


def test_layers_have_roles_hashes_and_words(home: Path) -> None:
    layers = {
        "model": GGUF,
        "projector": OTHER,
        "template": b"{{ .Prompt }}",
        "params": b'{"temperature": 1}',
        "license": b"MIT",
    }
    ollama_model(home, "registry.ollama.ai/library/m/x", layers,
                 {"file_type": "Q4_K_M", "model_family": "llama", "context_length": 4096, "capabilities": ["vision", "tools", 7]})  # fmt: skip
    model = told(home)[0]["m:x"]
    roles = {file.name: file.role for file in model.files}
    assert roles["model"] == "weights" and roles["projector"] == "projector" and roles["manifest"] == "manifest"
    assert {file.sha256 for file in model.files if file.role == "weights"} == {sha256(GGUF)}
    assert model.details == {"template": "{{ .Prompt }}", "params": '{"temperature": 1}'}
    claims = {(claim.field, claim.value) for claim in model.claims}
    assert claims >= {("quant_label", "Q4_K_M"), ("context_length", 4096), ("vision", True), ("tool_use", True)}


def test_two_tags_share_their_weights(home: Path) -> None:
    for tag in ("a", "b"):
        ollama_model(home, f"registry.ollama.ai/library/m/{tag}", {"model": GGUF, "system": tag.encode()})
    models, rests, _look = told(home)
    weights = {file.path for model in models.values() for file in model.files if file.role == "weights"}
    assert len(models) == 2 and len(weights) == 1 and rests == []


def old(path: Path, days: float = 3) -> Path:
    """Written to some days ago."""
    then = time.time() - days * 86_400
    os.utime(path, (then, then))
    return path


def kinds(base: Path) -> dict[str, str]:
    return {os.path.basename(rest.path): rest.kind for rest in told(base)[1]}


def test_orphans_and_downloads(home: Path) -> None:
    ollama_model(home, "registry.ollama.ai/library/m/x", {"model": GGUF})
    orphan = old(write(home / "blobs" / f"sha256-{'0' * 64}", b"x" * 10))
    sparse = write(home / "blobs" / f"sha256-{'1' * 64}-partial")
    os.truncate(sparse, 50 << 20)  # the whole size from the start, whatever has come
    old(sparse)
    old(write(home / "blobs" / f"sha256-{'1' * 64}-partial-0", '{"N":0}'))
    write(home / "blobs/thesis.docx", b"hello")
    rests = {os.path.basename(rest.path): rest for rest in told(home)[1]}
    assert {name: rest.kind for name, rest in rests.items()} == {orphan.name: "orphan", sparse.name: "partial"}
    partial = rests[sparse.name]
    assert partial.size == (50 << 20) + 7 and partial.bytes < 1 << 20


def test_a_pull_under_way_keeps_its_finished_layers(home: Path) -> None:
    """The layers have their final names before the manifest is written."""
    ollama_model(home, "registry.ollama.ai/library/m/x", {"model": GGUF})
    layer = old(write(home / "blobs" / f"sha256-{'0' * 64}", b"x" * 10), 0.5)
    assert kinds(home) == {layer.name: "orphan"}
    main = old(write(home / "blobs" / f"sha256-{'1' * 64}-partial", b"half"))
    part = write(home / "blobs" / f"sha256-{'1' * 64}-partial-0", '{"N":0}')
    assert kinds(home) == {part.name: "partial"}, "the youngest of its parts tells how old the download is"
    old(part)
    assert kinds(home) == {layer.name: "orphan", main.name: "partial"}
    os.utime(layer)
    assert kinds(home) == {main.name: "partial"}, "between the last layer and the manifest no part is there"


def test_a_blob_that_a_pull_may_name_is_not_cleared_either(home: Path) -> None:
    ollama_model(home, "registry.ollama.ai/library/m/x", {"model": GGUF})
    layer = write(home / "blobs" / f"sha256-{'0' * 64}", b"x" * 10)
    rest = Leftover("orphan", str(layer), 10, 10)
    with pytest.raises(CannotRemove, match="a pull may be about to name it"):
        list(ollama.STORE.removal.leftover(FoundRoot("ollama", str(home)), rest, env_of(home)))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"layers": 3}', "\x00" * 50])
def test_no_blob_is_an_orphan_while_a_manifest_cannot_be_read(text: str, home: Path) -> None:
    """Ollama prunes nothing then, and neither do we."""
    ollama_model(home, "registry.ollama.ai/library/m/x", {"model": GGUF})
    write(home / "manifests/registry.ollama.ai/library/m/broken", text)
    old(write(home / "blobs" / f"sha256-{'0' * 64}", b"x"))
    models, rests, reader = told(home)
    assert set(models) == {"m:x"} and rests == [] and reader.problems


def test_a_desktops_own_file_is_no_manifest(home: Path) -> None:
    ollama_model(home, "registry.ollama.ai/library/m/x", {"model": GGUF})
    write(home / "manifests/registry.ollama.ai/library/m/.DS_Store", b"\0\0\0\1Bud1")
    write(home / "manifests/registry.ollama.ai/README", b"three levels only")
    assert set(told(home)[0]) == {"m:x"} and told(home)[2].problems == []


def test_linked_hosts_are_followed_as_ollama_does(home: Path) -> None:
    ollama_model(home, "registry.ollama.ai/library/m/x", {"model": GGUF})
    (home / "manifests/registry.ollama.ai").rename(home.parent / "elsewhere")
    (home / "manifests/registry.ollama.ai").symlink_to(home.parent / "elsewhere")
    assert set(told(home)[0]) == {"m:x"} and told(home)[1] == []


def test_a_missing_blob_makes_a_model_incomplete(home: Path) -> None:
    ollama_model(home, "registry.ollama.ai/library/m/x", {"model": GGUF})
    (home / "blobs" / f"sha256-{sha256(GGUF)}").unlink()
    health = told(home)[0]["m:x"].health
    assert health and health.verdict == "incomplete"


def test_digests_cannot_lead_out_of_the_store(home: Path) -> None:
    write(home.parent / "secret.gguf", GGUF)
    record = {"config": {"digest": "../../secret.gguf"}, "layers": [
        {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{name}"}
        for name in ("../../secret.gguf", str(home.parent / "secret.gguf"), "0" * 63 + "\n", "")]}  # fmt: skip
    write(home / "manifests/registry.ollama.ai/library/m/x", json.dumps(record))
    (home / "blobs").mkdir()
    model = told(home)[0]["m:x"]
    assert [file.role for file in model.files] == ["manifest"]


def test_a_cloud_model_has_no_weights_and_is_well(home: Path) -> None:
    ollama_model(home, "registry.ollama.ai/library/big/cloud", {}, {"remote_host": "https://ollama.com:443"})
    model = told(home)[0]["big:cloud"]
    assert model.health and model.health.verdict == "good"


def test_where_ollama_looks_first(home: Path, tmp_path: Path) -> None:
    for name in ("process", "variable"):
        (tmp_path / name).mkdir()
    (home / ".ollama/models").mkdir(parents=True)
    process = Process(7, ("/usr/bin/ollama", "serve"), {"OLLAMA_MODELS": str(tmp_path / "process")}, "/")
    env = Env(str(home), {"OLLAMA_MODELS": f'"{tmp_path}/variable"'}, processes=(process,))
    found = [
        (os.path.basename(root.path), root.found_by) for root in ollama.find(env) if root.path.startswith(str(tmp_path))
    ]
    assert found == [("process", "process"), ("variable", "environment"), ("models", "default")]
    assert ollama.STORE.in_use(env) == "Ollama is running (process 7)" and ollama.STORE.in_use(env_of(home)) is None
