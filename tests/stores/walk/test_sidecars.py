"""Sidecars: claims with their provenance, and hashes only where the recorded size fits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conformance import facts
from factory import write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_manager.stores.walk.sidecars import read_sidecar
from model_manager.stores.walk.store_reader import StoreReader

SHA = "ab" * 32
ENDINGS = (".civitai.info", ".metadata.json", ".cm-info.json", ".swarm.json", ".onnx.json")


def read(home: Path, ending: str, record: object, size: int = 2048) -> tuple[dict[str, list[object]], str | None]:
    path = write(home / f"m{ending}", json.dumps(record))
    found = read_sidecar(str(path), size, StoreReader(facts))
    claims: dict[str, list[object]] = {}
    for claim in found.claims:
        assert claim.source == "sidecar"
        claims.setdefault(claim.field, []).append(claim.value)
    return claims, found.sha256


def test_civitai(home: Path) -> None:
    record = {"baseModel": "Pony", "model": {"name": "Style", "type": "LORA"}, "trainedWords": ["a", " b "],
              "files": [{"sizeKB": 2.0, "hashes": {"SHA256": SHA.upper()}}, {"sizeKB": 9.0, "hashes": {"SHA256": "c" * 64}}]}  # fmt: skip
    claims, sha256 = read(home, ".civitai.info", record)
    assert claims == {
        "base_model": ["Pony"],
        "name": ["Style"],
        "category": ["diffusion/lora"],
        "trigger_words": ["a", "b"],
    }
    assert sha256 == SHA
    assert read(home, ".civitai.info", record, 4096)[1] is None
    assert read(home, ".civitai.info", {}) == ({}, None)


def test_lora_manager(home: Path) -> None:
    record = {"model_name": "Style", "base_model": "SDXL 1.0", "sha256": SHA, "size": 2048, "hash_status": "completed"}
    assert read(home, ".metadata.json", record)[1] == SHA
    assert read(home, ".metadata.json", {**record, "hash_status": "pending"})[1] is None
    assert read(home, ".metadata.json", {**record, "size": 2047})[1] is None
    assert read(home, ".metadata.json", {**record, "base_model": "Unknown"})[0] == {"name": ["Style"]}


def test_stability_matrix_and_swarm(home: Path) -> None:
    record = {"ModelName": "M", "ModelType": "Checkpoint", "Hashes": {"SHA256": SHA}}
    assert read(home, ".cm-info.json", record) == ({"name": ["M"], "category": ["diffusion/checkpoints"]}, SHA)
    assert read(home, ".swarm.json", {"modelspec.title": "T"}) == ({"name": ["T"]}, None)


def test_a_piper_voice(home: Path) -> None:
    record = {"audio": {"sample_rate": 22050}, "phoneme_id_map": {}, "language": {"code": "en_GB"}}
    claims, _sha256 = read(home, ".onnx.json", record)
    assert claims["category"] == ["tts"] and claims["tag"] == ["piper", "en_GB"]
    assert read(home, ".onnx.json", {"producer": "other"}) == ({}, None)


def test_other_files_are_no_sidecars(home: Path) -> None:
    assert read(home, ".json", {"sha256": SHA, "size": 2048}) == ({}, None)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(SHA),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([
        "files", "hashes", "SHA256", "sizeKB", "model", "name", "type", "baseModel", "trainedWords", "civitai", "tags", "size",
        "sha256", "hash_status", "Hashes", "ModelType", "audio", "phoneme_id_map", "language", "code", "modelspec.title",
    ]), inner, max_size=5), max_leaves=14)  # fmt: skip


@pytest.mark.parametrize("ending", ENDINGS)
@given(record=_VALUES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_any_record_is_read_without_an_error(ending: str, record: object, home: Path) -> None:
    claims, sha256 = read(home, ending, record)
    assert sha256 in (None, SHA)
    assert all(isinstance(value, str) and len(value) <= 200 for values in claims.values() for value in values)
