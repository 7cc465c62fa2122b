"""By what a last use is known. The catalogue keeps these words themselves; where they are shown they are messages again."""

from __future__ import annotations

from model_manager.base.text import later

ACCESS_TIME = later("access time")
OLLAMAS_APP = later("Ollama's app")
INVOKEAIS_IMAGES = later("InvokeAI's images")
LORA_MANAGER = later("LoRA Manager's statistics")
_KNOWN: dict[str, str] = {word: word for word in (ACCESS_TIME, OLLAMAS_APP, INVOKEAIS_IMAGES, LORA_MANAGER)}


def evidence(kept: str) -> str:
    """What the catalogue keeps as a message; words of another version stay plain."""
    return _KNOWN.get(kept, kept)
