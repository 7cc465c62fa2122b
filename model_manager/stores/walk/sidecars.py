"""What other programs wrote beside a model: Civitai's answers, LoRA Manager's and Stability Matrix' records, Piper's.

Taken with their provenance, never trusted blindly: a hash counts only when the recorded size fits, and LoRA
Manager's only when it says that hashing was completed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.stores.walk.store_reader import StoreReader

_LIMIT = 8 << 20


@dataclass(frozen=True, slots=True)
class Recorded:
    """Claims of a sidecar and, when it holds a hash that may be believed, the sha256 of the weights."""

    claims: tuple[Claim, ...] = ()
    sha256: str | None = None


def read_sidecar(path: str, size: int, reader: StoreReader) -> Recorded:
    """What a sidecar says of weights of `size` bytes; empty for files that are no known sidecar."""
    name = path.lower()
    for ending, understood in _READERS:
        if name.endswith(ending):
            text = reader.json(path, _LIMIT)
            return understood(text, size) if isinstance(text, dict) else Recorded()
    return Recorded()


def _civitai_info(record: Mapping[str, object], size: int) -> Recorded:
    claims = list(_civitai_claims(record, ".civitai.info"))
    sha256 = None
    files = record.get("files")
    for entry in files if isinstance(files, list) else ():
        if not isinstance(entry, dict):
            continue
        hashes, kilobytes = entry.get("hashes"), entry.get("sizeKB")
        fits = isinstance(kilobytes, int | float) and abs(kilobytes * 1024 - size) < 1024
        if isinstance(hashes, dict) and fits:
            sha256 = _sha256(hashes.get("SHA256"))
    return Recorded(tuple(claims), sha256)


def _civitai_claims(record: Mapping[str, object], where: str) -> Iterator[Claim]:
    model = record.get("model")
    if isinstance(model, dict):
        yield from _text("name", model.get("name"), where)
        yield from _category(model.get("type"), where)
    yield from _text("base_model", record.get("baseModel"), where)
    for word in _words(record.get("trainedWords")):
        yield Claim("trigger_words", word, "sidecar", where)


def _lora_manager(record: Mapping[str, object], size: int) -> Recorded:
    where = ".metadata.json"
    claims = [*_text("name", record.get("model_name"), where), *_text("base_model", record.get("base_model"), where)]
    civitai = record.get("civitai")
    if isinstance(civitai, dict):
        claims += [Claim("trigger_words", word, "sidecar", where) for word in _words(civitai.get("trainedWords"))]
    claims += [Claim("tag", tag.lower(), "sidecar", where) for tag in _words(record.get("tags"))[:12]]
    done = record.get("hash_status", "completed") == "completed" and record.get("size") == size
    return Recorded(tuple(claims), _sha256(record.get("sha256")) if done else None)


def _stability_matrix(record: Mapping[str, object], size: int) -> Recorded:
    where = ".cm-info.json"
    claims = [
        *_text("name", record.get("ModelName"), where),
        *_text("base_model", record.get("BaseModel"), where),
        *_category(record.get("ModelType"), where),
    ]
    claims += [Claim("trigger_words", word, "sidecar", where) for word in _words(record.get("TrainedWords"))]
    hashes = record.get("Hashes")
    return Recorded(tuple(claims), _sha256(hashes.get("SHA256")) if isinstance(hashes, dict) else None)


def _swarm(record: Mapping[str, object], size: int) -> Recorded:
    where = ".swarm.json"
    title = record.get("modelspec.title") or record.get("title")
    return Recorded((*_text("name", title, where), *_text("licence", record.get("modelspec.license"), where)))


def _piper(record: Mapping[str, object], size: int) -> Recorded:
    where = ".onnx.json"
    if not isinstance(record.get("audio"), dict) or ("phoneme_id_map" not in record and "espeak" not in record):
        return Recorded()
    claims = [
        Claim("category", "tts", "sidecar", said("a Piper voice's settings")),
        Claim("tag", "piper", "sidecar", where),
    ]
    claims.append(Claim("base_model", "Piper", "sidecar", where))
    language = record.get("language")
    if isinstance(language, dict):
        claims += [Claim("tag", code, "sidecar", where) for code in _words([language.get("code")])]
    return Recorded(tuple(claims))


def _text(field: str, value: object, where: str) -> Iterator[Claim]:
    if isinstance(value, str) and value.strip() and value.strip().lower() not in ("unknown", "other", "none"):
        yield Claim(field, value.strip()[:200], "sidecar", where)


_CIVITAI_TYPES = {
    "checkpoint": "diffusion/checkpoints", "lora": "diffusion/lora", "locon": "diffusion/lora",
    "dora": "diffusion/lora",
    "lycoris": "diffusion/lora", "textualinversion": "diffusion/embeddings", "hypernetwork": "diffusion/other",
    "controlnet": "diffusion/controlnet", "vae": "diffusion/vae", "upscaler": "diffusion/upscale_models",
    "motionmodule": "diffusion/other", "detection": "vision",
}  # fmt: skip


def _category(value: object, where: str) -> Iterator[Claim]:
    slug = _CIVITAI_TYPES.get(value.lower()) if isinstance(value, str) else None
    if slug:
        yield Claim("category", slug, "sidecar", said("{0}: {1}", where, value))


def _words(value: object) -> list[str]:
    if not isinstance(value, list):
        return []
    return [word.strip()[:200] for word in value[:40] if isinstance(word, str) and word.strip()]


def _sha256(value: object) -> str | None:
    text = value.lower() if isinstance(value, str) else ""
    return text if len(text) == 64 and all(letter in "0123456789abcdef" for letter in text) else None


_READERS = (
    (".civitai.info", _civitai_info), (".metadata.json", _lora_manager), (".cm-info.json", _stability_matrix),
    (".swarm.json", _swarm), (".onnx.json", _piper),
)  # fmt: skip
