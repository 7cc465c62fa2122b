"""TensorFlow Lite: weights, pictures, offsets that lead nowhere."""

from __future__ import annotations

import io
import struct

import pytest
from headers import read, tflite_bytes, values
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import tflite
from model_manager.formats.problem import FormatProblem, Limits

GOOD = tflite_bytes()


def test_what_it_holds() -> None:
    facts = read(GOOD, "x.tflite")
    held = values(facts)
    assert facts.format == "tflite" and facts.health.verdict == "good"
    assert held["parameters"] == 16 and held["quant"] == "F32" and held["category"] == "vision"
    assert facts.metadata["description"] == "a test"
    small = values(read(tflite_bytes((1, 10), 64, 9), "x.tflite"))
    assert small["quant"] == "INT8" and small["parameters"] == 64 and "category" not in small


def test_a_cut_file() -> None:
    assert read(GOOD[:-8], "x.tflite").health.verdict == "truncated"
    assert read(GOOD[:40], "x.tflite").health.verdict in ("truncated", "corrupt")


def test_a_root_that_leads_nowhere() -> None:
    for root in (0, 3, len(GOOD), 1 << 31):
        assert read(struct.pack("<I", root) + GOOD[4:], "x.tflite").health.verdict in ("truncated", "corrupt")


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6), st.integers(1, len(GOOD)))
def test_damage_is_never_more_than_a_verdict(at: int, junk: bytes, cut: int) -> None:
    broken = GOOD[:at] + junk + GOOD[at + len(junk) :]
    read(broken, "x.tflite")
    read(broken[:cut], "x.tflite")


def test_more_tensors_than_are_followed() -> None:
    with pytest.raises(FormatProblem, match="over the limit of 0") as told:
        tflite.read(io.BytesIO(GOOD), len(GOOD), Limits(tensors=0))
    assert told.value.kind == "unknown"
