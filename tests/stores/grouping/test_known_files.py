"""Somebody's own files among a tool's: no removal of any tool takes one along, and what stays is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conformance import TREES, Told, env_of
from factory import safetensors_bytes, tree, write

from model_manager.base.errors import ModelManagerError
from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.discovered import FoundModel, FoundRoot
from model_manager.stores.grouping.known_files import is_known, is_record
from model_manager.stores.host.env import Env
from model_manager.stores.parts import Going, Part, Placed, PlacedFile

OWN = ("thesis.docx", "my notes.txt", "results.xlsx", "loss.csv", "diary.md", "holiday.jpg", "backup.zip", "train.log",
       "script.py", "letter", "results.json", "keys.kdbx")  # fmt: skip
WEIGHTS = safetensors_bytes({"x.weight": ("F16", (8, 8))}, seed=61)


def root_of(told: Told, path: str) -> FoundRoot:
    inside = [root for root in told.roots if path.startswith(root.path + os.sep)]
    return max(inside or told.roots, key=lambda root: len(root.path))


def placed(model: FoundModel) -> Placed:
    return Placed(model.name, model.path, tuple(PlacedFile(file.path, file.role, file.name) for file in model.files))


def removed(told: Told, env: Env, tool: str) -> list[Part]:
    """The parts of removing each model, and each leftover, one by one; tools that refuse take nothing."""
    parts: list[Part] = []
    for model in told.models:
        try:
            parts += BY_TOOL[tool].removal.places(root_of(told, model.path), [placed(model)], env)
        except ModelManagerError:
            continue
    for rest in told.rests:
        try:
            parts += BY_TOOL[tool].removal.leftover(root_of(told, rest.path), rest, env)
        except ModelManagerError:
            continue
    return parts


@pytest.mark.parametrize("tool", sorted(TREES))
def test_what_is_somebodys_own_stays(tool: str, home: Path) -> None:
    TREES[tool](home)
    roots = [Path(root.path) for root in Told(tool, home).roots]
    folders = {path for root in roots for path in (root, *root.rglob("*")) if path.is_dir() and not path.is_symlink()}
    own = [write(folder / name, b"years of work") for folder in folders for name in OWN]
    going = [Path(part.path) for part in removed(Told(tool, home), env_of(home), tool) if isinstance(part, Going)]
    lost = [path for path in own if path in going or any(folder in path.parents for folder in going)]
    assert lost == []


def test_what_stays_is_named(home: Path) -> None:
    tree(
        home / "models/m", {"config.json": "{}", "model.safetensors": WEIGHTS, "README.md": "#", "thesis.docx": "years"}
    )
    told = Told("folder", home)
    parts = removed(told, env_of(home), "folder")
    assert {os.path.basename(part.path) for part in parts if isinstance(part, Going)} == {
        "config.json",
        "model.safetensors",
        "README.md",
    }
    assert "stays: thesis.docx" in parts[0].why


@pytest.mark.parametrize(("name", "text", "goes"), [
    ("m.civitai.info", "{}", True), ("m.metadata.json", "{}", True), ("m.preview.png", "p", True), ("m.sha256", "x", True),
    ("m.json", '{"activation text": "x"}', True), ("m.json", '{"my": "results"}', False), ("m.json", "[1]", False),
    ("m.yaml", "model:\n  target: x\n", True), ("m.yaml", "shopping: list\n", False), ("m.txt", "my own note", False),
    ("m.png", "figure", False)])  # fmt: skip
def test_sidecars_are_known_by_ending_or_by_what_is_in_them(name: str, text: str, goes: bool, home: Path) -> None:
    tree(home / "models", {"m.safetensors": WEIGHTS, name: text})
    parts = removed(Told("folder", home), env_of(home), "folder")
    assert (name in {os.path.basename(part.path) for part in parts if isinstance(part, Going)}) is goes
    assert is_record(str(home / "models" / name)) is goes


def test_a_picture_is_a_models_where_a_tool_shows_it_or_its_record_lies_by(home: Path) -> None:
    tree(
        home / "models",
        {
            "a/m.safetensors": WEIGHTS,
            "a/m.png": "p",
            "a/m.civitai.info": "{}",
            "b/n.safetensors": WEIGHTS,
            "b/n.png": "p",
        },
    )
    going = {
        os.path.basename(part.path)
        for part in removed(Told("folder", home), env_of(home), "folder")
        if isinstance(part, Going)
    }
    assert "n.png" not in going and {"a", "m.png"} & going
    tree(
        home / "ai/ComfyUI",
        {"main.py": "", "folder_paths.py": "", "models/loras/l.safetensors": WEIGHTS, "models/loras/l.png": "p"},
    )
    parts = removed(Told("comfyui", home), env_of(home), "comfyui")
    assert "l.png" in {os.path.basename(part.path) for part in parts if isinstance(part, Going)}


@pytest.mark.parametrize("name", ["am/final.mdl", "graph/phones/word_boundary.int", "rnnlm/final.raw", "am/tree", "saved_model.pb",
                                  "variables/variables.data-00000-of-00001", "1_Pooling/config.json", "tokenizer.model", "merges.txt",
                                  "model.safetensors.index.json", "modeling_llama.py", "LICENSE", ".gitattributes", "params.json",
                                  "model.onnx_data", "coremldata.bin", "model.mil", "generation_config.json", "hparams.yaml",
                                  "tokenizer.json", "vocab.txt", "speaker_ids.json", "trainer_state.json"])  # fmt: skip
def test_what_models_are_made_of(name: str) -> None:
    assert is_known(name)
