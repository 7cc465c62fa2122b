"""Questions to a tensor table answer as a loop over its names would."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.architectures.names import WRAPPERS, Names
from model_manager.formats.tensors import Tensor

_WORDS = st.sampled_from(
    ["blocks", "10", "1", "attn2", "to_k", "weight", "é", "\udc80", "model", "net", "diffusion_model"]
)
_NAMES = st.lists(st.lists(_WORDS, min_size=1, max_size=5).map(".".join), max_size=12, unique=True)
_PARTS = st.lists(
    st.sampled_from([".", "blocks", "1", "0", "attn", "2.to", "weight", "é", "\udc80", "model"]), max_size=3
)


def same(names: Names, plain: list[str], part: str) -> None:
    holding = [name for name in plain if part in name]
    assert names.begins(part) == any(name.startswith(part) for name in plain)
    assert names.holds(part) == bool(holding)
    assert names.has(part) == (part in plain)
    assert names.times(part) == sum(name.count(part) for name in plain)
    assert names.find(part) == (holding[0] if holding else "")
    assert list(names.tensors) == plain


@settings(max_examples=500, deadline=None)
@given(_NAMES, _PARTS.map("".join).filter(bool), st.sampled_from(WRAPPERS))
def test_answers_are_those_of_a_loop(plain: list[str], part: str, wrapper: str) -> None:
    for given_, outer in ((plain, ""), ([wrapper + name for name in plain] + ["vae.1", *plain[:2]], wrapper)):
        table = {name: Tensor((number, 7), "F16", 2) for number, name in enumerate(given_)}
        names = Names(table)
        same(names, list(table), part)
        inner = names.below(outer or wrapper)
        same(inner, [name.removeprefix(wrapper) for name in table if name.startswith(wrapper)], part)
        for name in inner.tensors:
            assert inner.shape(name) == table[wrapper + name].shape and inner.side(name, 1) == 7
        assert inner.below("blocks.").tensors == {
            name.removeprefix("blocks."): one for name, one in inner.tensors.items() if name.startswith("blocks.")
        }


def test_the_wrapper_of_most_names_is_taken_off() -> None:
    table = {f"model.diffusion_model.blocks.{number}.weight": Tensor((1,), "F16", 2) for number in range(6)}
    assert Names(table).bare.count("blocks.{}.") == 6
    assert Names(dict(list(table.items())[:5])).bare.count("blocks.{}.") == 0
    assert Names(table).side("nothing", 0) == 0 and Names(table).bare.shape("nothing") == ()
