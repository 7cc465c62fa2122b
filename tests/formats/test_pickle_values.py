"""Symbols in place of objects: nothing is built, and nothing is equal by chance."""

from __future__ import annotations

import dataclasses

import pytest

from model_manager.formats.pickle_values import OPAQUE, Blob, GlobalName, Key, Made, Opaque, Storage, TensorValue


def test_equal_symbols_are_one_and_others_are_not() -> None:
    assert (
        {GlobalName("os", "system"), GlobalName("os", "system")}
        == {GlobalName("os", "system")}
        != {GlobalName("os.system", "")}
    )
    assert Blob(1, 2) == Blob(1, 2) != Blob(2, 1) and Storage("F32", "0", 4) == Storage("F32", "0", 4)
    assert TensorValue((2,), "F32", 8) != TensorValue((2,), "F32", 8, Storage("F32", "0", 2))


@pytest.mark.parametrize("symbol", [GlobalName("a", "b"), Blob(0, 1), Storage("", "k", 1), TensorValue((), "", 0)])
def test_no_symbol_can_be_changed(symbol: GlobalName | Blob | Storage | TensorValue) -> None:
    for field in dataclasses.fields(symbol):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(symbol, field.name, None)


def test_keys_that_are_no_text_stay_apart() -> None:
    one, other = Key((1, 2)), Key((1, 2))
    assert (
        len({one: 1, other: 2}) == 2
        and (str(one), one.value) == ("[tuple]", (1, 2))
        and str(Key(Made(None, ()))) == "[Made]"
    )


def test_what_is_made_holds_what_it_was_made_of() -> None:
    made = Made(GlobalName("a", "b"), (1,))
    assert (made.callee, made.args, made.state, made.items) == (GlobalName("a", "b"), (1,), None, None)
    assert repr(OPAQUE) == "…" and isinstance(OPAQUE, Opaque)
