"""CTranslate2 folders (faster-whisper): model.bin, config.json without a class, a vocabulary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import GOOD, Claim, Facts, Health
from model_manager.base.messages import said
from model_manager.formats.folders import readme, speech
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.folders.documents import Text, front_matter, json_of
from model_manager.formats.metadata import bounded

NAME = "ctranslate2"
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt", "shared_vocabulary.json", "shared_vocabulary.txt",
                 "source_vocabulary.json", "source_vocabulary.txt")  # fmt: skip
_WHISPER = frozenset({"suppress_ids", "lang_ids", "alignment_heads", "suppress_ids_begin"})


def matches(names: Mapping[str, int]) -> bool:
    return any(name in names for name in _VOCABULARIES) and ("model.bin" in names or "config.json" in names)


def read(folder: ModelFolder) -> Facts | None:
    """The facts of the folder; model.bin's own header says what it is for certain."""
    config = json_of(folder, "config.json")
    if config.get("architectures") or "_class_name" in config:
        return None
    health = GOOD if "model.bin" in folder.sizes else Health("incomplete", said("model.bin is missing"))
    front = front_matter(folder)
    return Facts(
        NAME, (*_claims(folder, config, front), *readme.claims_of(front)), health=health, metadata=bounded(config)
    )


def _claims(folder: ModelFolder, config: Text, front: Mapping[str, list[str]]) -> Iterator[Claim]:
    if _WHISPER & set(config) or "preprocessor_config.json" in folder.sizes:
        yield from speech.heard(folder, {}, front, "Whisper's settings")
        yield Claim("architecture", "whisper", "metadata", said("config.json: Whisper's settings"))
    elif any(name.startswith(("source_", "shared_")) for name in folder.sizes):
        yield Claim("category", "text/translation", "metadata", said("a vocabulary for two languages"))
