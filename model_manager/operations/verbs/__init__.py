"""The verbs: one file each, named here because a frozen binary cannot look into a folder."""

from __future__ import annotations

from model_manager.operations.verb import Verb
from model_manager.operations.verbs import ask, copy, delete, link, make_folder, move, trash, write

VERBS: dict[str, Verb] = {
    "trash": trash,
    "delete": delete,
    "move": move,
    "copy": copy,
    "link": link,
    "write": write,
    "make_folder": make_folder,
    "ask": ask,
}

__all__ = ["VERBS"]
