"""What the nodes of a skops schema make: the loader decides what is called, and what it calls must be a known class."""

from __future__ import annotations

import json

import pytest

from model_manager.formats.problem import FormatProblem
from model_manager.formats.skops_nodes import judged


def node(loader: object, name: object = "LogisticRegression", module: object = "sklearn.linear_model", **more: object) -> dict[str, object]:  # fmt: skip
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def verdicts(*schemas: object) -> tuple[tuple[str, ...], list[str]]:
    code, healths = judged(list(schemas))
    return code, [one.verdict for one in healths]


def generator(name: object) -> dict[str, object]:
    return {"bit_generator": {"content": {"bit_generator": {"content": name}}}}


@pytest.mark.parametrize(
    "one",
    [
        {}, [], node("ObjectNode"), node("DictNode", "dict", "builtins"), node("ListNode", "list", "builtins"),
        node("TupleNode", "tuple", "builtins"), node("NdArrayNode", "ndarray", "numpy"), node("DTypeNode", "float32", "numpy"),
        node("SparseMatrixNode", "csr_matrix", "scipy.sparse"), node("DefaultDictNode", "defaultdict", "collections"),
        node("TypeNode", "LogisticRegression", "sklearn.linear_model"),
        node("RandomGeneratorNode", "Generator", "numpy.random", content=generator(json.dumps("PCG64"))),
        {"content": {"deep": [node("ObjectNode")]}},
    ],
)  # fmt: skip
def test_what_models_are_made_of_names_no_code(one: object) -> None:
    assert verdicts(one) == ((), [])


@pytest.mark.parametrize(
    ("one", "named"),
    [
        (node("OperatorFuncNode", "getitem", "operator"), "OperatorFuncNode"),
        (node("MethodNode", "dict", "builtins"), "MethodNode"),
        (node(["ObjectNode"]), "?"), (node("ObjectNode", ["x"]), "?"), (node("ObjectNode", None), "?"),
        (node("ListNode", "load_files", "sklearn.datasets"), "sklearn.datasets.load_files"),
        (node("NdArrayNode", "genfromtxt", "numpy"), "numpy.genfromtxt"),
        (node("DictNode", "compile", "builtins"), "builtins.compile"),
        (node("SparseMatrixNode", "load_npz", "scipy.sparse"), "scipy.sparse.load_npz"),
        (node("RandomGeneratorNode", "Generator", "numpy.random", content=generator('"seed"')), "numpy.random.seed"),
        (node("RandomGeneratorNode", "Generator", "numpy.random", content=generator("not json")), "numpy.random.?"),
        (node("RandomGeneratorNode", "Generator", "numpy.random"), "numpy.random.?"),
    ],
)  # fmt: skip
def test_a_loader_that_calls_what_is_no_known_class(one: object, named: str) -> None:
    code, found = verdicts(one)
    assert named in code and "unknown" in found
    _, healths = judged([one])
    assert any(f"made by calls that this program does not know: {named}" in health.detail for health in healths)


@pytest.mark.parametrize("one", [node("ObjectNode", "system", "os"), node("FunctionNode", "function", "builtins", content={"module_path": "os", "function": "system"}), node("FunctionNode", "function", "os", content="system")])  # fmt: skip
def test_code_that_runs_is_named(one: object) -> None:
    code, found = verdicts(one)
    assert code == ("os.system",) and found and "good" not in found


def test_a_class_of_somebodys_own_is_code() -> None:
    code, found = verdicts(node("ObjectNode", "Model", "mine.things"))
    assert code == ("mine.things.Model",) and found == ["unknown"]


def test_however_deep_a_node_lies_and_in_whichever_schema() -> None:
    bad = node("ObjectNode", "system", "os")
    deep: object = bad
    for _ in range(5_000):
        deep = [{"content": deep}]
    assert verdicts({"a": 1}, [deep])[0] == ("os.system",)


def test_a_schema_without_end_is_given_up() -> None:
    with pytest.raises(FormatProblem, match="a schema of more than 100,000 values") as caught:
        judged([[[]] * 100_001])
    assert caught.value.kind == "unknown"
    with pytest.raises(FormatProblem, match="not read to its end"):
        judged([[{"__class__": f"A{n}", "__module__": "mine"} for n in range(1_100)]])


def test_long_names_are_cut_and_few_are_listed() -> None:
    code, _ = verdicts(node("x" * 500, "dict", "builtins"))
    assert "x" * 200 in code and all(len(name) <= 300 for name in code)
    assert len(verdicts([node(f"L{n}", "dict", "builtins") for n in range(99)])[0]) == 20
