"""The trees that are measured: many files in folders, a Hugging Face cache, headers of real size, a filled catalogue."""

from __future__ import annotations

import json
import os
import random
import struct
import time
from pathlib import Path

from factory import gguf_bytes, hub_repo, safetensors_bytes

from model_manager.app import App
from model_manager.base.identity import file_id
from model_manager.base.volumes import Volume
from model_manager.catalog import files, models, places, roots
from model_manager.catalog.record import DERIVED
from model_manager.library.scan import watch

_ENDINGS = ("png", "txt", "json", "py", "md", "jpg", "yaml", "csv")
_LAYERS = ("attn1.to_q", "attn1.to_k", "attn1.to_v", "attn2.to_q", "attn2.to_k", "ff.net.0.proj", "ff.net.2", "norm1")


def many_files(top: Path, count: int) -> Path:
    """`count` files in 5.5 % as many folders, 5 % of them small valid models, each its own bytes."""
    dice = random.Random(5)
    folders = [top]
    while len(folders) < count * 55 // 1000:
        parent = dice.choice(folders[-1500:])  # some ten deep, as people nest them
        folders.append(parent / f"folder {len(folders):05}")
    for folder in folders:
        folder.mkdir(parents=True)
    for number in range(count):
        folder = dice.choice(folders)
        if number % 20:
            (folder / f"file {number:06}.{dice.choice(_ENDINGS)}").touch()
        elif number % 40:
            lora = {f"lora_unet_block_{layer}.lora_down.weight": ("F16", (4, 16)) for layer in range(20)}
            (folder / f"style {number:06}.safetensors").write_bytes(safetensors_bytes(lora, seed=number))
        else:
            (folder / f"Llama-{number:06}-Q4_K_M.gguf").write_bytes(
                gguf_bytes({"general.name": f"L {number}"}, seed=number)
            )
    return top


def hub_cache(top: Path, count: int) -> Path:
    """`count` repositories: one whole model, three quants, or shards; every one with a card."""
    for number in range(count):
        data = number.to_bytes(4, "big") * 64
        names = (
            ["config.json", "tokenizer.json", "model.safetensors"],
            [f"m{number}-{quant}.gguf" for quant in ("Q4_K_M", "Q6_K", "Q8_0")],
            ["config.json", *(f"model-{part:05}-of-00004.safetensors" for part in range(1, 5))],
        )[number % 3]
        found = {name: name.encode() + data for name in ("README.md", ".gitattributes", *names)}
        hub_repo(top, f"owner{number % 97}/model-{number:05}", found, commit=f"{number:040x}")
    return top


def gguf_of_llama(path: Path) -> Path:
    """291 small tensors under a header with Llama 3's vocabulary: 128,256 tokens and 280,147 merges."""
    dice = random.Random(3)
    letters = "abcdefghijklmnopqrstuvwxyz"
    words = ["".join(dice.choices(letters, k=dice.randint(2, 9))) for _ in range(4000)]
    keys = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.tokens": [dice.choice(words) for _ in range(128_256)],
        "tokenizer.ggml.token_type": [1] * 128_256,
        "tokenizer.ggml.merges": [f"{dice.choice(words)} {dice.choice(words)}" for _ in range(280_147)],
        "general.name": "Llama",
    }
    tensors = {f"blk.{number // 9}.part_{number % 9}.weight": ("Q4_K", (256, 4)) for number in range(291)}
    path.write_bytes(gguf_bytes(keys, tensors))
    return path


def safetensors_of(path: Path, prefix: str, count: int, shape: tuple[int, int], telling: tuple[str, ...]) -> Path:
    """A header of `count` tensors of fp16 over a hole of their size; `telling` names say what it is."""
    table: dict[str, object] = {"__metadata__": {"format": "pt"}}
    size = shape[0] * shape[1] * 2
    for number in range(count):
        block, layer = divmod(number, len(_LAYERS))
        name = (
            telling[number]
            if number < len(telling)
            else f"{prefix}.{block // 10}.1.transformer_blocks.{block % 10}.{_LAYERS[layer]}.weight"
        )
        table[name] = {"dtype": "F16", "shape": list(shape), "data_offsets": [number * size, (number + 1) * size]}
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.seek(count * size - 1, os.SEEK_CUR)  # the end is no hole: one would look like an unfinished download
        file.write(b"\1")
    return path


VOLUME = Volume("uuid:example", "ext4", "/")


def fill(app: App, folder: Path, count: int) -> None:
    """A catalogue of `count` models under one root that does not answer any scan: it is ignored once filled."""
    folder.mkdir(exist_ok=True)
    root = watch.add_root(app.database, str(folder))
    dice = random.Random(7)
    now = int(time.time())
    with app.database.write() as tx:
        volume = roots.volume_id(tx, VOLUME.name, VOLUME.kind, VOLUME.mount)
        for number in range(count):
            name = f"{dice.choice(('Llama', 'Qwen3', 'gemma', 'Mistral', 'film_grain', 'pony'))}-{number:06}"
            path = f"{folder}/{dice.choice(('llm', 'loras', 'checkpoints'))}/{name}.gguf"
            size = dice.randint(10**6, 10**10)
            plain = (0o100644, number + 1, 1, 1, 0, 0, size, now, now, now)
            stat = os.stat_result(plain, {f"st_{which}time_ns": now * 10**9 for which in "amc"})
            file = files.put(tx, volume, file_id(path, stat, VOLUME), path, stat, size, None, None, None, None)
            entry = places.PlaceEntry(root.id, "folder", name, name, path, b"", "{}", str(file), f"seen:{number}", size,
                                 ((file, path, "weights", f"{name}.gguf"),))  # fmt: skip
            (model,) = places.put(tx, entry)
            models.derive(tx, model, _derived(name, size, dice))


def _derived(name: str, size: int, dice: random.Random) -> dict[str, object]:
    return {
        "name": name, "category": dice.choice(("llm", "diffusion/lora", "diffusion/checkpoints")),
        "category_from": "tensors", "format": "gguf", "architecture": "llama", "base_model": dice.choice(("SDXL 1.0", None)),
        "parameters": size * 2, "quant": dice.choice(("Q4_K", "Q8_0", "F16")), "bits": 4.85, "size": size, "bytes": size,
        "verdict": "good", "tools": dice.choice(("folder", "ollama,lm-studio", "comfyui")), "places": 1,
        "tags": ["moe"] if dice.random() < 0.1 else [], "derived": DERIVED,
    }  # fmt: skip
