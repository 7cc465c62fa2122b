"""The verbs: one file each, named here because a frozen binary cannot look into a folder."""

from __future__ import annotations

from model_manager.operations.verb import Verb
from model_manager.operations.verbs import make_folder

VERBS: dict[str, Verb] = {"make_folder": make_folder}

__all__ = ["VERBS"]
