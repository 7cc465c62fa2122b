"""PEFT adapters: adapter_config.json beside adapter_model.safetensors. Source: huggingface/peft `config.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import said
from model_manager.formats.folders import readme
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import Text, front_matter, json_of, number
from model_manager.formats.metadata import bounded

NAME = "peft"
_CONFIG = "adapter_config.json"
_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin", "adapters.safetensors")
_SPEECH = ("whisper", "wav2vec2", "parakeet", "moonshine")
_PICTURES = ("stable-diffusion", "sdxl", "flux", "sd3", "qwen-image", "z-image")


def matches(names: Mapping[str, int]) -> bool:
    return _CONFIG in names and "config.json" not in names


def read(folder: ModelFolder) -> Facts | None:
    """The facts of an adapter and the model that it needs."""
    config = json_of(folder, _CONFIG)
    present = any(name in folder.sizes for name in _WEIGHTS)
    health = GOOD if present else Health("incomplete", said("adapter_model.safetensors is missing"))
    if not config:
        health = Health("corrupt", said("{0} cannot be read as a JSON object", _CONFIG))
    claims = (*_claims(config), *readme.claims_of(front_matter(folder)))
    return Facts(NAME, claims, health=health, metadata=bounded(config))


def _claims(config: Text) -> Iterator[Claim]:
    base = config.get("base_model_name_or_path") or config.get("model")
    base = base[:300] if isinstance(base, str) else ""
    low = base.lower()
    kind = str(config.get("peft_type") or config.get("fine_tune_type") or "lora")[:40].lower()
    if any(name in low for name in _SPEECH):
        yield Claim("category", "stt/finetunes", "metadata", said("{0}: an adapter of {1}", _CONFIG, base))
    elif any(name in low for name in _PICTURES):
        yield Claim("category", "diffusion/lora", "metadata", said("{0}: an adapter of {1}", _CONFIG, base))
    else:
        yield Claim("category", "llm/adapters", "metadata", said("{0}: {1}", _CONFIG, kind))
    if base:
        yield Claim("base_model", base, "metadata", said("{0} base_model_name_or_path", _CONFIG))
    yield Claim("tag", kind, "metadata", said("{0} peft_type", _CONFIG))
    if rank := number(config.get("r")):
        yield Claim("tag", f"rank {rank}", "metadata", said("{0} r", _CONFIG))
