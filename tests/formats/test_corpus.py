"""The reference headers, each with its true class."""

from __future__ import annotations

import csv
import os
import shutil
from pathlib import Path

import pytest

from model_manager.base.facts import settle
from model_manager.base.reading import open_quietly
from model_manager.formats.sniff import facts_of

pytestmark = pytest.mark.corpus
# The file is one half of a pair, or a folder's: those are tested where folders are.
FOLDERS = (
    "folders/",
    "diffusers/",
    "docker-archive/",
    "coreml/",
    "openvino/dummy/dummy.bin",
    "tts/test_voice.onnx.json",
)


def rows(corpus: Path) -> list[dict[str, str]]:
    with open(corpus / "manifest.tsv", newline="") as table:
        found = list(csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in found if not row["file"].startswith(FOLDERS)]


def whole(corpus: Path, row: dict[str, str], folder: Path) -> Path:
    """A header becomes a sparse file of its full size, with noise where a tail is looked at."""
    source = corpus / row["file"]
    if source.suffix != ".hdr":
        return source
    name = source.stem if source.stem.endswith(".safetensors") else source.stem + ".safetensors"
    target = folder / name
    shutil.copyfile(source, target)
    os.chmod(target, 0o600)
    os.truncate(target, int(row["full_size"]))
    with open(target, "r+b") as file:
        file.seek(-4096, os.SEEK_END)
        file.write(os.urandom(4096))
    return target


def test_every_header_is_what_it_is(corpus: Path, tmp_path: Path) -> None:
    wrong = []
    for row in rows(corpus):
        path = whole(corpus, row, tmp_path)
        with open_quietly(str(path)) as file:
            facts = facts_of(file, path.stat().st_size, path.name)
        held = {name: claim.value for name, claim in settle(facts.claims).items()}
        got = [facts.health.verdict, held.get("category", "misc")]
        expected = [row["health"], row["category"]]
        if row["file"].startswith("broken/"):
            got, expected = got[:1], expected[:1]
        if got != expected:
            wrong.append((row["file"], got, expected))
        if row["format"] == "safetensors" and row["base"] in ("SD 1.5", "SDXL 1.0", "Flux.1", "Flux.1 dev", "Anima", "Qwen-Image",
                                                              "Flux.2 klein 9B", "SD 2.1", "CLIP-L") and held.get("base_model") != row["base"]:  # fmt: skip
            wrong.append((row["file"], held.get("base_model"), row["base"]))
        if row["quant"] in ("F16", "BF16", "F32", "Q8_0", "Q4_K_M", "Q4_K_S") and row["format"] in (
            "gguf",
            "safetensors",
        ):
            if not row["file"].startswith("broken/") and held.get("quant") != row["quant"]:
                wrong.append((row["file"], held.get("quant"), row["quant"]))
    assert not wrong
