"""The plain caches as rows: where each tool keeps its models, which variables and settings say otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from model_manager.stores.host.env import Env
from model_manager.stores.host.settings_file import ini_value

Layout = Literal["tree", "hub", "hubs", "ollama"]


@dataclass(frozen=True)
class Cache:
    """One tool's cache.

    `places`: home:, cache:, xdg: (`XDG_CACHE_HOME` or `~/.cache` on every system), config:, data: or root: and a path;
    named: is a folder of that name within three levels of home or a drive, as people clone programs.
    `variables`: (name, path below it), asked first and in this order.
    `layout`: plain files; with a Hugging Face cache in the root; with such caches anywhere below; an Ollama store.
    `category`: of everything here, evidence `folder`; "" when content alone decides. `whole`: each folder is a model.
    """

    tool: str
    places: tuple[str, ...]
    category: str = ""
    variables: tuple[tuple[str, str], ...] = ()
    layout: Layout = "tree"
    whole: bool = False
    categories: Mapping[str, str] = field(default_factory=dict)
    settings: Callable[[Env], Iterator[str]] = lambda env: iter(())
    prefixed: bool = False
    """Whether names end in the first digits of their sha256 (`resnet18-f37072fd.pth`)."""


def _speech_note(env: Env) -> Iterator[str]:
    for base in (env.config(), *env.flatpaks("config")):
        file = os.path.join(base, "net.mkiol", "dsnote", "settings.conf")
        yield from (
            ini_value(file, "service", "models_dir", env.say),
            ini_value(file, "service", "lang_models_dir", env.say),
        )


def _kdenlive(env: Env) -> Iterator[str]:
    """The group of these keys was not seen in the source, so those that are likely are all asked."""
    for base in (env.config(), *env.flatpaks("config")):
        file = os.path.join(base, "kdenliverc")
        for group in ("speech", "env", "General"):
            yield from (
                ini_value(file, group, "vosk_folder_path", env.say),
                ini_value(file, group, "whisperModelFolder", env.say),
            )


CACHES = (
    Cache("whisper", ("xdg:whisper",), "stt"),
    Cache("whisper-cpp", ("named:whisper.cpp/models", "data:pywhispercpp/models"), "stt"),
    Cache("buzz", ("cache:Buzz/models", "cache:Buzz/Buzz/Cache/models"), "stt", (("BUZZ_MODEL_ROOT", ""),),
          "hub"),
    Cache("kdenlive", ("data:kdenlive/speechmodels",), "stt", whole=True, settings=_kdenlive),
    Cache("speech-note", ("cache:net.mkiol/dsnote/speech-models",), "", whole=True,
          settings=_speech_note),
    Cache("piper", ("data:piper", "data:piper-voices", "home:.piper/models"), "tts"),
    Cache("coqui", ("data:tts",), "tts", (("TTS_HOME", "tts"), ("XDG_DATA_HOME", "tts")), whole=True),
    Cache("kokoro", ("cache:kokoro", "home:.kokoro"), "tts"),
    Cache("fish-speech", ("named:fish-speech/checkpoints",), "tts", whole=True),
    Cache("vosk", ("root:/usr/share/vosk", "home:AppData/Local/vosk", "home:.cache/vosk", "xdg:vosk"), "stt",
          (("VOSK_MODEL_PATH", ""),), whole=True),
    Cache("nemo", ("xdg:torch/NeMo", "xdg:nemo"), "", (("NEMO_CACHE_DIR", ""), ("NEMO_HOME", "")),
          "hubs"),
    Cache("sentence-transformers", ("xdg:torch/sentence_transformers",), "embedding",
          (("SENTENCE_TRANSFORMERS_HOME", ""),), "hub", whole=True),
    Cache("torch-hub", ("xdg:torch/hub/checkpoints", "xdg:torch/hub/torchaudio/models"), "",
          (("TORCH_HOME", "hub/checkpoints"), ("TORCH_HOME", "hub/torchaudio/models")), prefixed=True),
    Cache("timm", ("xdg:timm",), "vision", (("TORCH_MODEL_ZOO", ""),), prefixed=True),
    Cache("rembg", ("home:.rembg/models", "home:.u2net", "data:rembg/models"), "vision",
          (("REMBG_HOME", "models"), ("U2NET_HOME", ""))),
    Cache("insightface", ("home:.insightface/models",), "vision", whole=True),
    Cache("easyocr", ("home:.EasyOCR/model",), "vision",
          (("EASYOCR_MODULE_PATH", "model"), ("MODULE_PATH", "model"))),
    Cache("upscayl", ("data:upscayl/models", "config:Upscayl/models", "root:/opt/Upscayl/resources/models",
                                 "root:/Applications/Upscayl.app/Contents/Resources/models"),
          "diffusion/upscale_models"),
    Cache("msty", ("config:Msty/models", "config:MstyStudio/models"), "", layout="ollama"),
    Cache("msty", ("config:MstyStudio/models-mlx", "config:MstyStudio/models-llamacpp"), "llm"),
    Cache("anythingllm", ("config:anythingllm-desktop/storage/models",
                                         "named:anything-llm/server/storage/models"), "",
          (("STORAGE_DIR", "models"),), categories={"downloaded": "llm", "tesseract": "vision"}),
)  # fmt: skip
