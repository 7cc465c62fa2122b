"""A generated library of some 2,400 models in a dozen tools, put into the catalogue so that sizes look real."""

from __future__ import annotations

import os
import random
import time

from model_manager.app import App
from model_manager.base.facts import Claim, Facts, Health, Share
from model_manager.base.messages import counted, figure, said
from model_manager.catalog import leftovers, places, roots
from model_manager.catalog.codec import dump, dump_facts, dump_health
from model_manager.library.scan.derive import derive

GB = 10**9
_LLMS = ("Llama-3.1-8B-Instruct", "Llama-3.3-70B-Instruct", "Qwen3-4B-Instruct-2507", "Qwen3-30B-A3B", "Qwen2.5-Coder-32B-Instruct",
         "Mistral-7B-Instruct-v0.3", "gemma-3-12b-it", "gemma-3-27b-it", "Phi-4", "DeepSeek-R1-Distill-Qwen-14B", "gpt-oss-20b",
         "Mixtral-8x7B-Instruct-v0.1", "SmolLM3-3B", "Granite-3.3-8B", "Nemotron-Nano-9B-v2", "OLMo-2-13B", "Yi-1.5-34B")  # fmt: skip
_QUANTS = (("Q4_K_M", 4.9), ("Q5_K_M", 5.7), ("Q6_K", 6.6), ("Q8_0", 8.5), ("IQ3_XXS", 3.1), ("Q3_K_S", 3.5))
_SIZES = {"70B": 70.6, "30B": 30.5, "32B": 32.8, "27b": 27.4, "8x7B": 46.7, "34B": 34.4, "20b": 20.9, "14B": 14.8, "13B": 13.7,
          "12b": 12.2, "9B": 8.9, "8B": 8.03, "7B": 7.25, "4B": 4.02, "3B": 3.08}  # fmt: skip
_CHECKPOINTS = ("sd_xl_base_1.0", "ponyDiffusionV6XL", "juggernautXL_v9", "dreamshaper_8", "realisticVisionV60B1", "illustriousXL_v1",
                "noobaiXL_vPred", "animagine-xl-4.0", "v1-5-pruned-emaonly", "cyberrealistic_v5", "zavychromaxl_v80")  # fmt: skip
_STYLES = ("watercolour", "ink sketch", "film grain", "isometric rooms", "art nouveau", "papercut", "claymation", "vaporwave", "oil portrait",
           "pixel sprites", "gouache", "linocut", "neon city", "botanical plate", "low poly", "storybook", "ukiyo-e", "charcoal")  # fmt: skip
_OTHERS = (
    ("whisper", "large-v3-turbo", "stt", "pickle", 1.62), ("whisper", "medium", "stt", "pickle", 1.53), ("whisper", "tiny.en", "stt", "pickle", 0.076),
    ("huggingface", "Systran/faster-whisper-large-v3", "stt", "ctranslate2", 3.09), ("huggingface", "BAAI/bge-m3", "embedding", "safetensors", 2.27),
    ("huggingface", "sentence-transformers/all-MiniLM-L6-v2", "embedding", "safetensors", 0.091),
    ("huggingface", "BAAI/bge-reranker-v2-m3", "embedding/rerankers", "safetensors", 2.27),
    ("huggingface", "black-forest-labs/FLUX.1-dev", "diffusion/checkpoints", "diffusers", 33.7),
    ("huggingface", "Qwen/Qwen2.5-VL-7B-Instruct", "multimodal", "safetensors", 16.6), ("huggingface", "hexgrad/Kokoro-82M", "tts", "pickle", 0.327),
    ("ollama", "nomic-embed-text:latest", "embedding", "gguf", 0.274), ("piper", "de_DE-thorsten-high", "tts", "onnx", 0.114),
    ("piper", "en_US-lessac-medium", "tts", "onnx", 0.063), ("rembg", "u2net", "vision", "onnx", 0.176), ("insightface", "buffalo_l", "vision", "onnx", 0.342),
    ("comfyui", "t5xxl_fp16", "diffusion/text_encoders", "safetensors", 9.79), ("comfyui", "clip_l", "diffusion/text_encoders", "safetensors", 0.246),
    ("comfyui", "ae", "diffusion/vae", "safetensors", 0.335), ("comfyui", "flux1-dev-fp8", "diffusion/diffusion_models", "safetensors", 11.9),
    ("comfyui", "wan2.2_t2v_high_noise_14B_fp8", "diffusion/diffusion_models", "safetensors", 14.3),
    ("comfyui", "4x-UltraSharp", "diffusion/upscale_models", "pickle", 0.067), ("comfyui", "control_v11p_sd15_openpose", "diffusion/controlnet", "safetensors", 0.723),
)  # fmt: skip


