"""What is known of each tool, as people and the rules read it."""

from __future__ import annotations

import pytest

from model_manager.stores.tool_facts import TOOLS, Tool


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_has_a_name_and_says_how_a_model_leaves_it(tool: str) -> None:
    facts = TOOLS[tool]
    assert facts.label.strip() == facts.label != "" and facts.leaves and not facts.leaves.endswith(".")
    assert facts.checked in ("verified", "partly-verified", "unverified")
    assert all(program == program.lower() and "/" not in program for program in facts.programs)
    assert facts.hub in ("", "huggingface", "ollama", "modelscope", "docker")


def test_no_two_tools_are_called_the_same() -> None:
    labels = [facts.label for facts in TOOLS.values()]
    assert len(labels) == len(set(labels))


@pytest.mark.parametrize("better, worse", [
    ("docker-model-runner", "ollama"), ("invokeai", "huggingface"), ("ollama", "gpt4all"), ("huggingface", "jan"),
    ("gpt4all", "lm-studio"), ("jan", "store"), ("store", "comfyui"), ("comfyui", "folder"),
])  # fmt: skip
def test_the_copy_that_a_tool_needs_where_it_is_stays(better: str, worse: str) -> None:
    """Where an index names it, then where it is called after its bytes, then by its name; a plain folder's goes first."""
    assert TOOLS[better].stays > TOOLS[worse].stays


@pytest.mark.parametrize(
    "tool, follows",
    [("comfyui", True), ("ollama", True), ("lm-studio", False), ("swarmui", False), ("docker-model-runner", False)],
)
def test_links_are_shared_only_with_tools_that_open_what_they_lead_to(tool: str, follows: bool) -> None:
    assert TOOLS[tool].follows_links is follows


def test_a_tool_of_which_nothing_is_known_is_taken_for_careful() -> None:
    facts = Tool("X", "its files")
    assert (facts.checked, facts.follows_links, facts.must_close, facts.stays) == ("verified", False, False, 1)
    assert facts.programs == () and facts.hub == "" == facts.covers
