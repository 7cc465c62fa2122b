"""faster-whisper's folders."""

from __future__ import annotations

from memory_folder import facts, values

FILES = {"config.json": {"suppress_ids": [1], "lang_ids": [2]}, "model.bin": 10, "vocabulary.json": ["a"]}


def test_faster_whisper() -> None:
    found = facts(FILES, "Systran/faster-whisper-small")
    assert found.format == "ctranslate2" and found.health.verdict == "good" and values(found)["category"] == "stt"


def test_a_conversion_is_no_fine_tune() -> None:
    parent = {"README.md": "---\nbase_model: openai/whisper-small\n---\n"}
    assert values(facts({**FILES, **parent}, "Systran/faster-whisper-small"))["category"] == "stt"
    assert values(facts({**FILES, **parent}, "someone/faster-whisper-small-ar"))["category"] == "stt/finetunes"


def test_translation_and_missing_weights() -> None:
    found = facts({"config.json": {"bos_token": "a"}, "shared_vocabulary.json": ["a"], "model.bin": 1})
    assert values(found)["category"] == "text/translation"
    assert facts({"config.json": {"lang_ids": []}, "vocabulary.txt": "a"}).health.verdict == "incomplete"
