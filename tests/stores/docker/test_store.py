"""Docker Model Runner: tags of the index, hard-linked bundles, and what no entry names."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conformance import GGUF, OTHER, TREES, Told, aged, env_of
from factory import sha256, write
from looking import env_of as env_with
from looking import process

from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.docker import store as docker_model_runner
from model_manager.stores.parts import CannotRemove, Placed

BASE = ".docker/models"


def test_one_model_under_its_tags(home: Path) -> None:
    TREES["docker-model-runner"](home)
    told = Told("docker-model-runner", home)
    assert told.names == {"ai/m:latest", "ai/m:small"}
    first, second = told.models
    assert [file.path for file in first.files] == [file.path for file in second.files]
    assert {file.role for file in first.files} == {"weights", "config", "manifest"}
    assert {file.sha256 for file in first.files if file.role == "weights"} == {sha256(GGUF)}
    claims = {(claim.field, claim.value) for claim in first.claims}
    assert {("quant_label", "Q4_K_M"), ("architecture", "llama"), ("category", "llm")} <= claims


def test_leftovers(home: Path) -> None:
    """The bundle of a model that is gone holds an inode that a blob still has: nothing would come back."""
    TREES["docker-model-runner"](home)
    write(home / BASE / "bundles/sha256" / ("5" * 64) / "model/model.gguf", OTHER)
    write(home / BASE / "bundles/sha256" / ("5" * 64) / "model/thesis.docx", OTHER)
    write(home / BASE / "blobs/sha256/thesis.docx", OTHER)
    aged(home / BASE)
    rests = {os.path.relpath(rest.path, home / BASE): rest.kind for rest in Told("docker-model-runner", home).rests}
    assert rests == {f"blobs/sha256/{'2' * 64}": "orphan", f"blobs/sha256/{'3' * 64}.incomplete": "partial",
                     f"bundles/sha256/{'5' * 64}/model/model.gguf": "orphan"}  # fmt: skip


@pytest.mark.parametrize("what", ["a finished layer", "a part"])
def test_what_a_pull_is_fetching_is_no_orphan(what: str, home: Path) -> None:
    TREES["docker-model-runner"](home)
    name = "2" * 64 if what == "a finished layer" else f"{'3' * 64}.incomplete"
    os.utime(home / BASE / "blobs/sha256" / name)
    assert {rest.kind for rest in Told("docker-model-runner", home).rests} == {"partial"}


def test_what_only_the_manifest_names_is_no_orphan(home: Path) -> None:
    TREES["docker-model-runner"](home)
    write(home / BASE / "models.json", json.dumps({"models": [{"id": "sha256:" + "1" * 64, "tags": ["m"]}]}))
    told = Told("docker-model-runner", home)
    assert [os.path.basename(rest.path)[0] for rest in told.rests if rest.kind == "orphan"] == ["2"]
    assert told.models[0].health is None


@pytest.mark.parametrize(
    "index", ["", "{}", "[]", '{"models": {}}', '{"models": [7]}', '{"models": [{"id": "sha256:../x"}]}']
)
def test_nothing_is_an_orphan_while_the_index_cannot_be_read(index: str, home: Path) -> None:
    TREES["docker-model-runner"](home)
    write(home / BASE / "models.json", index)
    assert {rest.kind for rest in Told("docker-model-runner", home).rests} == {"partial"}


def test_missing_blobs_and_models_without_a_tag(home: Path) -> None:
    TREES["docker-model-runner"](home)
    (home / BASE / "blobs/sha256" / sha256(GGUF)).unlink()
    entry = {"id": "sha256:" + "1" * 64, "tags": [], "files": [f"sha256:{sha256(GGUF)}"]}
    write(home / BASE / "models.json", json.dumps({"models": [entry]}))
    (model,) = Told("docker-model-runner", home).models
    assert model.name == f"sha256:{'1' * 12}" and model.health and model.health.verdict == "incomplete"


def test_models_path_counts_only_with_an_index(home: Path) -> None:
    (home / "models").mkdir()
    assert list(docker_model_runner.find(env_of(home, MODELS_PATH=f"{home}/models"))) == []
    write(home / "models/models.json", "{}")
    (root,) = docker_model_runner.find(env_of(home, MODELS_PATH=f"{home}/models"))
    assert root.found_by == "environment"


@pytest.mark.parametrize("program", ["/usr/bin/model-runner", "/opt/docker-desktop/bin/com.docker.backend"])
def test_while_docker_may_be_at_work_its_command_is_named(home: Path, program: str) -> None:
    """Docker Desktop's runner works in a virtual machine: that the desktop runs has to be enough."""
    TREES["docker-model-runner"](home)
    store = BY_TOOL["docker-model-runner"]
    env = env_with(home, process(home, program))
    (root,) = store.find(env)
    place = Placed("ai/x", root.path, (), frozenset())
    with pytest.raises(CannotRemove, match="may be using the index") as told:
        list(store.removal.places(root, [place], env))
    assert "docker model rm ai/x" in str(told.value)
