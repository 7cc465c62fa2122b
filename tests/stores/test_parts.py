"""What a rule of removal answers with is plain data, and its refusal says what to do instead."""

from __future__ import annotations

import dataclasses

import pytest

from model_manager.base.errors import ModelManagerError
from model_manager.stores.parts import Asking, CannotRemove, Going, Placed, PlacedFile, Writing


def test_a_refusal_says_what_why_and_what_to_do() -> None:
    error = CannotRemove("clear away", "/m/x", "it is in use", "close the tool")
    assert isinstance(error, ModelManagerError) and error.hint == "close the tool"
    assert str(error) == "could not clear away /m/x: it is in use (close the tool)"


def test_what_is_left_unsaid() -> None:
    assert Going("/m/x", "why").fresh is False and PlacedFile("/m/x", "weights").name == ""
    assert Placed("x", "/m/x", ()).elsewhere == frozenset() and Asking("u", "DELETE", "", "p", "g", "why").paths == ()


@pytest.mark.parametrize("part", [
    Going("/m/x", "why"), Writing("/m/i", b"", "why"), Placed("x", "/m/x", ()), PlacedFile("/m/x", "other"),
])  # fmt: skip
def test_a_plan_that_was_shown_cannot_be_changed_afterwards(part: object) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        part.path = "/other"  # type: ignore[attr-defined]