def fill(app: App, home: str) -> None:
    """Writes the library; the same every time."""
    dice = random.Random(20)
    made = _Maker(app, home, dice)
    for name in _LLMS:
        billions = next((size for word, size in _SIZES.items() if word in name), 8.0)
        for quant, width in _QUANTS[: dice.randint(2, 6)]:
            for tool in dice.sample(("lm-studio", "ollama", "huggingface", "folder"), dice.randint(1, 2)):
                title = f"{name.lower()}:{quant.lower()}" if tool == "ollama" else f"{name}-{quant}"
                made.model(
                    tool, title, "llm", "gguf", billions * width / 8, quant, name.split("-")[0], int(billions * 1e9)
                )
    for number in range(190):
        name = f"{dice.choice(_CHECKPOINTS)}_{number}" if number >= len(_CHECKPOINTS) else _CHECKPOINTS[number]
        xl = "xl" in name.lower()
        base = "Pony (SDXL)" if name.startswith("pony") else "SDXL 1.0" if xl else "SD 1.5"
        made.model(dice.choice(("comfyui", "a1111", "stability-matrix")), name, "diffusion/checkpoints", "safetensors",
                   6.94 if xl else 2.13, "F16", base, int(3.47e9 if xl else 1.07e9))  # fmt: skip
    for number in range(1930):
        name = f"{dice.choice(_STYLES)} {dice.choice(('style', 'v2', 'XL', 'detail', 'mix'))} {number:04}".replace(
            " ", "_"
        )
        made.model(dice.choice(("comfyui", "a1111", "forge", "swarmui")), name, "diffusion/lora", "safetensors",
                   dice.choice((0.019, 0.038, 0.076, 0.151, 0.228, 0.342)), "BF16", dice.choice(("SDXL 1.0", "SD 1.5", "Flux.1", "Pony (SDXL)")), 0)  # fmt: skip
    for tool, name, category, kind, size in _OTHERS:
        made.model(tool, name, category, kind, size, {"gguf": "Q8_0"}.get(kind, "F16"), "", int(size * 5e8))
    made.end()


