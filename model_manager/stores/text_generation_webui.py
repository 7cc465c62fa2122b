"""text-generation-webui: `user_data/models` (older: `models`), loras and image models beside it.

Source: oobabooga/text-generation-webui modules/{shared,paths}.py, download-model.py: `huggingface-metadata.txt` holds
"<sha256> <file>" lines.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace

from model_manager.base.reading import read_small
from model_manager.stores.env import Env
from model_manager.stores.flags import split, values_of
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "text-generation-webui"
_PLACES = (("models", "--model-dir", "llm"), ("loras", "--lora-dir", "llm/adapters"),
           ("image_models", "--image-model-dir", "diffusion/checkpoints"))  # fmt: skip


def find(env: Env) -> Iterator[FoundRoot]:
    seen: set[str] = set()
    for folder, names in env.unpacked("server.py", "modules"):
        if not names & {"download-model.py", "user_data", "CMD_FLAGS.txt"}:
            continue
        data = os.path.join(folder, "user_data")
        data = data if os.path.isdir(data) else folder
        flags = _flags(data) or _flags(folder)
        for name, flag, category in _PLACES:
            given = [os.path.join(folder, env.expand(value)) for value in values_of(flags, flag)]
            for path, found_by in [(place, "config") for place in given] + [(os.path.join(data, name), "default")]:
                path = os.path.normpath(path)
                if path not in seen and os.path.isdir(path):
                    seen.add(path)
                    yield FoundRoot(TOOL, path, found_by, {"category": category})  # type: ignore[arg-type]


def _flags(folder: str) -> list[str]:
    try:
        text = read_small(os.path.join(folder, "CMD_FLAGS.txt"), 1 << 20).decode("utf-8", "replace")
    except OSError:
        return []
    return split(" ".join(line for line in text.splitlines() if not line.strip().startswith("#")))


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    plain = Plain(categories={"": root.details.get("category", "llm")})
    for item in describe_tree(root.path, look, plain):
        yield _with_hashes(item, look) if isinstance(item, Found) else item


def _with_hashes(found: Found, look: Look) -> Found:
    if not found.is_folder:
        return found
    text = look.small(os.path.join(found.path, "huggingface-metadata.txt"), 1 << 20)
    if not text:
        return found
    known = {
        name: digest
        for digest, name in re.findall(r"^\s*([0-9a-f]{64})\s+(\S+)", text.decode("utf-8", "replace"), re.M)
    }
    files = tuple(
        replace(file, sha256=known[file.name], sha256_source="index")
        if file.name in known and not file.sha256
        else file
        for file in found.files
    )
    return replace(found, files=files)


STORE = Store(TOOL, "text-generation-webui", find, describe)
STORES = (STORE,)
