"""Ollama: manifests that name content-addressed blobs.

Rules from ollama/ollama (2026-08): manifest/paths.go, manifest/layer.go, types/model/name.go, server/images.go.
A model is what a manifest names; blobs that no manifest names are orphans when all manifests were read
(`ollama_manifests`) and no pull is under way: its layers have their final names before its manifest is there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base import reach
from model_manager.base.facts import Claim, Health, Role
from model_manager.base.json_text import parsed
from model_manager.base.text import later
from model_manager.catalog.foreign import Question
from model_manager.stores import last_used, ollama_removal, ollama_service
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundFile, FoundRoot, Leftover, Source, on_disk
from model_manager.stores.look import Look
from model_manager.stores.ollama_manifests import BLOB, DIGEST, PART, Manifests, Unread, manifests_of, names_of
from model_manager.stores.private_copy import rows_of
from model_manager.stores.store import Store
from model_manager.stores.under_way import FRESH, PULLED, is_younger

TOOL = "ollama"
_SERVICE = "/usr/share/ollama/.ollama/models"
_ROLES: dict[str, Role] = {
    "model": "weights", "projector": "projector", "adapter": "adapter", "tensor": "weights", "draft": "other",
    "json": "config", "params": "config",
}  # fmt: skip


def find(env: Env) -> Iterator[FoundRoot]:
    """The running server's folder, the desktop app's setting, OLLAMA_MODELS, the default, the Linux service's."""
    for process in env.running("ollama"):
        if path := env.expand(process.environ.get("OLLAMA_MODELS", "")):
            yield from _if_store(path, "process")
    for path in _from_desktop(env):
        yield from _if_store(path, "config")
    if path := env.variable("OLLAMA_MODELS"):
        yield from _if_store(path, "environment")
    for path in _from_systemd(env):
        yield from _if_store(path, "config")
    yield from _if_store(env.path(".ollama", "models"), "default")
    if env.system == "linux":
        yield from _if_store(_SERVICE, "default")
        for base in env.flatpaks("data"):
            yield from _if_store(os.path.join(os.path.dirname(base), ".ollama", "models"), "default")


def _if_store(path: str, found_by: str) -> Iterator[FoundRoot]:
    if os.path.isabs(path) and reach.is_dir(path):
        yield FoundRoot(TOOL, path, found_by)  # type: ignore[arg-type]


def _from_desktop(env: Env) -> Iterator[str]:
    if env.system == "linux":
        return
    chosen = Question("SELECT models FROM settings LIMIT 1", ("settings",))
    for row in rows_of(last_used.desktop_database(env), env.scratch, chosen, env.say):
        if isinstance(row[0], str) and row[0]:
            yield env.expand(row[0])


def _from_systemd(env: Env) -> Iterator[str]:
    """`Environment="OLLAMA_MODELS=…"` of the service's unit and drop-ins, where readable."""
    if env.system != "linux" or not _is_own_home(env.home):
        return
    folder = "/etc/systemd/system/ollama.service.d"
    try:
        names = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".conf")]
    except OSError:
        names = []
    for name in [*reversed(names), "/etc/systemd/system/ollama.service"]:
        try:
            with open(name, encoding="utf-8", errors="replace") as file:
                match = re.search(r'Environment="?OLLAMA_MODELS=([^"\n]+)', file.read(65_536))
        except OSError:
            continue
        if match:
            yield match[1].strip()
            return


def _is_own_home(home: str) -> bool:
    """Whether this is the user's registered home: with HOME set elsewhere the computer's services are not looked at."""
    import pwd

    try:
        return home == pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return False


def in_use(env: Env) -> str | None:
    """Ollama's own server holds the store while it runs."""
    running = next(iter(env.running("ollama")), None)
    return later(f"Ollama is running (process {running.pid})") if running else None


@dataclass(slots=True)
class _Store:
    root: str
    manifests: Manifests
    blobs: dict[str, os.DirEntry[str]] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    """Every tag, then what no tag names."""
    if not _can_list(root.path):
        yield from ollama_service.describe(root, look)
        return
    blobs = os.path.join(root.path, "blobs")
    entries = {entry.name: entry for entry in look.entries(blobs)}
    if blobs in look.unread:
        yield from ollama_service.describe(root, look)
        return
    store = _Store(root.path, manifests_of(root.path), entries)
    for path, parts in store.manifests.files:
        look.step()
        found = _model(store, path, parts, look)
        if found:
            yield found
    yield from _leftovers(store, look)


def _can_list(path: str) -> bool:
    return os.access(path, os.R_OK | os.X_OK)


def name_of(parts: tuple[str, str, str, str]) -> str:
    """The name that `ollama list` shows: the default host and namespace are left out."""
    host, namespace, model, tag = parts
    if host == "registry.ollama.ai":
        return f"{model}:{tag}" if namespace == "library" else f"{namespace}/{model}:{tag}"
    return f"{host}/{namespace}/{model}:{tag}"


