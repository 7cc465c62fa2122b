"""modules.json makes an embedding model; a cross-encoder ranks."""

from __future__ import annotations

from memory_folder import MemoryFolder, facts, values

from model_manager.formats.folders import facts_of_folder

STEPS = [{"idx": 0, "type": "sentence_transformers.models.Transformer"}]
CONFIG = {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 384}
FILES = {"modules.json": STEPS, "config.json": CONFIG, "model.safetensors": 10}


def test_embedding_and_ranking() -> None:
    found = facts(FILES)
    assert found.format == "sentence-transformers" and found.health.verdict == "good"
    assert values(found)["category"] == "embedding" and values(found)["embedding_length"] == 384
    ranking = {**FILES, "config_sentence_transformers.json": {"model_type": "CrossEncoder"}}
    assert values(facts(ranking))["category"] == "embedding/rerankers"


def test_missing_weights_and_foreign_lists() -> None:
    assert facts({"modules.json": STEPS, "config.json": CONFIG}).health.verdict == "incomplete"
    assert facts_of_folder(MemoryFolder("x", {"modules.json": ["a"]})) is None


def test_a_list_of_steps_that_cannot_be_read() -> None:
    """Then the folder is what the rest of it says."""
    for steps in (b"[", b"[" * 100_000, 5_000_000):
        found = facts({**FILES, "modules.json": steps})
        assert found.format == "transformers" and values(found)["category"] == "embedding"
