"""Adapters name the model that they need."""

from __future__ import annotations

import pytest
from memory_folder import facts, values

CONFIG = {"base_model_name_or_path": "meta-llama/Llama-3.1-8B", "peft_type": "LORA", "r": 16}


@pytest.mark.parametrize(
    ("base", "category"),
    [
        ("meta-llama/Llama-3.1-8B", "llm/adapters"),
        ("openai/whisper-small", "stt/finetunes"),
        ("stabilityai/stable-diffusion-xl-base-1.0", "diffusion/lora"),
    ],
)
def test_adapters(base: str, category: str) -> None:
    found = facts({"adapter_config.json": {**CONFIG, "base_model_name_or_path": base}, "adapter_model.safetensors": 5})
    assert found.health.verdict == "good" and values(found)["category"] == category
    assert values(found)["base_model"] == base


def test_without_weights() -> None:
    assert facts({"adapter_config.json": CONFIG}).health.verdict == "incomplete"


def test_an_adapter_that_says_little_or_nothing() -> None:
    bare = facts({"adapter_config.json": {"peft_type": "LOHA"}, "adapter_model.safetensors": 5})
    assert [(claim.field, claim.value) for claim in bare.claims] == [("category", "llm/adapters"), ("tag", "loha")]
    assert bare.health.verdict == "good"
    broken = facts({"adapter_config.json": b"{", "adapter_model.safetensors": 5})
    assert broken.health.verdict == "corrupt" and "cannot be read as a JSON object" in broken.health.detail
