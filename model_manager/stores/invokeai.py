"""InvokeAI: its database says what is a model; files that no row names are orphans.

Source: invoke-ai/InvokeAI config_default.py, model_records_sql.py (6.14). A path is relative to models_dir when managed,
absolute when installed in place. The database is read from a private copy.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace

from model_manager.base.facts import Claim, Health
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover, Source, on_disk
from model_manager.stores.look import Look
from model_manager.stores.private_copy import rows_of
from model_manager.stores.settings_file import yaml_settings
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree, found_at

TOOL = "invokeai"
_TYPES = {
    "main": "diffusion/checkpoints", "vae": "diffusion/vae", "lora": "diffusion/lora", "control_lora": "diffusion/lora",
    "controlnet": "diffusion/controlnet", "embedding": "diffusion/embeddings", "ip_adapter": "diffusion/ipadapter",
    "clip_vision": "diffusion/clip_vision", "clip_embed": "diffusion/text_encoders",
    "t2i_adapter": "diffusion/controlnet", "t5_encoder": "diffusion/text_encoders",
    "qwen3_encoder": "diffusion/text_encoders", "spandrel_image_to_image": "diffusion/upscale_models",
    "siglip": "diffusion/clip_vision", "flux_redux": "diffusion/other", "llava_onevision": "multimodal", "text_llm": "llm",
}  # fmt: skip
_BASES = {"sd-1": "SD 1.5", "sd-2": "SD 2.1", "sdxl": "SDXL 1.0", "sd-3": "SD 3", "flux": "Flux.1", "flux2": "Flux.2"}
_OWN = frozenset({".download_cache", ".convert_cache", ".convert_tmp", "model_images", ".cache"})


def find(env: Env) -> Iterator[FoundRoot]:
    """INVOKEAI_ROOT, the parent of VIRTUAL_ENV, `~/invokeai`, then folders with invokeai.yaml."""
    venv = env.variable("VIRTUAL_ENV")
    places = [env.variable("INVOKEAI_ROOT"), os.path.dirname(venv) if venv else "", env.path("invokeai")]
    places += [folder for folder, _names in env.unpacked("invokeai.yaml")]
    seen: set[str] = set()
    for number, place in enumerate(places):
        if not place or not (os.path.isfile(os.path.join(place, "invokeai.yaml")) or _has_database(place)):
            continue
        settings = yaml_settings(os.path.join(place, "invokeai.yaml"))
        models = os.path.join(
            place, env.variable("INVOKEAI_MODELS_DIR") or env.expand(str(settings.get("models_dir") or "models"))
        )
        folder = os.path.join(
            place, env.variable("INVOKEAI_DB_DIR") or env.expand(str(settings.get("db_dir") or "databases"))
        )
        models = os.path.normpath(models)
        if models not in seen and os.path.isdir(models):
            seen.add(models)
            details = {"database": os.path.join(folder, "invokeai.db"), "scratch": env.scratch}
            yield FoundRoot(TOOL, models, "environment" if number == 0 else "default", details)


def _has_database(place: str) -> bool:
    return os.path.isfile(os.path.join(place, "databases", "invokeai.db"))


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    rows = rows_of(root.details.get("database", ""), root.details.get("scratch", ""), "SELECT id, config FROM models")
    if not rows:
        yield from describe_tree(root.path, look, Plain(categories=_old_folders()))
        return
    covered: set[str] = set()
    for key, config in rows:
        look.step()
        record = _record(config)
        path = record.get("path")
        if not isinstance(path, str) or not path:
            continue
        place = os.path.normpath(os.path.join(root.path, path))
        covered.add(os.path.relpath(place, root.path).split(os.sep)[0])
        yield _found(str(key), record, place, look)
    yield from _orphans(root.path, covered, look)


def _record(config: object) -> Mapping[str, object]:
    try:
        found = json.loads(config) if isinstance(config, str | bytes) else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _found(key: str, record: Mapping[str, object], place: str, look: Look) -> Found:
    claims = tuple(_claims(record))
    name = str(record.get("name") or os.path.basename(place))[:300]
    source = record.get("source")
    hub = "huggingface" if record.get("source_type") == "hf_repo_id" else ""
    origin = Source(hub, str(source)) if hub and source else None
    found = found_at(place, look, Plain(claims=claims))
    if found is None:
        health = Health("incomplete", "InvokeAI lists it, but its files are not there")
        return Found(key, place, (), title=name, claims=claims, source=origin, health=health)
    return replace(found, name=key, title=name, source=origin)


def _claims(record: Mapping[str, object]) -> Iterator[Claim]:
    why = "InvokeAI's database"
    if category := _TYPES.get(str(record.get("type"))):
        yield Claim("category", category, "sidecar", f"{why}: type {record.get('type')}")
    if base := _BASES.get(str(record.get("base"))):
        yield Claim("base_model", base, "sidecar", f"{why}: base {record.get('base')}")
    words = record.get("trigger_phrases")
    for word in words[:40] if isinstance(words, list) else ():
        if isinstance(word, str) and word:
            yield Claim("trigger_words", word[:200], "sidecar", why)


def _orphans(root: str, covered: set[str], look: Look) -> Iterator[Leftover]:
    for entry in look.entries(root):
        if entry.name in covered or entry.name in _OWN or entry.name.startswith((".", "tmpinstall")):
            continue
        size = on = 0
        for folder, _folders, names in os.walk(entry.path) if entry.is_dir() else [(root, [], [entry.name])]:
            for name in names:
                stat = look.stat(os.path.join(folder, name))
                size, on = (size + stat.st_size, on + on_disk(stat)) if stat else (size, on)
        if size:
            yield Leftover("orphan", entry.path, size, on, "InvokeAI's database does not name it")


def _old_folders() -> dict[str, str]:
    """`models/<base>/<type>` of InvokeAI before version 4."""
    bases = ("any", "sd-1", "sd-2", "sdxl", "sdxl-refiner", "flux")
    return {f"{base}/{kind}": slug for base in bases for kind, slug in _TYPES.items()}


def in_use(env: Env) -> str | None:
    running = next(iter(env.running("invokeai-web")), None)
    return f"InvokeAI is running (process {running.pid})" if running else None


STORE = Store(TOOL, "InvokeAI", find, describe, in_use)
STORES = (STORE,)
