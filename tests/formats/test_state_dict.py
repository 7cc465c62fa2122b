"""The tensors of a walked checkpoint: named as its loaders name them, apart from what training left beside them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.pickle_values import GlobalName, Made, TensorValue
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.state_dict import WRAPPERS, StateDict, state_dict, summary, training_leftover

T = TensorValue((2,), "F32", 8)
U = TensorValue((3,), "F16", 6)


def found(value: object, limits: Limits = LIMITS) -> StateDict:
    return state_dict(value, limits)


def made(state: object = None, items: dict[object, object] | list[object] | None = None, callee: str = "Net") -> Made:
    one = Made(GlobalName("mine", callee), ())
    one.state, one.items = state, items
    return one


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_a_wrapper_is_taken_off(wrapper: str) -> None:
    assert found({wrapper: {"a.w": T}, "epoch": 3}) == StateDict({"a.w": T}, {})
    beside = found({wrapper: {"a.w": T}, "optimizer": {"state": {"0": {"exp_avg": U}}}, "lr_schedulers": [U]})
    assert beside.weights == {"a.w": T}
    assert beside.others == {"optimizer.state.0.exp_avg": U, "lr_schedulers.0": U}


def test_a_wrapper_beside_other_weights_is_none() -> None:
    assert found({"model": {"a": T}, "decoder": {"b": U}}) == StateDict({"model.a": T, "decoder.b": U})
    assert found({"weight": T, "bias": U}) == StateDict({"weight": T, "bias": U})  # a tensor of that name


def test_the_first_wrapper_counts_as_loaders_look() -> None:
    both = found({"params": {"a": T}, "params_ema": {"a": U}})
    assert both.weights == {"a": U} and both.others == {"params.a": T}


@pytest.mark.parametrize(
    ("value", "weights"),
    [
        (T, {"tensor": T}), ({}, {}), (None, {}), ({"a": 1}, {}), ([T, {"b": U}], {"0": T, "1.b": U}), ((T,), {"0": T}),
        ({3: T, None: U}, {"3": T, "None": U}), ({"a": {"b": {"c": T}}}, {"a.b.c": T}), ({"a": [T, 1, U]}, {"a.0": T, "a.2": U}),
        (made({"_parameters": {"w": T}, "_modules": {"fc": made({"_buffers": {"b": U}})}}), {"w": T, "fc.b": U}),
        (made(({"w": T}, {"s": U})), {"w": T}), (made(items={"k": T}), {"k": T}), (made(items=[T]), {"0": T}),
    ],
)  # fmt: skip
def test_names_are_paths_without_a_modules_own_slots(value: object, weights: dict[str, TensorValue]) -> None:
    assert found(value) == StateDict(weights)


TREES = st.recursive(
    st.integers(0, 5).map(lambda side: TensorValue((side,), "F32", 4 * side)) | st.integers(),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, min_size=1, max_size=3), max_leaves=6,
)  # fmt: skip


def paths(value: object, at: str) -> dict[str, TensorValue]:
    if isinstance(value, TensorValue):
        return {at: value}
    return {name: one for key, part in value.items() for name, one in paths(part, f"{at}.{key}").items()} if isinstance(value, dict) else {}  # fmt: skip


@settings(max_examples=6)
@given(st.dictionaries(st.text("xyz", min_size=1, max_size=2), TREES, max_size=3))
def test_every_tensor_is_found_by_its_path(tree: dict[str, object]) -> None:
    expected = {name: one for key, part in tree.items() for name, one in paths(part, key).items()}
    assert found(tree).weights == expected and list(found(tree).weights) == list(expected)


def test_cycles_end_and_what_is_shared_is_named_several_times() -> None:
    loop: dict[str, object] = {"w": T}
    loop["again"] = loop
    assert {"w", "again.w"} <= found(loop).weights.keys() and len(found(loop).weights) < 20
    shared = {"w": T}
    assert found({"a": shared, "b": shared}).weights == {"a.w": T, "b.w": T}


def test_limits() -> None:
    many = {f"w{n}": T for n in range(5)}
    with pytest.raises(FormatProblem, match="lists 5 tensors, over the limit of 4"):
        found(many, Limits(tensors=4))
    with pytest.raises(FormatProblem, match="lists over 4 tensors"):
        found({"model": many}, Limits(tensors=4))
    assert len(found(many, Limits(tensors=5)).weights) == 5
    deep: object = {"w": T}
    for _ in range(10):
        deep = {"d": deep}
    assert found(deep, Limits(nesting=5)).weights == {} and len(found(deep, Limits(nesting=20)).weights) == 1


def test_more_containers_than_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model_manager.formats.state_dict._VALUES", 50)
    wide: list[object] = [[] for _ in range(50)]
    with pytest.raises(FormatProblem, match="more than 50 values in its containers"):
        found({"a": wide})
    assert found({"a": wide[:48], "b": [T]}).weights == {"b.0": T}


def test_long_names_are_cut() -> None:
    ((name, _),) = found({"m" * 400: {"n" * 400: {"o" * 400: {"p" * 400: T}}}}).weights.items()
    assert len(name) == 1_000 and name.startswith("m" * 300 + "." + "n" * 300 + ".")


def test_the_plain_values_of_a_checkpoint() -> None:
    value = {
        "epoch": 7, "name": b"r\xc3\xb6st", "ok": True, "loss": 0.5, "sizes": [1, 2], "mixed": [1, [2]], "long": [0] * 65, "w": T,
        "hyper": {"lr": 0.1, "w": T, "inner": {"deep": 1}}, "args": made({"batch": 4}), "state_dict": {"note": "x"}, "none": None,
    }  # fmt: skip
    assert summary(value) == {
        "epoch": 7, "name": "röst", "ok": True, "loss": 0.5, "sizes": [1, 2], "hyper.lr": 0.1, "args.batch": 4, "none": None,
    }  # fmt: skip
    assert summary(T) == {} and len(summary({str(n): n for n in range(9_999)})) <= 401


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"state": {}, "param_groups": []}, "an optimizer's state"), ({"state": {}, "param_groups": {}}, ""),
        ({"state": {}, "param_groups": [], "model": {}}, ""), ({"last_epoch": 1, "_step_count": 2, "x": 3}, "a learning rate schedule's state"),
        ({"last_epoch": 1, "_step_count": 2, "w": T}, ""), ({"last_epoch": 1}, ""),
        ({"python": 1, "numpy": 2, "cpu": T}, "a random generator's state"), ({"python": 1, "numpy": 2, "cpu": T, "cuda": T}, "a random generator's state"),
        ({"python": 1, "numpy": 2, "cpu": T, "model": T}, ""), ({"python": 1, "numpy": 2}, ""),
        (made({"output_dir": "x", "per_device_train_batch_size": 8, "more": 1}), "a training's arguments"), (made({"output_dir": "x"}), ""),
        ({"output_dir": "x", "per_device_train_batch_size": 8}, ""), ({}, ""), (None, ""), (T, ""),
    ],
)  # fmt: skip
def test_what_training_leaves_behind_is_no_model(value: object, why: str) -> None:
    assert training_leftover(value) == why
