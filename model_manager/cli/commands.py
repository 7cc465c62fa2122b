"""The commands by name. Only the one that is asked for is loaded: all of them together take half a second."""

from __future__ import annotations

import argparse
import importlib
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from model_manager.app import App

NAMES = (
    "scan", "status", "list", "show", "roots", "categories", "set", "tag", "check", "duplicates", "dedupe", "clean", "trash",
    "delete", "store", "apply", "history", "undo", "empty", "export", "doctor",
)  # fmt: skip
"""In the order in which help lists them. Each is a file beside this one; the packing names them to PyInstaller."""


class Command(Protocol):
    """What the file of a command offers."""

    NAME: str
    HELP: str
    EXAMPLE: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, app: App, options: argparse.Namespace) -> int: ...


def command(name: str) -> Command:
    """Loads one of NAMES."""
    return cast(Command, importlib.import_module(f"model_manager.cli.{name}"))
