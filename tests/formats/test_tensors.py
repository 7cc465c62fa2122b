"""How much of a model has which data type."""

from __future__ import annotations

from model_manager.base.facts import Share
from model_manager.formats.tensors import Tensor, elements, merge, shares

F16, F32 = Tensor((2, 3), "F16", 12), Tensor((4,), "F32", 16)


def test_elements_are_those_of_the_shape() -> None:
    assert (elements((2, 3, 4)), elements(()), elements((0, 5))) == (24, 1, 0)


def test_the_largest_in_bytes_comes_first_then_by_name() -> None:
    assert shares({"a": F16, "b": F32, "c": F16}) == (Share("F16", 12, 24), Share("F32", 4, 16))
    assert shares({"a": Tensor((1,), "B", 4), "b": Tensor((1,), "A", 4)}) == (Share("A", 1, 4), Share("B", 1, 4))
    assert shares({}) == ()


def test_parts_add_up_to_the_whole() -> None:
    parts = [shares({"a": F16}), shares({"b": F32}), shares({"c": F16})]
    assert merge(parts) == shares({"a": F16, "b": F32, "c": F16}) and merge([]) == ()
