"""Plain caches: what differs between these tools is data, so they are rows of one table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from model_manager.base.facts import Claim
from model_manager.stores import ollama
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundBy, FoundRoot, Leftover, on_disk
from model_manager.stores.hub_cache import describe_hub
from model_manager.stores.look import Look
from model_manager.stores.settings_file import ini_value
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

Layout = Literal["tree", "hub", "ollama"]


@dataclass(frozen=True)
class Cache:
    """One tool's cache.

    `places`: home:, cache:, xdg:, config: or data: and a path. `variables`: (name, path below it), asked first.
    `category`: of everything here, evidence `folder`; "" when content alone decides. `whole`: each folder is a model.
    """

    tool: str
    label: str
    places: tuple[str, ...]
    category: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    layout: Layout = "tree"
    whole: bool = False
    categories: Mapping[str, str] = field(default_factory=dict)
    settings: Callable[[Env], str] = lambda env: ""
    status: Literal["verified", "partly-verified", "unverified"] = "verified"
    archives: bool = False
    """Whether `<pack>.zip` beside the unpacked `<pack>/` is left behind (InsightFace)."""


def _speech_note(env: Env) -> str:
    return ini_value(os.path.join(env.config(), "net.mkiol", "dsnote", "settings.conf"), "service", "models_dir")


def _kdenlive(env: Env) -> str:
    file = os.path.join(env.config(), "kdenliverc")
    return ini_value(file, "speech", "vosk_folder_path") or ini_value(file, "env", "vosk_folder_path")


CACHES = (
    Cache("whisper", "Whisper (OpenAI)", ("xdg:whisper",), "stt"),
    Cache("whisper-cpp", "whisper.cpp", ("home:whisper.cpp/models", "data:pywhispercpp/models"), "stt"),
    Cache("buzz", "Buzz", ("cache:Buzz/models",), "stt", (("BUZZ_MODEL_ROOT", ""),), "hub"),
    Cache("kdenlive", "Kdenlive", ("data:kdenlive/speechmodels",), "stt", whole=True, settings=_kdenlive,
          status="partly-verified"),
    Cache("speech-note", "Speech Note", ("cache:net.mkiol/dsnote/speech-models",), "", settings=_speech_note,
          status="partly-verified"),
    Cache("piper", "Piper", ("data:piper", "data:piper-voices", "home:.piper/models"), "tts", status="partly-verified"),
    Cache("coqui", "Coqui TTS", ("data:tts",), "tts", (("TTS_HOME", "tts"), ("XDG_DATA_HOME", "tts")), whole=True),
    Cache("kokoro", "Kokoro", ("cache:kokoro", "home:.kokoro"), "tts", status="unverified"),
    Cache("fish-speech", "Fish Speech", ("home:fish-speech/checkpoints",), "tts", whole=True, status="partly-verified"),
    Cache("vosk", "Vosk", ("xdg:vosk", "root:/usr/share/vosk"), "stt", (("VOSK_MODEL_PATH", ""),), whole=True),
    Cache("nemo", "NVIDIA NeMo", ("xdg:torch/NeMo", "xdg:nemo"), "", (("NEMO_CACHE_DIR", ""), ("NEMO_HOME", ""))),
    Cache("sentence-transformers", "sentence-transformers", ("xdg:torch/sentence_transformers",), "embedding",
          (("SENTENCE_TRANSFORMERS_HOME", ""),), "hub", whole=True),
    Cache("torch-hub", "torch hub", ("xdg:torch/hub/checkpoints",), "", (("TORCH_HOME", "hub/checkpoints"),)),
    Cache("timm", "timm", ("xdg:timm",), "vision", (("TORCH_MODEL_ZOO", ""),), status="unverified"),
    Cache("rembg", "rembg", ("home:.rembg/models", "home:.u2net", "data:rembg/models"), "vision",
          (("U2NET_HOME", ""), ("REMBG_HOME", "models"))),
    Cache("insightface", "InsightFace", ("home:.insightface/models",), "vision", whole=True, archives=True),
    Cache("easyocr", "EasyOCR", ("home:.EasyOCR/model",), "vision",
          (("EASYOCR_MODULE_PATH", "model"), ("MODULE_PATH", "model"))),
    Cache("upscayl", "Upscayl", ("home:.local/share/upscayl/models", "config:Upscayl/models",
                                 "root:/opt/Upscayl/resources/models"), "diffusion/upscale_models",
          status="partly-verified"),
    Cache("msty", "Msty", ("config:Msty/models", "config:MstyStudio/models"), "", layout="ollama", status="unverified"),
    Cache("msty", "Msty", ("config:MstyStudio/models-mlx", "config:MstyStudio/models-llamacpp"), "llm",
          status="unverified"),
    Cache("anythingllm", "AnythingLLM", ("config:anythingllm-desktop/storage/models",), "",
          (("STORAGE_DIR", "models"),), categories={"downloaded": "llm", "tesseract": "vision"}, status="unverified"),
)  # fmt: skip


def _find(tool: str, env: Env) -> Iterator[FoundRoot]:
    seen: set[str] = set()
    for number, cache in enumerate(CACHES):
        if cache.tool != tool:
            continue
        for place, found_by in _places(cache, env):
            path = os.path.normpath(place)
            if path not in seen and os.path.isabs(path) and os.path.isdir(path):
                seen.add(path)
                yield FoundRoot(tool, path, found_by, {"row": str(number)})


def _places(cache: Cache, env: Env) -> Iterator[tuple[str, FoundBy]]:
    """Variables, then the tool's settings, then its usual places, then those inside Flatpaks."""
    for name, below in cache.variables:
        for value in env.variable(name).split(os.pathsep):
            if value:
                yield os.path.join(value, below), "environment"
    if chosen := cache.settings(env):
        yield env.expand(chosen), "config"
    bases = {"home": env.home, "cache": env.cache(), "xdg": env.xdg_cache(), "config": env.config(), "data": env.data()}
    for place in cache.places:
        kind, _colon, below = place.partition(":")
        yield (below if kind == "root" else os.path.join(bases[kind], below)), "default"
    for place in cache.places:
        kind, _colon, below = place.partition(":")
        inside = {"cache": "cache", "xdg": "cache", "config": "config", "data": "data"}.get(kind)
        if inside:
            for base in env.flatpaks(inside):  # type: ignore[arg-type]
                yield os.path.join(base, below), "default"


