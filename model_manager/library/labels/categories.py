"""The category tree: ours, and what the user added."""

from __future__ import annotations

import re

from model_manager.base.errors import UsageError
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.catalog import Database, labels

CATEGORIES: tuple[tuple[str, str], ...] = (
    ("llm", later("Language models")), ("llm/adapters", later("Adapters")), ("embedding", later("Embedding")),
    ("embedding/rerankers", later("Rerankers")), ("diffusion", later("Diffusion")), ("diffusion/checkpoints", later("Checkpoints")),
    ("diffusion/diffusion_models", later("Diffusion models")), ("diffusion/lora", later("LoRA")),
    ("diffusion/controlnet", later("ControlNet")), ("diffusion/vae", later("VAE")), ("diffusion/vae_approx", later("VAE approx")),
    ("diffusion/text_encoders", later("Text encoders")), ("diffusion/clip_vision", later("CLIP vision")),
    ("diffusion/embeddings", later("Textual inversions")), ("diffusion/upscale_models", later("Upscalers")),
    ("diffusion/ipadapter", later("IP-Adapter")), ("diffusion/other", later("Other parts")), ("stt", later("Speech to text")),
    ("stt/finetunes", later("Fine-tunes")), ("tts", later("Text to speech")), ("tts/voices", later("Voices")), ("audio", later("Audio")),
    ("audio/vad", later("Voice activity")), ("text", later("Text tools")), ("text/punctuation", later("Punctuation")),
    ("text/diacritics", later("Diacritics")), ("text/translation", later("Translation")), ("text/classification", later("Classification")),
    ("multimodal", later("Multimodal")), ("multimodal/projectors", later("Projectors")), ("vision", later("Vision")),
    ("misc", later("Not sorted")),
)  # fmt: skip
"""(slug, name). The slug is also the folder under the central store. `diffusion` only groups."""

BUILT_IN = tuple(slug for slug, _ in CATEGORIES)
GROUPS = frozenset({"diffusion"})
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*){0,3}")


def slugs(database: Database) -> list[str]:
    """Every slug, ours in their order, then the user's."""
    with database.read() as tx:
        return [*BUILT_IN, *(slug for slug in labels.categories(tx) if slug not in BUILT_IN)]


def add(database: Database, slug: str) -> None:
    """Adds a category of the user's own. Raises UsageError when the slug cannot be a folder's name."""
    if not _SLUG.fullmatch(slug) or len(slug) > 120:
        raise UsageError(said("add the category"), slug, said("use small letters, digits, - and _, with / between levels"),
                         said("for example llm/roleplay"))  # fmt: skip
    if slug in slugs(database):
        raise UsageError(said("add the category"), slug, said("it exists"))
    with database.write_words() as tx:
        labels.add_category(tx, slug)


def rename(database: Database, old: str, new: str) -> list[int]:
    """Renames a category of the user's own, taking its models along; answers which models."""
    _own(database, old)
    add(database, new)
    with database.write_words() as tx:
        labels.remove_category(tx, old)
        return labels.move_category(tx, old, new)


def remove(database: Database, slug: str) -> list[int]:
    """Removes a category of the user's own; its models go back to what the evidence says."""
    _own(database, slug)
    with database.write_words() as tx:
        labels.remove_category(tx, slug)
        return labels.move_category(tx, slug, None)


def _own(database: Database, slug: str) -> None:
    if slug in BUILT_IN:
        raise UsageError(
            said("change the category"), slug, said("it is built in"), said("add one of your own beside it")
        )
    if slug not in slugs(database):
        raise UsageError(said("change the category"), slug, said("there is none of this name"))
