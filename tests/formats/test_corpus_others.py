"""The reference files of the lesser formats and folders, against what the manifest says of them."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from memory_folder import values

from model_manager.base.facts import Facts
from model_manager.formats.folders import facts_of_folder
from model_manager.formats.sniff import facts_of

pytestmark = pytest.mark.corpus
_FILES = ("onnx/", "openvino/dummy/dummy.xml", "tflite/", "ggml-legacy/", "whisper/", "silero/silero_vad.onnx",
          "tts/test_voice.onnx")  # fmt: skip
_FORMATS = {"onnx": "onnx", "openvino-ir": "openvino", "tflite": "tflite", "ggml-bin": "ggml",
            "ggml-bin(ggmf)": "ggml", "diffusers-folder": "diffusers",
            "transformers-folder": "transformers", "coreml-mlmodelc": "coreml"}  # fmt: skip


class DiskFolder:
    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name.replace("--", "/")
        self.sizes = {str(one.relative_to(path)): one.stat().st_size for one in path.rglob("*") if one.is_file()}

    def read(self, name: str, limit: int = 4 << 20) -> bytes:
        return (self.path / name).read_bytes()[:limit]


def rows(corpus: Path) -> list[dict[str, str]]:
    with open(corpus / "manifest.tsv", encoding="utf-8") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def of_file(path: Path) -> Facts:
    with open(path, "rb") as file:
        return facts_of(file, os.path.getsize(path), path.name)


def test_files(corpus: Path) -> None:
    seen = 0
    for row in rows(corpus):
        if not row["file"].startswith(_FILES) or row["format"] == "json":
            continue
        seen += 1
        facts = of_file(corpus / row["file"])
        held = values(facts)
        assert facts.format == _FORMATS[row["format"]], row["file"]
        assert facts.health.verdict == row["health"], (row["file"], facts.health)
        assert held.get("category", "misc") == row["category"], row["file"]
        base = f"whisper {row['base']}" if row["arch"] == "whisper" else row["base"]
        assert held.get("base_model", "-") == base, row["file"]
    assert seen == 9


def test_folders(corpus: Path) -> None:
    folders = {
        "/".join(row["file"].split("/")[:2]): row
        for row in rows(corpus)
        if row["file"].startswith(("diffusers/", "folders/", "coreml/"))
    }
    assert len(folders) == 7
    for name, row in folders.items():
        facts = facts_of_folder(DiskFolder(corpus / name))
        assert facts is not None
        held = values(facts)
        assert facts.format == _FORMATS[row["format"]], name
        assert held.get("category", "misc") == row["category"], name
        # The manifest's "SD 1.5 ControlNet" is our SD 1.5 in the category of ControlNets.
        assert held.get("base_model", "-") == row["base"].removesuffix(" ControlNet"), name
        if not name.startswith("folders/"):
            assert facts.health.verdict == row["health"], name


def test_a_pair_and_a_pointer(corpus: Path) -> None:
    network = of_file(corpus / "openvino/dummy/dummy.xml")
    assert [(one.name, one.bytes) for one in network.companions] == [("dummy.bin", 4)]
    assert of_file(corpus / "folders/Orpheus_3B_Quantized/model.safetensors").health.verdict == "not-a-model"
