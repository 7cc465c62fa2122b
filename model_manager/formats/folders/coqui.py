"""Coqui TTS: model_file.pth or model.pth with a config.json that names the model. Source: idiap/coqui-ai-TTS
`TTS/.models.json`, `TTS/config/shared_configs.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import said
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import Text, json_of
from model_manager.formats.metadata import bounded

NAME = "coqui"
_WEIGHTS = ("model_file.pth", "model.pth", "best_model.pth", "model_file.pth.tar", "best_model.pth.tar")
_VOCODERS = ("vocoder", "hifigan", "melgan", "wavegrad", "wavernn", "parallel_wavegan", "univnet", "fullband_melgan",
             "multiband_melgan")  # fmt: skip
_VOICES = ("xtts", "vits", "tacotron", "tacotron2", "glow_tts", "fast_pitch", "fastspeech2", "speedy_speech", "bark",
           "tortoise", "overflow", "neuralhmm_tts", "delightful_tts", "align_tts", "freevc", "knnvc",
           "openvoice")  # fmt: skip


def matches(names: Mapping[str, int]) -> bool:
    return "config.json" in names and (
        any(name in names for name in _WEIGHTS) or "speakers_xtts.pth" in names or "dvae.pth" in names
    )


def read(folder: ModelFolder) -> Facts | None:
    """The facts of a voice or a vocoder; None when config.json names none of Coqui's models."""
    config = json_of(folder, "config.json")
    name = str(config.get("model") or config.get("generator_model") or "")[:60].lower()
    if name not in _VOICES and not name.startswith(_VOCODERS) and not name.endswith("generator"):
        return None
    present = any(one in folder.sizes for one in _WEIGHTS)
    health = GOOD if present else Health("incomplete", said("model.pth is missing"))
    return Facts(NAME, tuple(_claims(folder.name, config, name)), health=health, metadata=bounded(config))


def _claims(folder: str, config: Text, name: str) -> Iterator[Claim]:
    vocoder = name.startswith(_VOCODERS) or name.endswith("generator") or "vocoder_models" in folder
    yield Claim("category", "audio" if vocoder else "tts", "metadata", said("config.json: model {0}", name))
    yield Claim("architecture", name, "metadata", said("config.json model"))
    if vocoder:
        yield Claim("tag", "vocoder", "metadata", said("config.json: model {0}", name))
    else:
        yield Claim("base_model", {"xtts": "XTTS v2"}.get(name, name), "metadata", said("config.json model"))
