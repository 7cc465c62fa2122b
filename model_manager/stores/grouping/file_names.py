"""What a file's name says of it: weights, an unfinished download, a projector, its role beside a model."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable

from model_manager.base.facts import Role

CERTAIN = frozenset({".gguf", ".safetensors", ".sft", ".ckpt", ".pt", ".pth", ".pt2", ".onnx", ".tflite", ".nemo",
                     ".mlmodel", ".keras", ".llamafile", ".litertlm", ".ggml"})  # fmt: skip
AMBIGUOUS = frozenset({".bin", ".pkl", ".pickle", ".joblib", ".dill", ".skops", ".h5", ".npz", ".msgpack", ".param", ".xml",
                       ".t7", ".task", ".model", ".mdl"})  # fmt: skip
"""Suffixes that other things have too: believed only when the content is recognised."""
_PARTIAL = (".part", ".partial", ".incomplete", ".crdownload", ".aria2", ".!qb", ".!ut", ".!bt", ".bc!", ".resume",
            ".fdmdownload", ".xltd", ".opdownload", ".downloading", ".downloadinprogress", ".download", ".st",
            ".tmp")  # fmt: skip
"""What browsers, aria2, torrent clients, download managers and axel (`.st`) call what they have not finished, or their
note beside it."""
LARGEST_NOTE = 1 << 20
"""Bytes of a note of how far a download came, at most (aria2: a bit for each piece); what is larger is the download."""
ARRAY = ".npy"
"""Data nearly always, and no weights by its name; an array of objects is a pickle."""
_MATTERING = CERTAIN | AMBIGUOUS | frozenset((*_PARTIAL, ARRAY))
_BESIDE = (".png", ".txt", ".json", ".jpg", ".jpeg", ".md", ".py", ".yaml", ".csv", ".webp", ".html")
"""What fills folders beside models: nobody looks twice at these names (100,000 of them are a tenth of a walk)."""
RAW_PART = re.compile(r"^(?P<stem>.+\.gguf)[.-](?:part(?P<number>\d+)of(?P<count>\d+)|split-(?P<letter>[a-z]))$")
PROJECTOR = re.compile(r"(^|[-_.])mmproj([-_.]|$)", re.IGNORECASE)
_TRAINING = frozenset({"optimizer.pt", "optimizer.bin", "scheduler.pt", "scheduler.bin", "training_args.bin",
                       "scaler.pt"})  # fmt: skip
TOKENIZERS = ("tokenizer", "vocab", "merges.txt", "special_tokens", "added_tokens", "spiece", "sentencepiece",
               "tekken", "chat_template")  # fmt: skip
_CONFIGS = frozenset({".json", ".yaml", ".yml", ".jinja", ".cfg", ".conf", ".ini", ".toml"})


def suffix_of(name: str) -> str:
    return name[name.rfind(".") :].lower() if "." in name else ""


def stem_of(key: str) -> str:
    suffix = suffix_of(key)
    return key[: -len(suffix)] if suffix in CERTAIN | AMBIGUOUS else key


def may_matter(names: Iterable[str]) -> list[str]:
    """Those of a folder's names that may be weights, an unfinished download or a rest of training: a quick look."""
    return [
        name
        for name in [name for name in names if not name.endswith(_BESIDE)]
        if suffix_of(name) in _MATTERING or ".gguf" in name or ".tfevents." in name
    ]


def is_weights(name: str) -> bool:
    """Whether a file of this name may hold weights."""
    suffix = suffix_of(name)
    return suffix in CERTAIN or suffix in AMBIGUOUS or bool(RAW_PART.match(name))


def is_partial(name: str) -> bool:
    """Whether a name says that its download has not ended: `x.gguf.part`, `incomplete-x.gguf`."""
    low = name.lower()
    if low.startswith("incomplete-") and suffix_of(low) in CERTAIN:
        return True
    if low.endswith(".crdownload"):
        return True
    if not low.endswith(_PARTIAL):
        return False
    stem = next(low[: -len(end)] for end in _PARTIAL if low.endswith(end))
    return suffix_of(stem) in CERTAIN | AMBIGUOUS or bool(re.search(r"\.[0-9a-f]{6,}$", stem))


_MODEL_NAMES = ("pytorch_model", "diffusion_pytorch_model", "adapter_model", "ggml-", "openvino_", "tf_model", "flax_model",
                "model.", "model-")  # fmt: skip
_ETAG = re.compile(r"^[0-9a-f]{40,64}(?:\.[0-9a-f]{6,})?$")


def is_models_partial(name: str, believed: bool = True) -> bool:
    """Whether an unfinished download is one of a model: by the suffix it will have, or a hub's own name for it.

    `believed`: suffixes that other things have too count, because a tool's own folder is what it lies in. Browsers
    fetch films, systems and papers into the same folder: those are nobody's leftovers here.
    """
    low = name.lower()
    if not is_partial(low):
        return False
    stem = low.removeprefix("incomplete-") if low.startswith("incomplete-") else low
    stem = next((stem[: -len(end)] for end in _PARTIAL if stem.endswith(end)), stem)
    suffix = suffix_of(stem)
    if suffix in CERTAIN or (low.endswith(".incomplete") and re.search(r"\.[0-9a-f]{6,}$", stem)):
        return True
    if suffix in AMBIGUOUS:
        return believed or stem.startswith(_MODEL_NAMES)
    return bool(_ETAG.match(stem))


def data_of(name: str) -> str:
    """The file that an unfinished download, or the note beside one, is named after."""
    low = name.lower()
    if low.startswith("incomplete-"):
        return name[len("incomplete-") :]
    return next((name[: -len(end)] for end in _PARTIAL if low.endswith(end)), "")


def is_training(name: str) -> bool:
    """Rests of a training run: never needed to use the model."""
    base = name.rsplit("/", 1)[-1]
    return base in _TRAINING or base.startswith(("rng_state", "events.out.tfevents"))


def is_projector(name: str) -> bool:
    return suffix_of(name) == ".gguf" and bool(PROJECTOR.search(name.rsplit("/", 1)[-1][:-5]))


@functools.lru_cache(8192)
def role_of(name: str) -> Role:
    """The role of a file that lies in a model's folder. Remembered: every repository has the same few names."""
    base = name[name.rfind("/") + 1 :].lower()
    suffix = suffix_of(base)
    if suffix == ".gguf" and is_projector(base):
        return "projector"
    if base.startswith(TOKENIZERS):
        return "tokenizer"
    if base.startswith("adapter_model."):
        return "adapter"
    if suffix in _CONFIGS:
        return "config"
    if suffix in CERTAIN or suffix in AMBIGUOUS or (".gguf" in base and RAW_PART.match(base)):
        return "other" if is_training(base) else "weights"
    return "other"
