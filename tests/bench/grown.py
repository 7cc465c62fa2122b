"""Collections of any size, as people have them: adapters, quants of language models, and copies of both."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

from factory import gguf_bytes, safetensors_bytes

QUANTS = {"Q4_K_M": ("Q4_K", 15), "Q6_K": ("Q6_K", 18), "Q8_0": ("Q8_0", 7), "F16": ("F16", 1)}
"""Quant as names say it -> (type of the tensors, `general.file_type`)."""
_MAKERS = ("Llama-3", "Qwen2.5", "Mistral", "gemma", "Phi", "Yi", "Falcon", "SmolLM", "Granite", "Command")
_STYLES = ("film_grain", "watercolour", "pixel", "anime", "portrait", "ink", "neon", "clay", "noir", "pastel")
_FOLDER = 500
"""Files in one folder."""


def collection(top: Path, count: int) -> Path:
    """`count` models under `top`: half LoRA, half GGUF in four quants each, and of all 2 % copies of another one.

    Every tenth language model is followed by a later version. A file has a few kilobytes and its own bytes and, as
    real ones do, mostly a size of its own.
    """
    copies = count // 50
    adapters = (count - copies) // 2
    made = [_adapter(top, number) for number in range(adapters)]
    made += [_language_model(top, number) for number in range(count - copies - adapters)]
    dice = random.Random(11)
    for number, source in enumerate(dice.sample(made, copies)):
        folder = top / "copies" / f"{number // _FOLDER:03}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / f"copy of {source.name}")
    return top


def of_one_size(top: Path, count: int) -> Path:
    """`count` adapters of one size, every one with bytes of its own."""
    for number in range(count):
        folder = top / f"{number // _FOLDER:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"style_{number:06}.safetensors").write_bytes(safetensors_bytes(_LORA, seed=number))
    return top


_LORA = {f"lora_unet_block_{layer}.lora_down.weight": ("F16", (4, 16)) for layer in range(12)}


def _adapter(top: Path, number: int) -> Path:
    folder = top / "loras" / f"{number // _FOLDER:03}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{_STYLES[number % 10]}_{number:06}.safetensors"
    notes = {"ss_base_model_version": "sdxl_base_v1-0", "ss_tag_frequency": "x" * (number * 7 % 4001)}
    file.write_bytes(safetensors_bytes(_LORA, notes, seed=number))
    return file


def _language_model(top: Path, number: int) -> Path:
    """Four quants stand beside each other in a folder of their model."""
    model, which = divmod(number, len(QUANTS))
    quant, (kind, file_type) = list(QUANTS.items())[which]
    series, version = model - model % 10 + min(model % 10, 8), "2.0" if model % 10 == 9 else "1.0"
    name = f"{_MAKERS[model % 7]}-{series:06}-v{version}-8B"
    folder = top / "llm" / f"{model // 125:03}" / name
    folder.mkdir(parents=True, exist_ok=True)
    keys = {
        "general.name": name,
        "general.file_type": file_type,
        "llama.context_length": 8192,
        "notes": "x" * (number * 11 % 6007),
    }
    tensors = {f"blk.{layer}.attn_q.weight": (kind, (256, 8)) for layer in range(4)}
    file = folder / f"{name}-{quant}.gguf"
    file.write_bytes(gguf_bytes(keys, tensors, seed=number))
    return file
