"""HDF5: complete or not, by its superblock."""

from __future__ import annotations

import struct

import pytest
from headers import read
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.hdf5_files import hdf5, layer, sequential, superblock


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_the_end_that_it_names(version: int) -> None:
    whole = hdf5({}, version).ljust(200, b"\1")
    whole = superblock(version, 200) + whole[len(superblock(version, 200)) :]
    assert read(whole, "x.h5").health.verdict == "good"
    assert read(whole[:150], "x.h5").health.verdict == "truncated"


def test_odd_ones() -> None:
    assert read(superblock(9, 10).ljust(100, b"\0"), "x.h5").health.verdict == "unknown"
    assert read(b"\x89HDF\r\n\x1a\n" + bytes(3), "x.h5").health.verdict in ("truncated", "corrupt")
    assert read(b"plain text, named like it", "x.h5").format == "unknown"


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_a_lambda_layer_in_the_configuration(version: int) -> None:
    lambda_ = layer("Lambda", function=["4wEAAA==", None, None], function_type="lambda")
    found = read(
        hdf5({"keras_version": b"2.9.0", "model_config": sequential(layer("Dense", units=3), lambda_)}, version), "x.h5"
    )
    assert (found.health.verdict, found.code) == ("unsafe", ("Lambda: it",))
    assert found.health.detail == "a Lambda layer holds Python code that runs when it is loaded: it"
    plain = {"model_config": sequential(layer("Dense", units=3)), "training_config": b'{"loss": "mse"}'}
    assert read(hdf5(plain, version), "x.h5").health.verdict == "good"
    assert read(hdf5({"layer_names": b"dense"}, version), "weights.h5").health.verdict == "good"


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (layer("Lambda", function="my_function", function_type="function"), "unknown"),
        (layer("Lambda", function={"class_name": "__lambda__", "config": {"code": "4wEA"}}), "unsafe"),
        (layer("Lambda"), "unsafe"),
        ({"module": "os", "class_name": "function", "config": "system", "registered_name": "function"}, "unsafe"),
        ({"module": "builtins", "class_name": "function", "config": "exec"}, "unsafe"),
        ({"module": "builtins", "class_name": "function", "config": "my_activation"}, "unknown"),
        ({"module": "keras.utils", "class_name": "function", "config": "get_file"}, "unsafe"),
        ({"module": "keras.activations", "class_name": "function", "config": "relu"}, "good"),
        ({"module": "keras.src.losses.losses", "class_name": "function", "config": "mse"}, "good"),
        ({"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": None}, "good"),
        ({"module": "kerasevil.layers", "class_name": "Dense", "config": {}}, "unknown"),
        ({"module": "mine", "class_name": "Attention", "config": {}, "registered_name": "mine>Attention"}, "unknown"),
        ({"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}}, "unknown"),
        (layer("TFOpLambda", function="io.write_file"), "unsafe"),
        (layer("TFOpLambda", function="raw_ops.ReadFile"), "unknown"),
        (layer("TFOpLambda", function="math.add"), "good"),
    ],
)
def test_what_a_configuration_names(one: object, verdict: str) -> None:
    assert read(hdf5({"model_config": sequential(layer("Dense"), one)}), "x.h5").health.verdict == verdict


def test_what_cannot_be_read_is_never_good() -> None:
    dense = struct.pack("<HHB3x", 0x15, 24, 0) + bytes([0, 0]) + struct.pack("<2Q", 500, 600) + bytes(6)
    for content in (
        hdf5({"model_config": b"no JSON"}),
        hdf5({"model_config": b"[" * 60_000}),
        hdf5({}, more=dense),
        superblock(0, 200, 5_000).ljust(200, b"\0"),
        superblock(0, 200, 100).ljust(200, b"\7"),
    ):
        assert read(content, "x.h5").health.verdict == "unknown"


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, 3), st.lists(st.tuples(st.integers(0, 700), st.integers(0, 255)), max_size=8), st.integers(0, 900)
)
def test_damage_is_told_and_never_raises(version: int, changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(hdf5({"model_config": sequential(layer("Dense"), layer("Lambda"))}, version))
    for at, value in changes:
        content[at % len(content)] = value
    read(bytes(content[: max(9, cut)]), "x.h5")
    read(bytes(content), "x.h5")


PICKLED = b"cos\nsystem\n(S'touch ran'\ntR."


@pytest.mark.parametrize("version", [0, 2])
def test_an_attribute_that_is_a_pickle(version: int) -> None:
    """PyTables loads a text that ends with a dot as a pickle, in any HDF5 file."""
    found = read(hdf5({"backend": b"tensorflow", "note": PICKLED}, version), "x.h5")
    assert (found.health.verdict, found.code) == ("unsafe", ("os.system",))
    assert read(hdf5({"note": b"I1\n0" + PICKLED}, version), "x.h5").health.verdict == "unsafe"
    assert read(hdf5({"note": PICKLED + bytes(3)}, version), "x.h5").health.verdict == "unsafe"
    for harmless in (b"A sentence.", b"Some words.", b"(a remark).", b"1.0.", b"I think.", b"N.", b"."):
        assert read(hdf5({"note": harmless}, version), "x.h5").health.verdict == "good", harmless


def test_a_file_of_pytables_is_never_good() -> None:
    tables = {"CLASS": b"GROUP", "TITLE": b"", "VERSION": b"1.0", "PYTABLES_FORMAT_VERSION": b"2.1"}
    health = read(hdf5(tables), "x.h5").health
    assert (health.verdict, "PyTables" in health.detail) == ("unknown", True)
    assert read(hdf5({**tables, "note": PICKLED}), "x.h5").health.verdict == "unsafe"
