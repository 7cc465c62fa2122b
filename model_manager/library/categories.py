"""The category tree: ours, and what the user added."""

from __future__ import annotations

import re

from model_manager.base.errors import UsageError
from model_manager.catalog import Database, models

CATEGORIES: tuple[tuple[str, str], ...] = (
    ("llm", "Language models"), ("llm/adapters", "Adapters"), ("embedding", "Embedding"),
    ("embedding/rerankers", "Rerankers"), ("diffusion", "Diffusion"), ("diffusion/checkpoints", "Checkpoints"),
    ("diffusion/diffusion_models", "Diffusion models"), ("diffusion/lora", "LoRA"),
    ("diffusion/controlnet", "ControlNet"), ("diffusion/vae", "VAE"), ("diffusion/vae_approx", "VAE approx"),
    ("diffusion/text_encoders", "Text encoders"), ("diffusion/clip_vision", "CLIP vision"),
    ("diffusion/embeddings", "Textual inversions"), ("diffusion/upscale_models", "Upscalers"),
    ("diffusion/ipadapter", "IP-Adapter"), ("diffusion/other", "Other parts"), ("stt", "Speech to text"),
    ("stt/finetunes", "Fine-tunes"), ("tts", "Text to speech"), ("tts/voices", "Voices"), ("audio", "Audio"),
    ("audio/vad", "Voice activity"), ("text", "Text tools"), ("text/punctuation", "Punctuation"),
    ("text/diacritics", "Diacritics"), ("text/translation", "Translation"), ("text/classification", "Classification"),
    ("multimodal", "Multimodal"), ("multimodal/projectors", "Projectors"), ("vision", "Vision"), ("misc", "Not sorted"),
)  # fmt: skip
"""(slug, name). The slug is also the folder under the central store. `diffusion` only groups."""

BUILT_IN = tuple(slug for slug, _ in CATEGORIES)
GROUPS = frozenset({"diffusion"})
_SLUG = re.compile(r"^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*){0,3}$")


def slugs(database: Database) -> list[str]:
    """Every slug, ours in their order, then the user's."""
    with database.read() as tx:
        return [*BUILT_IN, *(slug for slug in models.categories(tx) if slug not in BUILT_IN)]


def add(database: Database, slug: str) -> None:
    """Adds a category of the user's own. Raises UsageError when the slug cannot be a folder's name."""
    if not _SLUG.match(slug) or len(slug) > 120:
        raise UsageError("add the category", slug, "use small letters, digits, - and _, with / between levels",
                         "for example llm/roleplay")  # fmt: skip
    if slug in slugs(database):
        raise UsageError("add the category", slug, "it exists")
    with database.write() as tx:
        models.add_category(tx, slug)


def rename(database: Database, old: str, new: str) -> list[int]:
    """Renames a category of the user's own, taking its models along; answers which models."""
    _own(database, old)
    add(database, new)
    with database.write() as tx:
        models.remove_category(tx, old)
        return models.move_category(tx, old, new)


def remove(database: Database, slug: str) -> list[int]:
    """Removes a category of the user's own; its models go back to what the evidence says."""
    _own(database, slug)
    with database.write() as tx:
        models.remove_category(tx, slug)
        return models.move_category(tx, slug, None)


def _own(database: Database, slug: str) -> None:
    if slug in BUILT_IN:
        raise UsageError("change the category", slug, "it is built in", "add one of your own beside it")
    if slug not in slugs(database):
        raise UsageError("change the category", slug, "there is none of this name")
