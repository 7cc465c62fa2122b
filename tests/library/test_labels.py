"""The tools' names that the window knows beforehand."""

from __future__ import annotations

from model_manager.library.tools import LABELS
from model_manager.stores import STORES


def test_the_names_are_those_of_the_adapters() -> None:
    assert {store.tool: store.label for store in STORES} == LABELS
