"""Ollama: where its stores are. A model is what a manifest names; the layout stands in `layout`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from model_manager.base import reach
from model_manager.catalog.other_databases import BoundedQuery
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host import last_used
from model_manager.stores.host.env import Env
from model_manager.stores.host.private_copy import rows_of
from model_manager.stores.ollama import removal as ollama_removal
from model_manager.stores.ollama.models import describe
from model_manager.stores.tool_facts import TOOLS

TOOL = "ollama"
_SERVICE = "/usr/share/ollama/.ollama/models"


def find(env: Env) -> Iterator[FoundRoot]:
    """The running server's folder, the desktop app's setting, OLLAMA_MODELS, the default, the Linux service's."""
    for process in env.running(*TOOLS[TOOL].programs):
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
    chosen = BoundedQuery("SELECT models FROM settings LIMIT 1", ("settings",))
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


STORE = Store(TOOL, find, describe, ollama_removal.RULE, last_used=last_used.of_ollama)
STORES = (STORE,)
