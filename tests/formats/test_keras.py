"""Keras archives: what their configuration would run, and what else lies in them."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from headers import read
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.hdf5_files import hdf5, layer

EVIL = b"\x80\x02cposix\nsystem\nX\1\0\0\0x\x85R."


def archive(*layers: object, packed: int = zipfile.ZIP_STORED, **members: bytes) -> bytes:
    config = {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"layers": layers},
        "registered_name": "Sequential",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as made:
        made.writestr("metadata.json", '{"keras_version": "3.9.0"}')
        made.writestr("config.json", json.dumps(config))
        made.writestr("model.weights.h5", hdf5({}))
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 3}, "registered_name": None}
LAMBDA = {"module": "keras.layers", "class_name": "Lambda",
          "config": {"name": "it", "function": {"class_name": "__lambda__", "config": {"code": "4wEA"}}}}  # fmt: skip


@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_model_and_one_with_a_lambda_layer(packed: int) -> None:
    good = read(archive(DENSE, packed=packed), "x.keras")
    assert (good.format, good.health.verdict, good.code) == ("keras", "good", ())
    bad = read(archive(DENSE, LAMBDA, packed=packed), "x.keras")
    assert (bad.format, bad.health.verdict, bad.code) == ("keras", "unsafe", ("Lambda: it",))


@pytest.mark.parametrize(
    ("content", "verdict"),
    [
        (archive({"module": "os", "class_name": "function", "config": "system"}), "unsafe"),
        (archive({"module": "mine.layers", "class_name": "Own", "config": {}}), "unknown"),
        (archive(**{"assets/vocabulary.txt": b"a"}), "good"),
        (archive(**{"assets/x.pkl": EVIL}), "unsafe"),
        (archive(**{"assets/x.txt": EVIL}), "unsafe"),
        (archive(**{"assets/x.pkl": EVIL}, packed=zipfile.ZIP_DEFLATED), "unknown"),
        (archive(**{"../x": b"a"}), "unsafe"),
        (archive(**{"a\\..\\x": b"a"}), "unsafe"),
        (archive(**{"other.h5": hdf5({"model_config": json.dumps(layer("Lambda")).encode()})}), "unsafe"),
        (archive()[:-30], "truncated"),
        (b"no zip", "corrupt"),
    ],
)
def test_what_else_it_may_hold(content: bytes, verdict: str) -> None:
    assert read(content, "x.keras").health.verdict == verdict


def test_an_older_file_under_the_same_suffix() -> None:
    found = read(hdf5({"model_config": json.dumps(layer("Lambda")).encode()}), "x.keras")
    assert (found.format, found.health.verdict) == ("hdf5", "unsafe")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 255)), max_size=8), st.integers(0, 2_000))
def test_damage_is_told_and_never_raises(changes: list[tuple[int, int]], cut: int) -> None:
    content = bytearray(archive(DENSE, LAMBDA))
    for at, value in changes:
        content[at % len(content)] = value
    assert read(bytes(content), "x.keras").health.detail or not changes
    read(bytes(content[:cut]) or b"x", "x.keras")
