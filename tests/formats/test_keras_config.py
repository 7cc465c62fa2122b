"""Keras configurations that name code by other ways than a class and its module: operations, addresses, texts with dots."""

from __future__ import annotations

import json

import pytest
from headers import read

from tests.formats.hdf5_files import hdf5, layer
from tests.formats.test_keras import DENSE, archive


def health(one: object) -> tuple[str, str]:
    """The same configuration in both containers, which have to say the same."""
    config = {"module": "keras", "class_name": "Sequential", "config": {"layers": [DENSE, one]}}
    older = read(hdf5({"model_config": json.dumps(config).encode()}), "x.h5").health
    newer = read(archive(DENSE, one), "x.keras").health
    assert older.verdict == newer.verdict
    return newer.verdict, newer.detail


def operation(function: str, **more: object) -> dict[str, object]:
    return {**layer("TFOpLambda", function=function), **more}


def node(definition: object) -> object:
    return layer("TensorFlowOpLayer", node_def=definition, constants={"0": "/tmp/x"})


@pytest.mark.parametrize(
    ("one", "verdict", "told"),
    [
        (operation("keras.utils.get_file"), "unsafe", "keras.utils.get_file"),
        (operation("print"), "unknown", "tensorflow.print"),
        (operation("profiler.experimental.start"), "unknown", "profiler"),
        (operation("debugging.experimental.enable_dump_debug_info"), "unknown", "dump_debug_info"),
        (operation("io.write_file"), "unsafe", "write_file"),
        (operation("image.experimental.load"), "unknown", "load"),
        (operation("py_function"), "unsafe", "py_function"),
        (node('{"name": "w", "op": "WriteFile", "input": ["a", "b"]}'), "unknown", "tensorflow.WriteFile"),
        (node({"name": "w", "op": "PyFunc"}), "unknown", "tensorflow.PyFunc"),
        (node('name: "w"\nop: "LoadLibrary"\n'), "unknown", "tensorflow.LoadLibrary"),
        (node("CgNhYmM="), "unknown", "tensorflow"),
        (node(None), "unknown", "tensorflow"),
        ({**DENSE, "registered_name": "Lambda", "config": {"name": "it", "function": ["4wEA", None, None]}}, "unsafe", "Lambda layer"),
        ({"class_name": "mine>Lambda", "config": {"name": "it", "function": ["4wEA", None, None]}}, "unsafe", "Lambda layer"),
        ({"class_name": "evil>Run", "config": {}}, "unknown", "evil.Run"),
        (layer("KerasLayer", handle="https://example.org/x"), "unknown", "KerasLayer"),
        ({"module": "tensorflow_hub", "class_name": "KerasLayer", "config": {"handle": "/tmp/x"}}, "unknown", "KerasLayer"),
        (layer("Dense", activation="os.system"), "unsafe", "os.system"),
        (layer("LSTM", recurrent_activation="mine.run"), "unknown", "mine.run"),
        (layer("Dense", kernel_initializer="mine.begin"), "unknown", "mine.begin"),
        ({"class_name": "Sequential", "config": {}, "compile_config": {"loss": ["mse", "mine.loss"]}}, "unknown", "mine.loss"),
        ({"class_name": "Sequential", "config": {}, "compile_config": {"metrics": [[["mine.metric"]]]}}, "unknown", "mine.metric"),
        (layer("StringLookup", vocabulary="/etc/passwd"), "unknown", "/etc/passwd"),
        (layer("TextVectorization", vocabulary="words.txt"), "unknown", "words.txt"),
        (layer("ResNet50", weights="http://example.org/x.h5"), "unknown", "http://example.org"),
        (layer("ResNet50", weights="/tmp/x.h5"), "unknown", "/tmp/x.h5"),
        (layer("Dense", anything="gs://place/x"), "unknown", "gs://place/x"),
        (layer("Dense", anything=["a", "hf://place/x"]), "unknown", "hf://place/x"),
        ({"class_name": "function", "module": "keras.src.activations.activations", "config": "backend"}, "unknown", "backend"),
        ({"module": "keras.src.backend.common", "class_name": "Own", "config": {}}, "unknown", "Own"),
    ],
)  # fmt: skip
def test_what_runs_or_reads_when_it_is_loaded(one: object, verdict: str, told: str) -> None:
    found = health(one)
    assert (found[0], told in found[1]) == (verdict, True), found


@pytest.mark.parametrize(
    "one",
    [
        *map(operation, ("math.add", "nn.relu", "__operators__.getitem", "reshape", "compat.v1.transpose", "image.resize",
                         "concat", "cast", "expand_dims", "linalg.matmul", "keras.activations.gelu")),
        node('{"name": "a", "op": "AddV2", "input": ["x"]}'),
        node({"name": "a", "op": "Mul"}),
        {"module": "keras.src.backend.torch.optimizers.torch_adam", "class_name": "Adam", "config": {}},
        node('name: "a"\nop: "Reshape"\ninput: "x"\n'),
        layer("StringLookup", vocabulary=["a", "b"]),
        layer("StringLookup", vocabulary=None),
        layer("StringLookup", vocabulary=""),
        layer("ResNet50", weights="imagenet"),
        layer("ResNet50", weights=None),
        layer("Dense", activation="relu", kernel_initializer="glorot_uniform"),
        layer("Dense", activation="keras.activations.relu", dtype="float32", tag="a.b.c"),
        {"module": "keras.activations", "class_name": "function", "config": "relu", "registered_name": "function"},
        {"class_name": "Sequential", "config": {}, "compile_config": {"loss": "mse", "metrics": ["accuracy"]}},
    ],
)  # fmt: skip
def test_what_models_are_made_of_is_good(one: object) -> None:
    assert health(one)[0] == "good", health(one)
