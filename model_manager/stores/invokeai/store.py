"""InvokeAI: its database says what is a model; files that no row names are orphans.

Source: invoke-ai/InvokeAI config_default.py, model_records_sql.py, orphaned_models_service.py (6.14). A path is relative
to models_dir when managed, absolute when installed in place. The database is read from a private copy.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from model_manager.base import reach
from model_manager.base.facts import Claim, Health
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundBy, FoundModel, FoundRoot, Leftover, Source, on_disk
from model_manager.stores.grouping.file_names import is_weights
from model_manager.stores.grouping.known_files import is_known
from model_manager.stores.host import last_used
from model_manager.stores.host.env import Env
from model_manager.stores.host.flags import last_of
from model_manager.stores.host.private_copy import answers_of
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import yaml_settings
from model_manager.stores.invokeai import removal as invokeai_removal
from model_manager.stores.invokeai.layout import has_files, place_of, record_of
from model_manager.stores.tool_facts import TOOLS
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree, found_at

TOOL = "invokeai"
_TYPES = {
    "main": "diffusion/checkpoints", "vae": "diffusion/vae", "lora": "diffusion/lora", "control_lora": "diffusion/lora",
    "controlnet": "diffusion/controlnet", "embedding": "diffusion/embeddings", "ip_adapter": "diffusion/ipadapter",
    "clip_vision": "diffusion/clip_vision", "clip_embed": "diffusion/text_encoders",
    "t2i_adapter": "diffusion/controlnet", "t5_encoder": "diffusion/text_encoders",
    "qwen3_encoder": "diffusion/text_encoders", "spandrel_image_to_image": "diffusion/upscale_models",
    "siglip": "diffusion/clip_vision", "flux_redux": "diffusion/other", "llava_onevision": "multimodal", "text_llm": "llm",
}  # fmt: skip
_BASES = {
    "sd-1": "SD 1.5", "sd-2": "SD 2.1", "sdxl": "SDXL 1.0", "sdxl-refiner": "SDXL Refiner", "sd-3": "SD 3",
    "flux": "Flux.1", "flux2": "Flux.2", "z-image": "Z-Image", "qwen-image": "Qwen-Image", "cogview4": "CogView 4",
}  # fmt: skip
_OWN = frozenset({".download_cache", ".convert_cache", ".convert_tmp", "model_images", ".cache"})


def find(env: Env) -> Iterator[FoundRoot]:
    """Running programs, INVOKEAI_ROOT, the parent of VIRTUAL_ENV, `~/invokeai`, then folders with invokeai.yaml."""
    roots = RootList(TOOL, env)
    for process in env.running(*TOOLS[TOOL].programs):
        theirs = replace(env, environ=process.environ)
        told = [os.path.join(process.folder, value) for value in last_of(process.arguments, "--root")]
        above = os.path.dirname(os.path.dirname(process.place))  # <root>/.venv/bin/invokeai-web
        for place in [*told, theirs.variable("INVOKEAI_ROOT"), above]:
            yield from _install(roots, theirs, place, "process")
    venv = env.variable("VIRTUAL_ENV")
    yield from _install(roots, env, env.variable("INVOKEAI_ROOT"), "environment")
    yield from _install(roots, env, os.path.dirname(venv) if venv else "", "environment")
    yield from _install(roots, env, env.path("invokeai"), "default")
    for folder, _names in env.unpacked("invokeai.yaml"):
        yield from _install(roots, env, folder, "default")


def _install(roots: RootList, env: Env, place: str, found_by: FoundBy) -> Iterator[FoundRoot]:
    """Variables win over invokeai.yaml; relative paths are taken from the root."""
    settings = yaml_settings(os.path.join(place, "invokeai.yaml"), env.say) if place else {}

    def folder(key: str, default: str) -> tuple[str, FoundBy]:
        if told := env.variable(f"INVOKEAI_{key.upper()}"):
            return os.path.join(place, told), "environment"
        value = settings.get(key)
        if isinstance(value, str) and value:
            return os.path.join(place, env.expand(value)), "config"
        return os.path.join(place, default), found_by

    database = os.path.join(folder("db_dir", "databases")[0], "invokeai.db")
    if place and (settings or reach.is_file(os.path.join(place, "invokeai.yaml")) or reach.is_file(database)):
        models, told = folder("models_dir", "models")
        by = found_by if found_by == "process" else told
        yield from roots.take(models, by, database=database, scratch=env.scratch, service=_service(settings))


def _service(settings: Mapping[str, object]) -> str:
    """Where its API answers when it does not say so itself: `port` of invokeai.yaml."""
    port = settings.get("port")
    return f"http://127.0.0.1:{port}" if isinstance(port, int) and 0 < port < 65_536 else ""


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    """The models of the database; without one, whatever lies in the folders of older versions."""
    database = root.details.get("database", "")
    found = answers_of(
        database, root.details.get("scratch", ""), last_used.OF_INVOKEAI,
        lambda path, why: reader.problem(path, "database", said("{0}; its models may be missing here: repair it and scan again", why)),
    )  # fmt: skip
    rows = found[0]
    if not rows:
        yield from describe_tree(root.path, reader, Plain(categories=_old_folders()))
        return
    covered: set[str] = set()
    certain = True
    for key, config in rows:
        reader.step()
        record = record_of(config) or {}
        if not has_files(record):
            continue
        place = place_of(root.path, record)
        if not place:
            reader.problem(
                database, "database", said("the model {0} has no path that could be its own", repr(str(key)[:80]))
            )
            certain = False
            continue
        covered |= _tops(place, root.path)
        yield _found(str(key), record, place, reader)
    if certain:
        yield from _orphans(root.path, covered, reader)


def _tops(place: str, root: str) -> set[str]:
    """The entry of the models folder that a place lies in, by either's own name and by where links lead."""
    tops = (reach.realpath(root), root)
    inside = [(path, top) for path in (place, reach.realpath(place)) for top in tops]
    return {os.path.relpath(path, top).split(os.sep)[0] for path, top in inside if path.startswith(top + os.sep)}


