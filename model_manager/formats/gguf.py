"""GGUF: language models of llama.cpp and everything built on it, and quantised image models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO

from model_manager.base.facts import GOOD, Claim, Facts, Health, Split, worst
from model_manager.base.messages import counted, figure, said
from model_manager.base.text import later
from model_manager.formats import architectures, chat_template, quants
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.gguf_header import MAGIC, Header, Skipped, read_header
from model_manager.formats.gguf_types import FILE_TYPES
from model_manager.formats.metadata import bounded
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.tail import zero_tail
from model_manager.formats.tensors import elements, shares

NAME = "gguf"
SUFFIXES = (".gguf",)

_EMBEDDING = frozenset({"bert", "modern-bert", "nomic-bert", "nomic-bert-moe", "neo-bert", "jina-bert-v2",
                        "jina-bert-v3", "eurobert", "gemma-embedding", "llama-embed"})  # fmt: skip
_SEEING = frozenset({"deepseek2-ocr", "paddleocr", "cogvlm", "qwen2vl", "qwen3vl", "qwen3vlmoe",
                     "hunyuan_vl", "chameleon"})  # fmt: skip
# Image and video architectures as written by city96's converter and stable-diffusion.cpp (ComfyUI-GGUF loader.py).
_DIFFUSION = {
    "flux": "Flux.1", "sd1": "SD 1.5", "sd2": "SD 2.1", "sdxl": "SDXL", "sd3": "SD 3", "aura": "AuraFlow",
    "hidream": "HiDream", "cosmos": "Cosmos", "ltxv": "LTXV", "hyvid": "Hunyuan Video", "wan": "Wan Video",
    "lumina2": "Lumina 2", "qwen_image": "Qwen-Image", "z_image": "Z-Image", "chroma": "Chroma",
    "flux2": "Flux.2",
}  # fmt: skip
_SPEECH = {"whisper": "stt", "parakeet": "stt", "moonshine": "stt", "canary": "stt", "voxtral": "stt",
           "wavtokenizer-dec": "tts", "kokoro": "tts", "orpheus": "tts", "outetts": "tts", "csm": "tts",
           "parler": "tts", "dia": "tts"}  # fmt: skip


def matches(head: bytes) -> bool:
    return head[:4] == MAGIC


def read(file: BinaryIO, size: int, limits: Limits) -> Facts:
    """The facts of one GGUF file or shard."""
    header = read_header(ByteWindow(file, size), limits)
    keys = header.keys
    claims = tuple(_claims(header))
    health = _health(header, file, size)
    reaching, code = chat_template.health_of(list(_templates(keys)))
    if reaching:
        health = reaching if health.verdict == "good" else worst([health, reaching])
    return Facts(
        format=NAME,
        claims=claims,
        shares=shares(header.tensors),
        health=health,
        code=code,
        split=_split(keys),
        metadata=bounded({**keys, "GGUF.version": header.version, "GGUF.tensor_count": len(header.tensors)}),
    )


def _claims(header: Header) -> Iterator[Claim]:
    keys = header.keys
    architecture = _text(keys, "general.architecture").lower()
    if architecture:
        yield Claim("architecture", architecture, "metadata", "general.architecture")
    yield from _category(header, architecture)
    if header.tensors:
        count = sum(elements(tensor.shape) for tensor in header.tensors.values())
        yield Claim(
            "parameters",
            count,
            "tensors",
            counted("{0} tensor", "{0} tensors", len(header.tensors), figure(len(header.tensors))),
        )
        yield from quants.of_gguf(header.tensors, _label(keys))
    elif _label(keys):
        yield Claim("quant_label", _label(keys), "metadata", "general.file_type")
    if not header.tensors and "tokenizer.ggml.model" in keys:
        yield Claim("tag", "vocab-only", "tensors", said("no tensors, only a tokenizer"))
    yield from _words(keys, architecture)


def _category(header: Header, architecture: str) -> Iterator[Claim]:
    keys = header.keys
    kind = _text(keys, "general.type").lower()
    why = said("general.architecture is {0}", architecture) if architecture else ""
    if kind == "imatrix" or architecture == "imatrix" or "imatrix.chunk_count" in keys:
        yield Claim("category", "misc", "metadata", said("an importance matrix: used to quantise, not a model"))
        yield Claim("tag", "imatrix-data", "metadata", said("imatrix keys"))
    elif _text(keys, "adapter.type") == "lora" or kind == "adapter":
        yield Claim("category", "llm/adapters", "metadata", said("adapter.type is lora"))
        yield Claim("tag", "lora", "metadata", "adapter.type")
    elif architecture == "clip" or kind == "mmproj":
        yield Claim("category", "multimodal/projectors", "metadata", why or said("general.type is mmproj"))
        for sense in ("vision", "audio"):
            if keys.get(f"clip.has_{sense}_encoder") or (sense == "vision" and keys.get("clip.has_llava_projector")):
                yield Claim(sense, True, "metadata", said("clip.has_{0}_encoder", sense))
    elif architecture in _DIFFUSION:
        seen = list(architectures.claims_of(header.tensors))
        if any(claim.field == "category" and str(claim.value).startswith("diffusion/") for claim in seen):
            yield from (claim for claim in seen if claim.field in ("category", "base_model"))
        yield Claim("category", "diffusion/diffusion_models", "metadata", why)
        yield Claim("base_model", _DIFFUSION[architecture], "metadata", why)
    elif architecture in ("t5encoder", "t5"):
        yield Claim("category", "diffusion/text_encoders" if architecture == "t5encoder" else "llm", "metadata", why)
    elif architecture in _SPEECH:
        yield Claim("category", _SPEECH[architecture], "metadata", why)
    elif architecture:
        yield from _language(keys, header, architecture)
    else:
        yield from architectures.claims_of(header.tensors)


def _language(keys: Mapping[str, object], header: Header, architecture: str) -> Iterator[Claim]:
    why = said("general.architecture is {0}", architecture)
    pooling = keys.get(f"{architecture}.pooling_type")
    ranks = any(name.startswith(("cls.", "cls_")) for name in header.tensors)
    if pooling == 4 or (ranks and architecture in _EMBEDDING):
        why = said("pooling type {0}", pooling) if pooling else later("cls tensors")
        yield Claim("category", "embedding/rerankers", "metadata", why)
    elif architecture in _EMBEDDING:
        yield Claim("category", "embedding", "metadata", why)
    elif pooling in (1, 2, 3) and "tokenizer.chat_template" not in keys:
        yield Claim("category", "embedding", "metadata", said("pooling type {0} and no chat template", pooling))
    elif _speaks(keys):
        yield Claim("category", "tts", "metadata", said("audio tokens in the vocabulary ({0})", _speaks(keys)))
    elif architecture in _SEEING:
        yield Claim("category", "multimodal", "metadata", why)
        yield Claim("vision", True, "metadata", why)
    else:
        known = header.tensors and any(name.startswith("blk.") for name in header.tensors)
        if known or "tokenizer.ggml.model" in keys or f"{architecture}.block_count" in keys:
            yield Claim("category", "llm", "metadata", why)
        else:
            yield from architectures.claims_of(header.tensors)


def _speaks(keys: Mapping[str, object]) -> str:
    """The last token, when it is one of those that language models speak with (Orpheus, OuteTTS)."""
    tokens = keys.get("tokenizer.ggml.tokens")
    last = tokens.last if isinstance(tokens, Skipped) else ""
    return last if last.startswith(("<custom_token_", "<|audio_", "<|s_", "<|c2_")) else ""


def _words(keys: Mapping[str, object], architecture: str) -> Iterator[Claim]:
    for field, key in (
        ("name", "general.name"), ("licence", "general.license"), ("publisher", "general.organization"),
        ("publisher", "general.author"), ("source_repo", "general.repo_url"), ("source_repo", "general.source.url"),
        ("base_model", "general.basename"),
    ):  # fmt: skip
        if field == "base_model" and architecture in _DIFFUSION:
            continue
        if text := _text(keys, key):
            yield Claim(field, text[:500], "metadata", key)
    for field, key in (("context_length", "context_length"), ("embedding_length", "embedding_length")):
        value = keys.get(f"{architecture}.{key}")
        if isinstance(value, int) and 0 < value < 1 << 40:
            yield Claim(field, value, "metadata", said("{0}.{1}", architecture, key))
    if template := _text(keys, "tokenizer.chat_template"):
        yield Claim("chat_template", True, "metadata", "tokenizer.chat_template")
        if "tools" in template:
            yield Claim("tool_use", True, "metadata", said("the chat template names tools"))
    if finetune := _text(keys, "general.finetune"):
        yield Claim("tag", finetune[:60].lower(), "metadata", "general.finetune")
    if any(key.startswith("quantize.imatrix.") for key in keys):
        yield Claim("tag", "imatrix", "metadata", said("quantize.imatrix keys"))


def _templates(keys: Mapping[str, object]) -> Iterator[str]:
    """The chat templates: one, or several by name, or as a list."""
    for key, value in keys.items():
        if "chat_template" in key:
            yield from (one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str))


def _label(keys: Mapping[str, object]) -> str:
    value = keys.get("general.file_type")
    return FILE_TYPES.get(value & ~1024, "") if isinstance(value, int) else ""


def _split(keys: Mapping[str, object]) -> Split | None:
    number, count = keys.get("split.no"), keys.get("split.count")
    if isinstance(number, int) and isinstance(count, int) and 1 < count < 100_000 and 0 <= number < count:
        return Split(number, count)
    return None


def _health(header: Header, file: BinaryIO, size: int) -> Health:
    if header.data_end > size:
        return Health(
            "truncated",
            said(
                "its tensors end at byte {0}, the file has {1} ({2} missing)",
                figure(header.data_end),
                figure(size),
                figure(header.data_end - size),
            ),
        )
    if header.unknown_types:
        numbers = ", ".join(str(number) for number in sorted(header.unknown_types))
        return Health("unknown", said("tensor type {0} is not known to this program", numbers))
    if header.version == 1:
        return Health("good", said("GGUF version 1: too old for today's llama.cpp"))
    return zero_tail(file, size, header.data_start, header.spans) if header.tensors else GOOD


def _text(keys: Mapping[str, object], key: str) -> str:
    value = keys.get(key)
    return value.strip() if isinstance(value, str) else ""


__all__ = ["NAME", "SUFFIXES", "FormatProblem", "matches", "read"]
