"""GPT4All: GGUF files below modelPath; `incomplete-*` are downloads, `*.rmodel` stand for models elsewhere.

Source: nomic-ai/gpt4all gpt4all-chat/src/{mysettings,modellist,download}.cpp.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.look import Look
from model_manager.stores.settings_file import ini_value
from model_manager.stores.store import Store
from model_manager.stores.tree import Plain, describe_tree

TOOL = "gpt4all"


def find(env: Env) -> Iterator[FoundRoot]:
    config = env.config() if env.system == "windows" else env.environ.get("XDG_CONFIG_HOME") or env.path(".config")
    ini = os.path.join(config, "nomic.ai", "GPT4All.ini")
    chosen = ini_value(ini, "General", "modelPath") or ini_value(ini, "General", "modelPaths")
    places = [(env.expand(chosen), "config")] if chosen else []
    places += [
        (os.path.join(env.data(), "nomic.ai", "GPT4All"), "default"),
        (os.path.join(env.xdg_cache(), "gpt4all"), "default"),
    ]
    places += [(os.path.join(base, "nomic.ai", "GPT4All"), "default") for base in env.flatpaks("data")]
    seen: set[str] = set()
    for place, found_by in places:
        path = os.path.normpath(place)
        if path not in seen and os.path.isdir(path):
            seen.add(path)
            yield FoundRoot(TOOL, path, found_by)  # type: ignore[arg-type]


def describe(root: FoundRoot, look: Look) -> Iterator[Found | Leftover]:
    return describe_tree(root.path, look, Plain())


STORE = Store(TOOL, "GPT4All", find, describe)
STORES = (STORE,)
