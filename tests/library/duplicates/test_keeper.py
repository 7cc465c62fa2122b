"""Which copy stays, and which may not be touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from copy_of import copy_of

from model_manager.library.duplicates.copies import Copy
from model_manager.library.duplicates.keeper import is_reference, keeper_of


@pytest.mark.parametrize(
    ("copies", "stays"),
    [
        ([copy_of("folder", "/a"), copy_of("ollama", "/b")], 1),
        ([copy_of("comfyui", "/a"), copy_of("huggingface", "/b")], 1),
        ([copy_of("lm-studio", "/a"), copy_of("docker-model-runner", "/b")], 1),
        ([copy_of("ollama", "/a"), copy_of("folder", "/b", writable=False)], 1),
        ([copy_of("ollama", "/a"), copy_of("folder", "/b", owned=False)], 1),
        ([copy_of("ollama", "/a", writable=False), copy_of("folder", "/b", reference=True)], 1),
        ([copy_of("folder", "/a"), copy_of("folder", "/b", pinned=True)], 1),
        ([copy_of("folder", "/a", pinned=True), copy_of("ollama", "/b")], 1),
        ([copy_of("folder", "/b"), copy_of("folder", "/a")], 1),
    ],
)
def test_the_keeper_is_where_no_tool_breaks(copies: list[Copy], stays: int) -> None:
    assert keeper_of(copies) == stays
    assert keeper_of(copies[::-1]) == 1 - stays


@pytest.mark.parametrize("folder", ["", 7, None, "/ab", "relative"])
def test_a_reference_folder_that_is_none_holds_nothing(folder: object) -> None:
    assert not is_reference(copy_of("folder", "/a/b"), [folder])  # type: ignore[list-item]


def test_a_reference_folder_by_its_short_name(home: Path) -> None:
    assert is_reference(copy_of("folder", str(home / "archive/a.gguf")), ["~/archive"])
