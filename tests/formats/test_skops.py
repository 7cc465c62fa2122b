"""skops files: the loader of a node decides what is called, and members beside the schema are looked at."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import pytest
from headers import read

from tests.formats.test_nested import EVIL, npy, zipped

PLAIN = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {}}


def text(value: str) -> dict[str, object]:
    return {"__class__": "str", "__module__": "builtins", "__loader__": "JsonNode", "content": json.dumps(value)}


def node(
    loader: object, name: object = "LogisticRegression", module: object = "sklearn.linear_model", **more: object
) -> dict[str, object]:
    return {"__class__": name, "__module__": module, "__loader__": loader, **more}


def health(schema: object, *members: tuple[str, bytes], packed: int = zipfile.ZIP_STORED) -> tuple[str, str]:
    whole = zipped([("schema.json", json.dumps(schema).encode()), *members], packed)
    found = read(whole, "x.skops").health
    return found.verdict, found.detail


def sparse(body: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("data.npy", body)
    return out.getvalue()


@pytest.mark.parametrize(
    "one",
    [
        node("OperatorFuncNode", "call", attrs={}),
        node("OperatorFuncNode", "getitem", "operator"),
        node("MethodNode", content={"func": "__globals__", "obj": PLAIN}),
        node("ConstructorFromReduceNode"),
        node("ReduceNode"),
        node("SomethingNode"),
        node(["ObjectNode"]),
        node({"a": 1}),
        node("ObjectNode", ["LogisticRegression"]),
        node("ListNode", "load_files", "sklearn.datasets"),
        node("TypeNode", "fetch_openml", "sklearn.datasets"),
        node("NdArrayNode", "genfromtxt", "numpy"),
        node("LossNode", "clone", "sklearn.base"),
        node("DictNode", "compile", "builtins"),
        node("FunctionNode", "function", "builtins", content={"module_path": "mine.run", "function": "it"}),
        node("RandomGeneratorNode", "Generator", "numpy.random", content={"bit_generator": {"content": {"bit_generator": text("seed")}}}),
        node("RandomGeneratorNode", "Generator", "numpy.random"),
        {"a": [{"__loader__": "OperatorFuncNode"}]},
    ],
)  # fmt: skip
def test_loaders_that_call_what_they_are_given(one: object) -> None:
    found = health({**PLAIN, "content": {"a": one}})
    assert found[0] in ("unknown", "unsafe") and found[1], found


def test_code_that_runs_is_named() -> None:
    held = node("FunctionNode", "function", "builtins", content={"module_path": "os", "function": "system"})
    assert health(held) == ("unsafe", "loading it would reach os.system")


@pytest.mark.parametrize(
    "one",
    [
        node("ObjectNode", content=PLAIN),
        node("ListNode", "list", "builtins", content=[text("a")]),
        node("TupleNode", "tuple", "builtins", content=[]),
        node("TypeNode", "float64", "numpy"),
        node("TypeNode", "int", "builtins"),
        node("NdArrayNode", "ndarray", "numpy", type="numpy", file="a.npy"),
        node("SparseMatrixNode", "csr_matrix", "scipy.sparse._csr", type="scipy", file="b.npz"),
        node("TreeNode", "Tree", "sklearn.tree._tree"),
        node("LossNode", "Hinge", "sklearn.linear_model._sgd_fast"),
        node("RandomStateNode", "RandomState", "numpy.random.mtrand"),
        node("RandomGeneratorNode", "Generator", "numpy.random", content={"bit_generator": {"content": {"bit_generator": text("PCG64")}}}),
        node("DefaultDictNode", "defaultdict", "collections"),
        node("DTypeNode", "dtype", "numpy"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_models_are_made_of_is_good(one: object, packed: int) -> None:
    numbers = npy("'<f4'", struct.pack("<f", 1))
    members = [("a.npy", numbers), ("b.npz", sparse(numbers)), ("c.bin", b"some bytes")]
    assert health({**PLAIN, "content": {"a": one}}, *members, packed=packed)[0] == "good"


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize(
    ("name", "content", "verdicts"),
    [
        ("a.npy", npy("'|O'", EVIL), ("unknown", "unsafe")),
        ("a.npz", sparse(npy("'object'", EVIL)), ("unsafe",)),
        ("a.pkl", EVIL, ("unsafe",)),
        ("a.bin", EVIL, ("unsafe",)),
        ("a.pkl", b"text", ("unsafe",)),
        ("../../x", b"a", ("unsafe",)),
        ("/etc/x", b"a", ("unsafe",)),
        ("a.tar.gz", b"\x1f\x8b\x08" + bytes(20), ("unknown",)),
        ("run.py", b"import os", ("unknown",)),
    ],
)
def test_what_lies_beside_the_schema(name: str, content: bytes, verdicts: tuple[str, ...], packed: int) -> None:
    found = health(PLAIN, (name, content), packed=packed)
    assert found[0] in verdicts and found[1], found


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name() -> None:
    numbers = npy("'<f4'", bytes(4))
    assert health(PLAIN, ("a.npy", numbers), ("a.npy", numbers))[0] == "unsafe"
