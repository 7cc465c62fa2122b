"""LocalAI: names from YAML, hashes from the gallery, and MODELS_PATH that is not Docker's."""

from __future__ import annotations

from pathlib import Path

from conformance import GGUF, OTHER, Told, env_of
from factory import sha256, tree, write

from model_manager.stores.host.env import Env, Process
from model_manager.stores.localai import store as localai

MODELS = ".localai/models"


def test_where_it_looks(home: Path, tmp_path: Path) -> None:
    for place in ("run/models", "flag", "theirs", "variable", "docker"):
        (home / place).mkdir(parents=True)
    write(home / "docker/models.json", "{}")
    process = Process(9, ("/opt/local-ai", "run", "--models-path", "../flag"), {"LOCALAI_MODELS_PATH": f"{home}/theirs"},
                      f"{home}/run")  # fmt: skip
    env = Env(
        str(home), {"LOCALAI_MODELS_PATH": f"{home}/variable", "MODELS_PATH": f"{home}/docker"}, processes=(process,)
    )
    assert [(root.path.removeprefix(f"{home}/"), root.found_by) for root in localai.find(env)] == [
        ("flag", "process"), ("theirs", "process"), ("run/models", "process"), ("variable", "environment")]  # fmt: skip
    assert localai.STORE.in_use(env) == "LocalAI is running (process 9)"
    assert list(localai.find(env_of(home, MODELS_PATH=f"{home}/docker"))) == []


def test_names_hashes_and_projectors(home: Path) -> None:
    tree(home / MODELS, {
        "m.gguf": GGUF, "eyes/mmproj.gguf": OTHER, "loose.gguf": OTHER,
        "a.yaml": "name: chat\nparameters: {model: m.gguf}\nmmproj: eyes/mmproj.gguf\n", "b.yml": "parameters: {model: m.gguf}\n",
        "remote.yaml": "name: gpt\nparameters: {model: gpt-4}\n",
        "._gallery_a.yaml": f"files:\n- {{filename: m.gguf, sha256: {sha256(GGUF)}}}\n- {{filename: ../x.gguf, sha256: 1}}\n"})  # fmt: skip
    models = {model.name: model for model in Told("localai", home).models}
    assert set(models) == {"chat", "b", "loose"}
    assert {file.role for file in models["chat"].files} == {"weights", "projector", "manifest"}
    assert {file.sha256 for file in models["b"].files if file.role == "weights"} == {sha256(GGUF)}
    assert all(file.sha256_source == "index" for model in models.values() for file in model.files if file.sha256)


def test_downloads_are_partial_and_no_models(home: Path) -> None:
    tree(home / MODELS, {".artifacts/.partial/key/m.gguf": GGUF, ".artifacts/huggingface/key/snapshot/n.gguf": OTHER,
                         "o.gguf.partial": b"half"})  # fmt: skip
    told = Told("localai", home)
    assert len(told.models) == 1
    assert sorted(rest.of for rest in told.rests) == ["key/m.gguf", "o.gguf"]


def test_broken_yaml_is_a_problem_and_the_weights_are_still_listed(home: Path) -> None:
    tree(home / MODELS, {"m.gguf": GGUF, "m.yaml": "[", "._gallery_m.yaml": "{"})
    told = Told("localai", home)
    assert told.names == {"m"} and len(told.problems) == 2


def test_a_projector_outside_the_folder_is_not_named(home: Path) -> None:
    write(home / "secret/mmproj.gguf", OTHER)
    tree(
        home / MODELS,
        {"m.gguf": GGUF, "m.yaml": "name: m\nparameters: {model: m.gguf}\nmmproj: ../../secret/mmproj.gguf\n"},
    )
    told = Told("localai", home)
    assert told.names == {"m"} and not any("secret" in path for path in told.paths)