def _found(key: str, record: Mapping[str, object], place: str, reader: StoreReader) -> FoundModel:
    claims = tuple(_claims(record))
    name = str(record.get("name") or os.path.basename(place))[:300]
    details = {word: str(record[word])[:300] for word in ("hash", "base", "type", "format") if record.get(word)}
    found = found_at(place, reader, Plain(claims=claims))
    if found is None:
        is_there = reach.is_file(place) or reach.is_dir(place)
        if is_there:
            health = Health("incomplete", said("InvokeAI lists it, but no model is there"))
        else:
            health = Health("incomplete", said("InvokeAI lists it, but its files are not there"))
        found = FoundModel(key, place, (), claims=claims, health=health)
    return found._replace(name=key, title=name, source=_source(record), details=details)


def _source(record: Mapping[str, object]) -> Source | None:
    """`owner/repo:variant:subfolder` of Hugging Face, or an address; none for a file that was on disk already."""
    source, kind = record.get("source"), record.get("source_type")
    if not isinstance(source, str) or not source:
        return None
    if kind == "hf_repo_id":
        return Source("huggingface", source.split(":")[0])
    if kind != "url":
        return None
    match = re.match(r"https://huggingface\.co/([^/?#]+/[^/?#]+)/resolve/([^/?#]+)/([^?#]+)", source)
    if match:
        return Source("huggingface", match[1], match[2], match[3])
    # People paste addresses with `?token=…` or `user:password@`: neither may reach the catalogue.
    address = re.sub(r"^(https?://)[^/@]*@", r"\1", re.split("[?#]", source)[0])[:1000]
    return Source("civitai" if re.match(r"https://([a-z]+\.)?civitai\.com/", address) else "url", address)


def _claims(record: Mapping[str, object]) -> Iterator[Claim]:
    why = later("InvokeAI's database")
    if category := _TYPES.get(str(record.get("type"))):
        yield Claim("category", category, "sidecar", said("{0}: type {1}", why, record.get("type")))
    if base := _BASES.get(str(record.get("base"))):
        yield Claim("base_model", base, "sidecar", said("{0}: base {1}", why, record.get("base")))
    words = record.get("trigger_phrases")
    for word in words[:40] if isinstance(words, list) else ():
        if isinstance(word, str) and word:
            yield Claim("trigger_words", word[:200], "sidecar", why)


def _orphans(root: str, covered: set[str], reader: StoreReader) -> Iterator[Leftover]:
    """Entries with model files that no record covers, as InvokeAI's own clean-up counts them, by top folder.

    Links are passed over: what they lead to is not InvokeAI's. So is what another root reads.
    """
    for entry in reader.entries(root):
        if entry.name in covered or entry.name in _OWN or entry.name.startswith((".", "tmpinstall")):
            continue
        if any(path == entry.path or path.startswith(entry.path + os.sep) for path in reader.skip):
            continue
        before = len(reader.unread)
        names, size, on = _below(entry, reader)
        if any(is_weights(name) for name in names) and len(reader.unread) == before:
            yield Leftover("orphan", entry.path, size, on, said("InvokeAI's database does not name it"))


def _below(top: os.DirEntry[str], reader: StoreReader) -> tuple[set[str], int, int]:
    """The names of all files of a model's form at and below an entry, their size and bytes on disk; each inode once."""
    names: set[str] = set()
    seen: set[tuple[int, int]] = set()
    size = on = 0
    waiting = [top]
    while waiting:
        entry = waiting.pop()
        if entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            reader.step()
            waiting += reader.entries(entry.path)
        elif is_known(entry.name) and (stat := reader.stat(entry.path)) and (stat.st_dev, stat.st_ino) not in seen:
            seen.add((stat.st_dev, stat.st_ino))
            names.add(entry.name)
            size, on = size + stat.st_size, on + on_disk(stat)
    return names, size, on


def _old_folders() -> dict[str, str]:
    """`models/<base>/<type>` of InvokeAI before version 4."""
    bases = ("any", "sd-1", "sd-2", "sdxl", "sdxl-refiner", "flux")
    return {f"{base}/{kind}": slug for base in bases for kind, slug in _TYPES.items()}


STORE = Store(TOOL, find, describe, invokeai_removal.RULE, last_used=last_used.of_invokeai)
STORES = (STORE,)