def _describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    row = root.details.get("row", "")
    cache = CACHES[int(row)] if row.isdigit() and int(row) < len(CACHES) else CACHES[0]
    claims = (Claim("category", cache.category, "folder", f"{cache.label}'s folder"),) if cache.category else ()
    if cache.layout == "ollama" and os.path.isdir(os.path.join(root.path, "manifests")):
        yield from ollama.describe(root, look)
        return
    passed: frozenset[str] = frozenset()
    if cache.layout == "hub":
        yield from describe_hub(root.path, look, claims)
        names = [entry.name.lower() for entry in look.entries(root.path)]
        passed = frozenset(name for name in names if name.startswith(("models--", "datasets--", "blobs", ".locks")))
    plain = Plain(cache.categories, frozenset({""}) if cache.whole else frozenset(), claims, passed_over=passed)
    yield from describe_tree(root.path, look, plain)
    if cache.archives:
        yield from _archives(root.path, cache.label, look)


def _archives(folder: str, label: str, look: Look) -> Iterator[Leftover]:
    """Downloaded archives whose unpacked folder lies beside them."""
    entries = look.entries(folder)
    names = {entry.name for entry in entries if entry.is_dir()}
    for entry in entries:
        stem, dot, suffix = entry.name.rpartition(".")
        stat = look.stat(entry.path) if dot and suffix.lower() == "zip" and stem in names else None
        if stat is not None:
            yield Leftover("archive", entry.path, stat.st_size, on_disk(stat), f"{stem}, unpacked beside it by {label}")


def _store(tool: str) -> Store:
    cache = next(cache for cache in CACHES if cache.tool == tool)
    return Store(tool, cache.label, lambda env: _find(tool, env), _describe, status=cache.status)


STORES = tuple(_store(tool) for tool in dict.fromkeys(cache.tool for cache in CACHES))