def _model(store: _Store, path: str, parts: tuple[str, str, str, str], look: Look) -> Found | None:
    manifest = look.json(path)
    stat = look.stat(path)
    every = names_of(manifest)
    if every is None:
        why = later("it is no whole manifest; Ollama prunes nothing while it is there")
        store.manifests.unread.append(Unread(path, why))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("layers"), list) or stat is None:
        return None
    files = [FoundFile(path, stat, "manifest", "manifest")]
    missing: list[str] = []
    details: dict[str, str] = {}
    config = manifest.get("config")
    for layer, blob in every or ():
        _add_layer(store, layer, blob, layer is config, files, missing, details, look)
    claims = tuple(_config_claims(store, config, look))
    hub = "huggingface" if parts[0] in ("hf.co", "huggingface.co") else "ollama"
    weights = any(file.role == "weights" for file in files)
    health = None
    if missing:
        health = Health("incomplete", f"{len(missing)} of its blobs are missing: {', '.join(missing[:3])}")
    elif not weights and any(claim.value == "cloud" for claim in claims):
        health = Health("good", "runs in Ollama's cloud: no weights on this computer")
    return Found(
        name=name_of(parts),
        path=path,
        files=tuple(files),
        claims=claims,
        source=Source(hub, f"{parts[1]}/{parts[2]}", "", parts[3]),
        health=health,
        details=details,
    )


def _add_layer(
    store: _Store, layer: Mapping[str, object], blob: str, is_config: bool, files: list[FoundFile], missing: list[str],
    details: dict[str, str], look: Look,
) -> None:  # fmt: skip
    kind = str(layer.get("mediaType", "")).rsplit(".", 1)[-1]
    store.named.add(blob)
    stat = look.stat(os.path.join(store.root, "blobs", blob))
    if stat is None:
        missing.append(blob[:19])
        return
    role: Role = "config" if is_config else _ROLES.get(kind, "other")
    place = os.path.join(store.root, "blobs", blob)
    files.append(FoundFile(place, stat, role, str(layer.get("name") or kind)[:200], blob[7:], "blob-name"))
    if kind in ("template", "system", "params") and stat.st_size < 65_536:
        text = look.small(place, 65_536)
        details[kind] = text.decode("utf-8", "replace") if text else ""


def _config_claims(store: _Store, config: object, look: Look) -> Iterator[Claim]:
    """What Ollama recorded when the model was made (types/model/config.go): sidecar strength."""
    match = DIGEST.match(str(config.get("digest", ""))) if isinstance(config, dict) else None
    text = look.small(os.path.join(store.root, "blobs", f"sha256-{match[1]}"), 4 << 20) if match else None
    try:
        record = parsed(text) if text else {}
    except ValueError:
        return
    if not isinstance(record, dict):
        return
    why = later("Ollama's record")
    for key, claimed in (("file_type", "quant_label"), ("model_family", "architecture")):
        if isinstance(record.get(key), str) and record[key]:
            yield Claim(claimed, record[key], "sidecar", why)
    if isinstance(record.get("context_length"), int) and record["context_length"] > 0:
        yield Claim("context_length", record["context_length"], "sidecar", why)
    capabilities = record.get("capabilities")
    for word in capabilities if isinstance(capabilities, list) else ():
        if word in ("vision", "audio"):
            yield Claim(word, True, "sidecar", why)
        elif word == "tools":
            yield Claim("tool_use", True, "sidecar", why)
        elif word == "embedding":
            yield Claim("category", "embedding", "sidecar", why)
    if record.get("remote_host"):
        yield Claim("tag", "cloud", "sidecar", f"remote_host is {str(record['remote_host'])[:80]}")
        yield Claim("category", "llm", "sidecar", why)
    elif record.get("model_format") == "safetensors":
        yield Claim("category", "llm", "folder", "a language model of Ollama")


def _leftovers(store: _Store, look: Look) -> Iterator[Leftover]:
    """Downloads that did not end, and blobs that nothing names: none of these while a pull may be about to name them.

    What is no blob and no part of one is a foreign file: it stays.
    """
    unnamed: list[tuple[str, os.stat_result]] = []
    parts: dict[str, list[tuple[str, os.stat_result]]] = {}
    for name, entry in store.blobs.items():
        stat = look.stat(entry.path) if name not in store.named and name.startswith("sha256-") else None
        if stat is None:
            continue
        if BLOB.match(name):
            unnamed.append((entry.path, stat))
        else:
            part = PART.match(name)
            parts.setdefault(part[1] if part else name, []).append((entry.path, stat))
    pulled = False
    for of, files in parts.items():
        young = [path for path, stat in files if is_younger(stat, PULLED)]
        pulled = pulled or bool(young)
        size, held = sum(stat.st_size for _path, stat in files), sum(on_disk(stat) for _path, stat in files)
        paths = young or [path for path, _stat in files]  # the age of one stands for all: the youngest tells
        yield Leftover("partial", min(paths, key=len), size, held, of)
    if not _is_known(store, bool(unnamed), look) or pulled:
        return
    for path, stat in unnamed:
        if not is_younger(stat, FRESH):
            yield Leftover("orphan", path, stat.st_size, on_disk(stat), "no Ollama model names this blob")


def _is_known(store: _Store, is_needed: bool, look: Look) -> bool:
    """Whether all manifests were read. `is_needed`: there are blobs that one of them may name."""
    unread = list(store.manifests.unread)
    if not unread and not store.manifests.files:
        unread.append(Unread(os.path.join(store.root, "manifests"), later("there is no manifest in it"), False))
    for one in unread:
        if one.hides or is_needed:
            look.problem(one.path, "manifest", f"{one.why}; {_UNKNOWN}")
        if one.hides and not reach.is_file(one.path):
            look.unread.append(one.path)
    return not unread


_UNKNOWN = later(
    "no blob of this store is called unused until it can be read: connect its drive or repair it, and scan again"
)


STORE = Store(
    TOOL, "Ollama", find, describe, in_use, remove=ollama_removal.remove, remove_leftover=ollama_removal.remove_leftover,
    named_now=ollama_removal.named_now, last_used=last_used.of_ollama,
)  # fmt: skip
STORES = (STORE,)
