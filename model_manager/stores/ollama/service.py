"""A store that cannot be read (the Linux service's, owned by `ollama`), told by the service on loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

from model_manager.base.facts import Claim, Health
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.stores.discovered import FoundModel, FoundRoot
from model_manager.stores.host.loopback import answer_of, is_loopback
from model_manager.stores.ollama.layout import manifests_folder
from model_manager.stores.walk.store_reader import StoreReader


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel]:
    """Models as `/api/tags` lists them, marked "files not readable"; nothing when nobody answers."""
    why = later("this folder belongs to another user: its owner or an administrator can read it")
    reader.problem(root.path, "denied", why)
    reader.unread.append(root.path)
    for record in tags() if "ollama" not in reader.not_asked else ():
        name = record.get("name")
        if isinstance(name, str) and name:
            yield _found(name[:300], record, root)


def _found(name: str, record: dict[str, object], root: FoundRoot) -> FoundModel:
    details = record.get("details")
    claims = [Claim("tag", "files not readable", "sidecar", said("listed from the service's own answer"))]
    claims.append(Claim("category", "llm", "folder", said("a model of Ollama")))
    for key, field in (("family", "architecture"), ("quantization_level", "quant_label")):
        value = details.get(key) if isinstance(details, dict) else None
        if isinstance(value, str) and value:
            claims.append(Claim(field, value[:80], "sidecar", said("Ollama's answer")))
    size = record.get("size")
    told = {"reported_size": str(size)} if isinstance(size, int) and 0 <= size < 1 << 60 else {}
    health = Health("unknown", said("files not readable: listed from Ollama's own answer"))
    return FoundModel(name, manifests_folder(root.path), (), claims=tuple(claims), health=health, details=told)


def address() -> str:
    """Where the service answers; empty when it is not on this computer."""
    host, port = _address(os.environ.get("OLLAMA_HOST", ""))
    if not is_loopback(host):
        return ""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def tags() -> list[dict[str, object]]:
    """The service's list. Loopback only, whatever OLLAMA_HOST says."""
    place = address()
    try:
        models = json.loads(answer_of(f"{place}/api/tags")).get("models") if place else None
    except (ValueError, AttributeError, RecursionError):
        return []
    return [model for model in models if isinstance(model, dict)] if isinstance(models, list) else []


def _address(text: str) -> tuple[str, int]:
    text = text.strip().removeprefix("http://").rstrip("/")
    host, _, port = text.rpartition(":") if ":" in text and not text.endswith("]") else (text, "", "")
    host = host.strip("[]") or "127.0.0.1"
    if host == "0.0.0.0":
        host = "127.0.0.1"
    return host, int(port) if port.isdigit() and 0 < int(port) < 65_536 else 11434
