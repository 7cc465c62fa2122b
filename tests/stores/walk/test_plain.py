"""How a tool keeps plain files: what a folder's name says, and when rules are others."""

from __future__ import annotations

import dataclasses

import pytest

from model_manager.base.facts import Claim
from model_manager.stores.walk.plain import Plain, PlainFolder, subfolder, top_folder

PLAIN = Plain(categories={"": "misc", "loras": "diffusion/lora", "loras/style": "diffusion/other"})


def at(relative: str, plain: Plain = PLAIN) -> PlainFolder:
    folder = top_folder("/root", plain)
    for name in relative.split("/") if relative else ():
        folder = subfolder(folder, name, f"{folder.path}/{name}", plain)
    return folder


@pytest.mark.parametrize(
    ("relative", "category", "why"),
    [("", "misc", "the tool's folder"), ("other", "misc", "the tool's folder"), ("loras", "diffusion/lora", "loras"), ("LoRAs", "diffusion/lora", "LoRAs"),
     ("loras/deep/er", "diffusion/lora", "loras"), ("loras/Style", "diffusion/other", "loras/Style"), ("x/loras", "misc", "the tool's folder")],
)  # fmt: skip
def test_the_innermost_folder_with_a_meaning(relative: str, category: str, why: str) -> None:
    assert at(relative).claim == Claim("category", category, "folder", why)
    assert at(relative, Plain()).claim is None


def test_where_a_folder_stands() -> None:
    folder = at("a/b/c")
    assert (folder.path, folder.relative, folder.depth, folder.name) == ("/root/a/b/c", "a/b/c", 3, "c")
    assert (at("").name, at("").depth) == ("", 0) and top_folder("/x", PLAIN, 4).depth == 4


def test_what_is_below_a_link_is_apart() -> None:
    linked = subfolder(at("a"), "b", "/elsewhere", PLAIN, link=True)
    assert linked.apart and subfolder(linked, "c", "/elsewhere/c", PLAIN).apart and not at("a/b").apart


def test_other_rules_have_another_mark_and_the_same_have_the_same() -> None:
    others = [
        Plain(), Plain(categories={"a": "llm"}), Plain(categories={"a": "tts"}), Plain(whole=frozenset({""})), Plain(believed=False),
        Plain(claims=(Claim("category", "llm", "folder", ""),)), Plain(passed_over=frozenset({"x"})), Plain(whole=frozenset({"x"})),
    ]  # fmt: skip
    assert len({one.mark() for one in others}) == len(others) == 1 + len(dataclasses.fields(Plain)) + 2
    assert (
        Plain({"a": "llm", "b": "tts"}, frozenset("xyz")).mark()
        == Plain({"b": "tts", "a": "llm"}, frozenset("zyx")).mark()
    )
