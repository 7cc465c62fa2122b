"""Operations on numbers are known by name; what writes, fetches or loads never is."""

from __future__ import annotations

import json

import pytest

from model_manager.formats.keras_operations import known, node


@pytest.mark.parametrize(
    "name",
    [
        "math.add",
        "tf.math.reduce_mean",
        "reshape",
        "compat.v1.transpose",
        "tf.compat.v2.concat",
        "nn.relu",
        "__operators__.getitem",
        "keras.backend.mean",
    ],
)
def test_functions_on_numbers(name: str) -> None:
    assert known(name)


@pytest.mark.parametrize(
    "name",
    ["io.write_file", "io.read_file", "py_function", "numpy_function", "saved_model.load", "raw_ops.WriteFile", "math.print", "keras.utils.get_file",
     "nn.experimental.x", "math.io.x", "tf.eval", "system", "os.system", "", "math.", "print", "strings.file", "keras.models.load_model"],
)  # fmt: skip
def test_whatever_else_is_not_known(name: str) -> None:
    assert not known(name)


@pytest.mark.parametrize(
    ("definition", "said"),
    [
        ({"op": "MatMul"}, None), ({"op": "WriteFile"}, "WriteFile"), ({"op": 5}, "?"), ({}, "?"), (None, "?"), ([], "?"), (json.dumps({"op": "AddV2"}), None),
        (json.dumps({"op": "PyFunc"}), "PyFunc"), ('name: "x"\nop: "Relu"\n', None), ('op: "ReadFile"', "ReadFile"), ('op: "Relu"\n  op: \'PyFunc\'', "PyFunc"),
        ("nothing", "?"), ("", "?"), ("[" * 5_000, "?"), ('"text"', "?"),
    ],
)  # fmt: skip
def test_a_node_says_its_operation_or_is_not_understood(definition: object, said: str | None) -> None:
    assert node(definition) == said
