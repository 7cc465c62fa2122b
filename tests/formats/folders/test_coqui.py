"""Coqui's voices and vocoders."""

from __future__ import annotations

from memory_folder import MemoryFolder, facts, values

from model_manager.formats.folders import facts_of_folder


def test_voices_and_vocoders() -> None:
    found = facts({"config.json": {"model": "xtts"}, "model.pth": 9})
    assert found.format == "coqui" and values(found)["category"] == "tts" and values(found)["base_model"] == "XTTS v2"
    assert values(facts({"config.json": {"model": "hifigan"}, "model_file.pth": 9}))["category"] == "audio"


def test_missing_and_foreign() -> None:
    assert facts({"config.json": {"model": "xtts"}, "speakers_xtts.pth": 9}).health.verdict == "incomplete"
    assert facts_of_folder(MemoryFolder("x", {"config.json": {"model": "yolo"}, "model.pth": 9})) is None
