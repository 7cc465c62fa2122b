"""transformers: config.json, a tokenizer and weights, as most repositories hold them. MLX models have the same form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import said
from model_manager.formats.folders import kinds, quantization, readme, speech
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import Text, bytes_of, front_matter, json_of, number, texts, within
from model_manager.formats.folders.weights import health_of, weights_in
from model_manager.formats.metadata import bounded

NAME = "transformers"
_CONTEXT = ("max_position_embeddings", "n_positions", "max_sequence_length", "max_seq_len", "model_max_length",
            "seq_length", "n_ctx", "max_target_positions")  # fmt: skip
_WIDTH = ("hidden_size", "d_model", "n_embd", "dim", "hidden_dim")
_TEMPLATES = ("chat_template.jinja", "chat_template.json")
_LARGEST = 4 << 20
_CHATS = "tokenizer_config.json"


def matches(names: Mapping[str, int]) -> bool:
    return "config.json" in names


def read(folder: ModelFolder) -> Facts | None:
    """The facts of a folder whose config.json names a class or a model_type."""
    config = json_of(folder, "config.json")
    if not config:
        return (
            Facts(NAME, health=Health("corrupt", said("config.json cannot be read as a JSON object")))
            if _sure(folder)
            else None
        )
    names = texts(config.get("architectures"))
    family = config.get("model_type")
    if not names and not isinstance(family, str):
        return None
    front = front_matter(folder)
    claims = (
        *_category(folder, config, names[0] if names else "", front),
        *_figures(config, names),
        *quantization.claims_of(folder, config),
        *_chat(folder),
        *readme.claims_of(front),
    )
    return Facts(NAME, claims, health=_health(folder), metadata=bounded(config))


def _sure(folder: ModelFolder) -> bool:
    return bool(weights_in(folder)) and ("tokenizer.json" in folder.sizes or "generation_config.json" in folder.sizes)


def _health(folder: ModelFolder) -> Health:
    """What ONNX and GGUF repositories keep below their folder or in other forms counts as weights too."""
    health = health_of(folder)
    if health.kind == "no-weights":
        below = any(name.endswith((".onnx", ".gguf", ".safetensors", ".xml")) for name in folder.sizes)
        return GOOD if below else health
    return health


def _category(folder: ModelFolder, config: Text, name: str, front: Mapping[str, list[str]]) -> Iterator[Claim]:
    repo = folder.name
    if spoken := speech.speaks(folder, config, front):
        yield from spoken
        return
    category, why = kinds.category_of(name, config, repo)
    if category == "stt":
        yield from speech.heard(folder, config, front, why)
    elif category:
        yield Claim("category", category, "metadata", said("config.json: {0}", why))
    elif pipeline := _PIPELINES.get((front.get("pipeline_tag") or [""])[0]):
        yield Claim("category", pipeline, "metadata", said("README.md pipeline_tag {0}", front["pipeline_tag"][0][:60]))
    for sense, part in kinds.senses(config).items():
        yield Claim(sense, True, "metadata", said("config.json {0}", part))
    if category in ("llm", "multimodal") and (found := readme.parents(front)):
        yield Claim("base_model", found[0], "metadata", "README.md base_model")


_PIPELINES = {
    "text-generation": "llm", "image-text-to-text": "multimodal", "any-to-any": "multimodal",
    "feature-extraction": "embedding", "sentence-similarity": "embedding", "text-ranking": "embedding/rerankers",
    "automatic-speech-recognition": "stt", "text-to-speech": "tts", "text-to-audio": "audio",
    "audio-classification": "audio", "voice-activity-detection": "audio/vad", "translation": "text/translation",
    "text-classification": "text/classification", "image-segmentation": "vision", "object-detection": "vision",
    "image-classification": "vision", "depth-estimation": "vision", "mask-generation": "vision",
    "image-to-text": "vision",
}  # fmt: skip


def _figures(config: Text, names: list[str]) -> Iterator[Claim]:
    family = config.get("model_type")
    if isinstance(family, str) and family:
        yield Claim("architecture", family[:100], "metadata", "config.json model_type")
    elif names:
        yield Claim("architecture", names[0][:100], "metadata", said("config.json architectures"))
    text = within(config, "text_config") or within(config, "llm_config") or config
    for field, keys in (("context_length", _CONTEXT), ("embedding_length", _WIDTH)):
        for key in keys:
            if value := number(text.get(key)) or number(config.get(key)):
                yield Claim(field, value, "metadata", said("config.json {0}", key))
                break


def _chat(folder: ModelFolder) -> Iterator[Claim]:
    """A chat template, and whether it speaks of tools."""
    for name, template in _templates(folder):
        yield Claim("chat_template", True, "metadata", name)
        if "tools" in template:
            yield Claim("tool_use", True, "metadata", said("{0}: the chat template names tools", name))
        return


def _templates(folder: ModelFolder) -> Iterator[tuple[str, str]]:
    for name in _TEMPLATES:
        if text := bytes_of(folder, name, _LARGEST):
            yield name, text.decode("utf-8", "replace")
    value = json_of(folder, _CHATS).get("chat_template")
    if isinstance(value, str) and value:
        yield _CHATS, value
    elif isinstance(value, list) and value:
        yield _CHATS, " ".join(str(one.get("template", "")) for one in value[:16] if isinstance(one, dict))
