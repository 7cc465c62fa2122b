"""An adapter says that its tool is running, by name and process, and otherwise promises nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from looking import env_of, process

from model_manager.stores.contract import Removal, Store
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host.env import Env, Process
from model_manager.stores.hub.by_layout import BY_LAYOUT
from model_manager.stores.tool_facts import TOOLS


def store(tool: str, **more: object) -> Store:
    return Store(tool, lambda env: (), lambda root, reader: iter(()), BY_LAYOUT, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("tool, program, is_one", [
    ("ollama", "/usr/bin/ollama", True), ("ollama", "/usr/bin/ollama-helper", False), ("koboldcpp", "/x/koboldcpp-1.9", True),
    ("whisper", "/usr/bin/whisper", False),
])  # fmt: skip
def test_the_tools_own_program_keeps_its_files_in_use(tool: str, program: str, is_one: bool, home: Path) -> None:
    why = store(tool).in_use(env_of(home, process(home, program)))
    assert why == (f"{TOOLS[tool].label} is running (process 4711)" if is_one else None)
    assert store(tool).in_use(env_of(home)) is None


def test_where_names_do_not_tell_the_adapter_does(home: Path) -> None:
    own = Process(7, ("python", "main.py"), {}, "/")

    def processes(env: Env) -> list[Process]:
        return [own]

    assert store("comfyui", processes=processes).in_use(env_of(home)) == "ComfyUI is running (process 7)"
    running = env_of(home, process(home, "/usr/bin/main.py"))
    assert store("comfyui", processes=lambda env: []).in_use(running) is None, "another main.py"


def test_most_tools_keep_no_record_of_use_and_no_common_index(home: Path) -> None:
    assert tuple(store("whisper").last_used(FoundRoot("whisper", "/m"), env_of(home))) == ()
    assert not Removal(BY_LAYOUT.places, BY_LAYOUT.leftover, BY_LAYOUT.named_now).one_unit
    assert store("whisper").facts is TOOLS["whisper"]
