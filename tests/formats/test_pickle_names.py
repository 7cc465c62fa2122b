"""Names that only build data, names that run something, and everything else."""

from __future__ import annotations

import pytest

from model_manager.formats.pickle_names import KNOWN, known, runs


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("torch", "FloatStorage"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch", "bfloat16"),
        ("torch.nn.parameter", "Parameter"),
        ("torch.serialization", "_get_layout"),
    ],
)
def test_constructors_of_data_are_known_and_run_nothing(module: str, name: str) -> None:
    assert known(module, name) and not runs(module, name)


def test_nothing_that_is_known_runs() -> None:
    assert KNOWN and not [pair for pair in KNOWN if runs(*pair)]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"), ("builtins", "eval"), ("__builtin__", "exec"), ("builtins", "getattr"),
        ("builtins", "open"), ("builtins", "Error.os"), ("torch", "load"), ("torch.hub", "load"), ("torch.hub", "x.y"), ("numpy", "load"), ("numpy.testing._private.utils", "runstring"),
        ("torch", "serialization.os.system"), ("my.own", "sys.exit"), ("any", "thing.from_pretrained"), ("some", "__globals__"), ("some", "func.__code__"),
        ("urllib.request", "urlopen"), ("webbrowser", "open"), ("shutil", "rmtree"), ("pickle", "loads"), ("_pickle", "loads"), ("joblib", "load"), ("functools", "reduce"),
        ("operator", "attrgetter"), ("logging", "FileHandler"), ("pandas.io.common", "get_handle"), ("huggingface_hub", "snapshot_download"), ("ctypes", "CDLL"),
    ],
)  # fmt: skip
def test_what_executes_loads_or_reaches_out_runs_by_any_name(module: str, name: str) -> None:
    assert runs(module, name) and not known(module, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("collections", "OrderedDict"), ("my.model", "Net"), ("functools", "partial"), ("io", "BytesIO"), ("builtins", "ValueError"), ("builtins", "UserWarning"),
        ("builtins", "Ellipsis"), ("hubert", "load"), ("torch.hubs", "x"), ("osmosis", "system_"), ("joblib.numpy_pickle", "NumpyArrayWrapper"), ("systems", "x"),
    ],
)  # fmt: skip
def test_what_only_sounds_alike_does_not(module: str, name: str) -> None:
    assert not runs(module, name)
