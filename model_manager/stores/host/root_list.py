"""The roots of one tool while they are looked for: each folder once, and never one that holds the home folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

from model_manager.base import reach
from model_manager.stores.discovered import FoundBy, FoundRoot
from model_manager.stores.host.env import Env


class RootList:
    """Takes candidates in the tool's order of precedence; what does not exist is passed over."""

    def __init__(self, tool: str, env: Env) -> None:
        self._tool = tool
        self._home = os.path.join(reach.realpath(env.home), "")
        self._seen: set[str] = set()

    def take(self, path: str, found_by: FoundBy, **details: str) -> Iterator[FoundRoot]:
        """One root or none; details that are empty are left out.

        A relative path is none: it would mean a folder of our own working folder. The home folder and what holds
        it is none either: one wrong line in a tool's settings (`loras: /`) must not make us read a whole disk.
        """
        path = os.path.normpath(path)
        if not os.path.isabs(path) or reach.silent_mount(path) or not reach.is_dir(path):
            return
        real = reach.realpath(path)
        if real in self._seen or self._home.startswith(os.path.join(real, "")):
            return
        self._seen.add(real)
        yield FoundRoot(self._tool, path, found_by, {name: value for name, value in details.items() if value})
