"""Packed pickles and other files of trained models: looked into within bounds, or unknown with the reason."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import pickle
import struct
import time
import tracemalloc
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable

import pytest
from headers import read
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.test_pickle_facts import made, mapping, named, number, pickled, text

PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "zlib": zlib.compress, "bzip2": bz2.compress, "xz": lzma.compress,
    "lzma": lambda content: lzma.compress(content, format=lzma.FORMAT_ALONE),
}  # fmt: skip
OTHERS = {
    "zstd": b"\x28\xb5\x2f\xfd" + bytes(90), "lz4": b"\x04\x22\x4d\x18" + bytes(90), "7z": b"7z\xbc\xaf\x27\x1c" + bytes(90),
    "joblib's old way": b"ZF0x7b" + bytes(90),
}  # fmt: skip
SUFFIXES = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt")


class Runs:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


@pytest.mark.parametrize("kind", PACKED)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_packed_pickles(kind: str, suffix: str) -> None:
    pack = PACKED[kind]
    for protocol in (0, 2, 5):
        assert read(pack(pickle.dumps([Runs()], protocol)), "x" + suffix).health.verdict == "unsafe"
        good = read(pack(pickle.dumps(OrderedDict(a="x" * 5_000), protocol)), "x" + suffix)
        assert (good.health.verdict, good.metadata["pickle.kind"]) == ("good", f"{kind}, bare pickle")
    assert read(pack(b"\x80\x02cmine\nx\n)R."), "x" + suffix).health.verdict == "unknown"
    assert read(pack(b"no pickle at all"), "x" + suffix).health.verdict == "unknown"
    assert read(pack(pickle.dumps([Runs()], 2)), "x.bin").health.verdict == "unsafe"


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_longer_than_the_bound_is_unknown_and_never_good(kind: str) -> None:
    content = PACKED[kind](pickle.dumps(bytes(20 << 20), 4))
    tracemalloc.start()
    started = time.process_time()
    health = read(content, "x.pkl").health
    spent = time.process_time() - started
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert health.verdict == "unknown" and health.detail.startswith(f"compressed with {kind}: only its first ")
    assert spent < 1.0 and held < 64 << 20
    evil = PACKED[kind](pickle.dumps([Runs(), bytes(20 << 20)], 4))
    assert read(evil, "x.pkl").health.verdict == "unsafe"


@pytest.mark.parametrize("kind", PACKED)
def test_what_is_cut_off_or_damaged(kind: str) -> None:
    content = PACKED[kind](os.urandom(100_000))
    assert read(content[:-2_000], "x.pkl").health.verdict in ("truncated", "unknown")
    assert read(content[:40] + b"\xff" * 400, "x.pkl").health.verdict in ("truncated", "unknown")
    two = PACKED[kind](pickle.dumps([1])) + PACKED[kind](pickle.dumps([Runs()]))
    assert read(two, "x.pkl").health.verdict == "unknown"


@pytest.mark.parametrize("kind", OTHERS)
def test_packings_that_are_not_unpacked(kind: str) -> None:
    health = read(OTHERS[kind], "x.joblib").health
    assert (health.verdict, health.detail) == ("unknown", f"compressed with {kind}, which this program does not unpack")


def joblib(shape: tuple[int, ...], code: str, behind: bytes, padding: bytes = b"\4\xff\xff\xff\xff") -> bytes:
    """A list of an array as joblib writes it, and of what comes behind it."""
    kind = named("numpy.dtype") + text(code) + b"\x89\x88\x87R"
    sides = b"(" + b"".join(number(side) for side in shape) + b"t"
    state = {"subclass": named("numpy.ndarray"), "shape": sides, "order": text("C"), "dtype": kind,
             "allow_mmap": b"\x88", "numpy_array_alignment_bytes": number(16)}  # fmt: skip
    return pickled(b"](" + made("joblib.numpy_pickle.NumpyArrayWrapper", mapping(state)) + padding + behind + b"e")


def test_arrays_within_joblibs_pickles() -> None:
    for code, width in (("f8", 8), ("U5", 20), ("V7", 7), ("b1", 1), ("S3", 3)):
        body = joblib((2, 3), code, b"\xfe" * 6 * width + text("behind"))
        assert read(body, "x.joblib").health.verdict == "good", code
        evil = joblib((2, 3), code, b"\xfe" * 6 * width + b"cposix\nsystem\n)R")
        assert read(evil, "x.joblib").health.verdict == "unsafe"
    assert read(joblib((1,), "O8", pickled(b"]"), b""), "x.joblib").health.verdict == "good"
    assert read(joblib((1,), "O8", pickled(b"cposix\nsystem\n)R"), b""), "x.joblib").health.verdict == "unsafe"


def test_numbers_that_another_loader_would_run() -> None:
    """Only joblib takes them for numbers: pickle itself goes on into them."""
    hidden = b"cposix\nsystem\n)R."
    for padding in (b"", b"\0", b"0", b"N"):
        assert read(joblib((len(hidden),), "u1", hidden, padding), "x.pkl").health.verdict != "good"
    assert read(joblib((-5,), "u1", b""), "x.pkl").health.verdict != "good"
    assert read(joblib((1 << 30,), "u1", b"abc"), "x.pkl").health.verdict == "unsafe"
    # The inner pickle remembers other texts than the one around it, whose memo another loader goes on with.
    inner = b"\x80\4" + b"\x8c\x0bcollections\x940\x8c\x07Counter\x940h\0h\1\x93)R."
    outer = b"\x8c\5posix\x940\x8c\6system\x940"
    assert read(joblib((1,), "O8", inner, b"").replace(b"](", outer + b"](", 1), "x.pkl").health.verdict == "unsafe"


def skops(schema: object, first: str = "1.npy") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(first, b"\x93NUMPY\1\0" + struct.pack("<H", 60) + b"{'descr': '<f8', 'fortran_order': False, 'shape': (), }".ljust(60) + bytes(8))  # fmt: skip
        archive.writestr("schema.json", json.dumps(schema))
    return out.getvalue()


@pytest.mark.parametrize(
    ("node", "verdict"),
    [
        ({"__class__": "LogisticRegression", "__module__": "sklearn.linear_model._logistic"}, "good"),
        (
            {"__class__": "ndarray", "__module__": "numpy", "content": {"__class__": "dict", "__module__": "builtins"}},
            "good",
        ),
        ({"a": [{"__class__": "system", "__module__": "os"}]}, "unsafe"),
        ({"__class__": "Own", "__module__": "mine.models"}, "unknown"),
        ({"__class__": "function", "__module__": "builtins", "__loader__": "FunctionNode", "content": "run"}, "unsafe"),
    ],
)
def test_what_a_skops_schema_names(node: object, verdict: str) -> None:
    found = read(skops({"__root__": node}), "x.skops")
    assert (found.format, found.health.verdict) == ("skops", verdict)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([*PACKED, "skops", "joblib"]),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6),
)
def test_damage_is_told_and_never_raises(kind: str, changes: list[tuple[int, int]]) -> None:
    whole = {"skops": skops({"a": 1}), "joblib": joblib((2,), "f8", bytes(16))}
    content = bytearray(whole.get(kind) or PACKED[kind](pickle.dumps([Runs(), "x" * 300])))
    for at, value in changes:
        content[at % len(content)] = value
    read(bytes(content), "x.skops" if kind == "skops" else "x.joblib")
