"""Which files beside weights are a model's by their form. Every other one may be somebody's own, and stays.

A model's folder is also where people keep notes, papers, training logs and pictures. What goes with a model goes by a
list of what is known, never by what is left over: a README that stays is a nuisance, a thesis that goes is a loss.
"""

from __future__ import annotations

import json
import re

from model_manager.base.reading import read_small
from model_manager.stores.grouping.file_names import TOKENIZERS, is_weights, suffix_of
from model_manager.stores.host.settings_file import yaml_settings

_SETTINGS = frozenset({".json", ".yaml", ".yml", ".jinja", ".cfg", ".conf", ".ini", ".toml"})
_TELLING = (
    r"config|configs|configuration|conf|index|map|modules|vocab|vocabulary|merges|tokens?|tokenizer|processor|preprocessor"
    r"|params|hparams|hyperparams|template|manifest|metadata|modelinfo|recipe|args|ids|speakers?|voices?|labels?|mfcc"
    r"|ivector|online|splice|tekken|trainer_state|all_results|train_results|eval_results|dataset_infos|model|adapter"
)
_SETTING = re.compile(rf"(?:^|[._-])(?:{_TELLING})$|^(?:config|tokenizer|special_tokens|added_tokens|model\.)[._-]?")
_DATA = frozenset({
    ".fst", ".dubm", ".ie", ".mat", ".stats", ".int", ".carpa", ".arpa", ".raw", ".lm", ".scorer", ".spm", ".bpe",
    ".tiktoken", ".vocab", ".npy", ".index", ".pb", ".pbtxt", ".ort", ".mnn", ".mil", ".net", ".shape", ".weights",
    ".onnx_data", ".engine", ".plan", ".etag", ".sha256", ".md5", ".imatrix",
})  # fmt: skip
_PART = re.compile(r"\.data-\d{5}-of-\d{5}$|\.onnx[._]data(?:_\d+)?$|^onnx__")
_CARD = re.compile(r"^(?:readme|licen[cs]e|notice|copying|use_policy|model_card|modelcard|changelog|citation|copyright"
                   r"|acceptable_use)[^/]*$")  # fmt: skip
_TEXT = re.compile(r"^(?:merges|vocab\w*|tokens|words|phones|labels|speakers|special_tokens|added_tokens|dict|lexicon[\w-]*"
                   r"|word_feats|special_symbol_opts|huggingface-metadata|tos_agreed|requirements)\.txt$")  # fmt: skip
_CODE = re.compile(r"^(?:modeling|configuration|tokenization|processing|image_processing|feature_extraction|pipeline)_\w+\.py$"
                   r"|^(?:handler|pipeline|model|__init__)\.py$")  # fmt: skip
_NAMES = frozenset({".gitattributes", ".gitignore", ".msc", ".mdl", ".mv", "cachedir.tag", "tree", "bpe.codes"})


def is_known(name: str) -> bool:
    """Whether a file of this name (a path within a model's folder) is what models are made of or what hubs add."""
    base = name[name.rfind("/") + 1 :].lower()
    suffix = suffix_of(base)
    if base in _NAMES or is_weights(base) or suffix in _DATA or _PART.search(base):
        return True
    if suffix in ("", ".md", ".txt", ".rst") and _CARD.match(base):
        return True
    if suffix == ".txt":
        return bool(_TEXT.match(base))
    if suffix == ".py":
        return bool(_CODE.match(base))
    if suffix in _SETTINGS:
        return bool(_SETTING.search(base[: -len(suffix)]))
    return suffix in ("", ".model") and base.startswith(TOKENIZERS)


_RECORDS = (".civitai.info", ".metadata.json", ".cm-info.json", ".swarm.json", ".onnx.json", ".sha256", ".md5", ".etag",
            ".gguf.json")  # fmt: skip
_PICTURES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif"})
_SHOWN = re.compile(r"\.(?:preview|thumb)\.[a-z]+$")
_WORDS = frozenset({
    "activation text", "preferred weight", "negative text", "sd version", "modelId", "modelVersions", "trainedWords",
    "baseModel", "model_name", "modelspec.title", "modelspec.architecture", "phoneme_id_map", "ModelId", "ModelName",
    "lastModified", "etag", "hash_status", "sha256",
})  # fmt: skip
"""Keys of the records that A1111, Civitai's helpers, LoRA Manager, SwarmUI, Stability Matrix, Piper and llama.cpp write."""
PICTURED = frozenset({"a1111", "forge", "sdnext", "fooocus", "swarmui", "comfyui", "stability-matrix", "invokeai"})
"""Tools that show `<name>.png` as a model's picture."""


def is_record(path: str) -> bool:
    """Whether a file beside a model is a tool's record of it or its picture, by its ending or its keys.

    `<name>.txt` is never one: people write these, and no tool needs them. Settings of a checkpoint have a `model`.
    """
    low = path.lower()
    if low.endswith(_RECORDS) or _SHOWN.search(low):
        return True
    suffix = suffix_of(low)
    if suffix == ".json":
        try:
            found = json.loads(read_small(path))
        except (OSError, ValueError, RecursionError):
            return False
        return isinstance(found, dict) and not _WORDS.isdisjoint(found)
    return suffix in (".yaml", ".yml") and isinstance(yaml_settings(path).get("model"), dict)


def is_picture(path: str) -> bool:
    """Whether a name is a picture's: a model's own only where a tool that shows such keeps it, or its record lies by."""
    return suffix_of(path) in _PICTURES
