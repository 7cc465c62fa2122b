"""GPT4All: GGUF files below modelPath; `incomplete-*` are downloads, `*.rmodel` stand for models elsewhere.

Source: nomic-ai/gpt4all gpt4all-chat/src/{mysettings,modellist,download}.cpp.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace

from model_manager.base.messages import said
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env, Process
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import ini_value
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.parts import Going, Part, Placed
from model_manager.stores.tool_facts import TOOLS
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.removal import remove_plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

TOOL = "gpt4all"
_FOLDER = os.path.join("nomic.ai", "GPT4All")


def find(env: Env) -> Iterator[FoundRoot]:
    """`modelPath` of the settings (older: `modelPaths`), the default, the Python binding's folder, Flatpaks."""
    roots = RootList(TOOL, env)
    config = env.config() if env.system == "windows" else env.environ.get("XDG_CONFIG_HOME") or env.path(".config")
    for base in (config, *env.flatpaks("config")):
        ini = os.path.join(base, _FOLDER + ".ini")
        yield from roots.take(env.expand(ini_value(ini, "General", "modelPath", env.say)), "config")
        yield from roots.take(env.expand(ini_value(ini, "General", "modelPaths", env.say)), "config")
    for base in (env.data(), *env.flatpaks("data")):
        yield from roots.take(os.path.join(base, _FOLDER), "default")
    yield from roots.take(os.path.join(env.xdg_cache(), "gpt4all"), "default")


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    return describe_tree(root.path, reader, Plain(), remembers=True)


def _running(env: Env) -> Iterator[Process]:
    """The program's file is called `chat`: only the folder that it lies in tells whose it is."""
    return (one for one in env.running(*TOOLS[TOOL].programs) if "gpt4all" in one.arguments[0].lower())


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The files, and what a download of the same name left (download.cpp); per-model settings stay in GPT4All.ini."""
    yield from remove_plain(root, places, env)
    for place in places:
        for file in place.files:
            folder, name = os.path.split(file.path)
            rest = os.path.join(folder, f"incomplete-{name}")
            if file.role == "weights" and file.path not in place.elsewhere and os.path.lexists(rest):
                yield Going(rest, said("an unfinished download of {0}", name))


STORE = Store(TOOL, find, describe, replace(BY_LAYOUT, places=remove), _running)
STORES = (STORE,)