class _Maker:
    def __init__(self, app: App, home: str, dice: random.Random) -> None:
        self._app, self._home, self._dice = app, home, dice
        self._roots: dict[str, int] = {}
        self._inode = 1000
        self._ids: set[int] = set()
        self._now = int(time.time())
        self._context = app.database.write()
        self._tx = self._context.__enter__()
        self._volume = roots.volume_id(self._tx, "uuid:example", "ext4", "/")

    def model(
        self, tool: str, name: str, category: str, kind: str, gigabytes: float, quant: str, base: str, parameters: int
    ) -> None:
        dice = self._dice
        root = self._root(tool)
        self._inode += 1
        size = int(gigabytes * GB * dice.uniform(0.995, 1.005))
        sick = dice.random()
        verdict, why = ("truncated", said("its tensors end at byte {0}, the file has {1} ({2} missing)", figure(size + 7_340_032), figure(size), figure(7_340_032))) if sick < 0.003 else (
            ("not-a-model", said("a web page saved under a model's name: download it again")) if sick < 0.005 else
            ("incomplete", counted("{0} of its parts is missing: {1}", "{0} of its parts are missing: {1}", 1, figure(1), "model-00003-of-00004.safetensors")) if sick < 0.007 else ("good", ""))  # fmt: skip
        claims = [
            Claim("category", category, "tensors", "by its tensors"),
            Claim("quant", quant, "tensors", said("most weights are {0}", quant)),
        ]
        if base:
            claims.append(Claim("base_model", base, "tensors", "by its tensors"))
        if parameters:
            claims.append(Claim("parameters", parameters, "tensors", "291 tensors"))
            claims.append(Claim("bits_per_weight", round(size * 8 / parameters, 2), "tensors", "bytes for weights"))
        if category == "llm":
            claims.append(Claim("context_length", 131072, "metadata", "llama.context_length"))
        metadata = (
            {"general.architecture": "llama", "general.name": name, "tokenizer.ggml.tokens": "[128,256 entries]"}
            if kind == "gguf"
            else {}
        )
        facts = Facts(
            kind, tuple(claims), (Share(quant, parameters or 1, size),), Health(verdict, why), metadata=metadata
        )  # type: ignore[arg-type]
        used = self._now - dice.randint(0, 200) * 86_400
        cursor = self._tx.execute(
            "INSERT INTO file (volume, key, inode, size, bytes, mtime_ns, ctime_ns, atime_ns, links, facts, reader, sha256, sha256_source)"
            " VALUES (?, ?, ?, ?, ?, ?, 0, ?, 1, ?, 1, ?, ?)",
            (self._volume, f"i{self._inode}", self._inode, size, size, (used - 86_400) * 10**9, used * 10**9, dump_facts(facts),
             f"{dice.getrandbits(256):064x}" if tool in ("ollama", "huggingface") else None,
             "blob-name" if tool in ("ollama", "huggingface") else None),
        )  # fmt: skip
        path = f"{self._home}/{_PLACES[tool]}/{name.replace(':', '-')}"
        found = dump(
            {
                "claims": [],
                "health": dump_health(None),
                "format": "",
                "details": {},
                "source": None,
                "metadata": {},
            }
        )
        entry = places.PlaceEntry(root, tool, name, name, path, b"", found, f"g{self._inode}", f"g{self._inode}", size,
                             ((int(cursor.lastrowid or 0), path, "weights", os.path.basename(path)),))  # fmt: skip
        self._ids |= places.put(self._tx, entry)

    def end(self) -> None:
        derive(self._tx, self._ids)
        ollama = self._root("ollama")
        rests = [
            (
                "orphan",
                f"{self._home}/.ollama/models/blobs/sha256-{n:064x}",
                4 * GB,
                4 * GB,
                "no Ollama model names this blob",
            )
            for n in range(2)
        ]
        rests += [
            ("partial", f"{self._home}/.ollama/models/blobs/sha256-{n:064x}-partial", 9 * GB, 3 * GB, "qwen3:32b")
            for n in range(1)
        ]
        leftovers.replace(self._tx, ollama, "ollama", rests)
        self._context.__exit__(None, None, None)

    def _root(self, tool: str) -> int:
        if tool not in self._roots:
            path = f"{self._home}/{_PLACES[tool]}"
            self._roots[tool] = roots.add(self._tx, tool, path, "user" if tool == "folder" else "default", {})
            roots.update(self._tx, self._roots[tool], volume=self._volume)
        return self._roots[tool]


_PLACES = {
    "ollama": ".ollama/models", "huggingface": ".cache/huggingface/hub", "lm-studio": ".lmstudio/models", "folder": "AI/llm",
    "comfyui": "ComfyUI/models", "a1111": "stable-diffusion-webui/models", "forge": "forge/models", "swarmui": "SwarmUI/Models",
    "stability-matrix": "StabilityMatrix/Models", "whisper": ".cache/whisper", "piper": ".local/share/piper", "rembg": ".u2net",
    "insightface": ".insightface/models",
}  # fmt: skip
