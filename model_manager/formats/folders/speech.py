"""Models that hear or speak, where the class alone does not tell: Whisper's sizes and fine-tunes, language models
whose vocabulary holds the tokens of an audio codec."""

from __future__ import annotations

import re
from collections.abc import Mapping

from model_manager.base.facts import Claim
from model_manager.base.messages import figure, said
from model_manager.formats import whisper_sizes
from model_manager.formats.folders import readme
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import Text, number

_FORM = re.compile(
    r"^(?:faster|ggml)-|(?:-(?:ct2|ctranslate2|onnx|mlx|openvino|coreml|gguf|int8|fp16|float16|[48]-?bit|q[48]))+$"
)
"""Marks in a name that say in which form the same weights are."""
_LLAMA3_WORDS = 128_256
_ORPHEUS_WORDS = range(_LLAMA3_WORDS + 7 * 4096, _LLAMA3_WORDS + 7 * 4096 + 130)
"""Llama 3's vocabulary, 7 × 4,096 codes of SNAC, and a few marks (canopylabs/orpheus-3b)."""
_NAMES = ("orpheus", "outetts", "llasa", "csm-1b", "spark-tts", "fish-speech", "openaudio", "neutts", "maya1", "veena",
          "kani-tts", "soprano", "vyvotts")  # fmt: skip


def speaks(folder: ModelFolder, config: Text, front: Mapping[str, list[str]]) -> tuple[Claim, ...]:
    """Claims for a language model that answers in sound, else none."""
    names = config.get("architectures")
    if not isinstance(names, list) or not any(str(name).endswith(("ForCausalLM", "LMHeadModel")) for name in names[:4]):
        return ()
    words = number(config.get("vocab_size"))
    if config.get("model_type") == "llama" and words in _ORPHEUS_WORDS:
        why = said("config.json: a vocabulary of {0} is Llama 3's with the codes of an audio codec", figure(words))
        size = "-3b" if number(config.get("hidden_size")) == 3072 else ""
        return Claim("category", "tts", "metadata", why), Claim("base_model", f"orpheus{size}", "metadata", why)
    if (front.get("pipeline_tag") or [""])[0] == "text-to-speech":
        return (Claim("category", "tts", "metadata", said("README.md pipeline_tag text-to-speech")),)
    low = folder.name.lower()
    for name in _NAMES:
        if name in low:
            return Claim("category", "tts", "name", said("{0} in its name", name)), Claim(
                "base_model", name, "name", said("its name")
            )
    return ()


def heard(folder: ModelFolder, config: Text, front: Mapping[str, list[str]], why: str) -> tuple[Claim, ...]:
    """`stt`, or `stt/finetunes` when the folder names a parent that is another repository; Whisper's size."""
    base = whisper_base(config)
    parent, where = _parent(folder.name, config, front, base)
    claims = [
        Claim("category", "stt/finetunes", "metadata", said("{0} names {1}", where, parent))
        if parent
        else Claim("category", "stt", "metadata", said("config.json: {0}", why))
    ]
    if parent:
        claims.append(Claim("tag", "finetune", "metadata", said("{0} names {1}", where, parent)))
    if base:
        claims.append(Claim("base_model", base, "metadata", said("layers, vocabulary and bands in config.json")))
    elif parent:
        claims.append(Claim("base_model", parent, "metadata", where))
    return tuple(claims)


def whisper_base(config: Text) -> str:
    if config.get("model_type") != "whisper":
        return ""
    figures = (number(config.get(key)) for key in ("encoder_layers", "decoder_layers", "vocab_size", "num_mel_bins"))
    size = whisper_sizes.name_of(*figures)
    return f"whisper {size}" if size else "whisper"


def _parent(name: str, config: Text, front: Mapping[str, list[str]], base: str) -> tuple[str, str]:
    """The repository that this one was made from. Its own earlier name, a path on the trainer's disk, the same
    publisher (openai's turbo names openai's large-v3) and the published size itself are none."""
    told = [(one, "README.md base_model") for one in readme.parents(front)]
    earlier = config.get("_name_or_path")
    if isinstance(earlier, str) and readme.is_repo(earlier) and not earlier.startswith("."):
        told.append((earlier, "config.json _name_or_path"))
    publisher, _, own = name.lower().rpartition("/")
    own = _FORM.sub("", own)
    if own == base.replace(" ", "-"):
        return "", ""
    for parent, where in told:
        owner, _, theirs = parent.lower().rpartition("/")
        if _FORM.sub("", theirs) == own or (publisher and publisher == owner):
            continue
        return parent[:200], where
    return "", ""
