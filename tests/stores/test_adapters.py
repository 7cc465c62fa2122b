"""Every tool has one adapter, the most specific is asked first, and none is forgotten in the packed program."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_manager import stores
from model_manager.stores.adapters import BY_TOOL, STORES
from model_manager.stores.tool_facts import TOOLS

ORDER = [store.tool for store in STORES]


def test_each_tool_once_and_with_its_facts() -> None:
    assert len(ORDER) == len(set(ORDER)) and set(ORDER) == set(TOOLS)
    assert {tool: store.tool for tool, store in BY_TOOL.items()} == {tool: tool for tool in ORDER}


@pytest.mark.parametrize("first, later", [
    ("ollama", "folder"), ("huggingface", "folder"), ("sdnext", "a1111"), ("a1111", "comfyui"), ("fooocus", "comfyui"),
    ("stability-matrix", "comfyui"), ("docker-model-runner", "localai"), ("comfyui", "koboldcpp"), ("koboldcpp", "folder"),
    ("llama-cpp", "folder"),
])  # fmt: skip
def test_who_knows_more_of_a_folder_reads_it(first: str, later: str) -> None:
    assert ORDER.index(first) < ORDER.index(later)


def test_a_persons_own_folders_come_last() -> None:
    assert set(ORDER[-2:]) == {"folder", "store"}


def test_no_tools_file_is_left_out() -> None:
    there = {path.stem for path in (Path(stores.__file__).parent / "tools").glob("*.py")} - {"__init__"}
    named = {store.find.__module__.rpartition(".")[2] for store in STORES}
    named |= {store.describe.__module__.rpartition(".")[2] for store in STORES}
    assert there <= named
