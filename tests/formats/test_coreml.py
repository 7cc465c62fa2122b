"""Core ML's .mlmodel, and that it is not taken for ONNX, which begins alike."""

from __future__ import annotations

from headers import number, payload, read, values
from hypothesis import given, settings
from hypothesis import strategies as st

PICTURE = payload(1, payload(1, "image") + payload(3, payload(4, number(1, 224))))
WORDS = payload(100, payload(1, "finds cats") + payload(3, "someone") + payload(4, "MIT"))
GOOD = number(1, 4) + payload(2, PICTURE + payload(10, payload(1, "label")) + WORDS) + payload(500, bytes(300))


def test_what_it_says() -> None:
    facts = read(GOOD, "x.mlmodel")
    held = values(facts)
    assert facts.format == "coreml" and facts.health.verdict == "good"
    assert held["category"] == "vision" and held["licence"] == "MIT" and held["publisher"] == "someone"
    assert facts.metadata["kind"] == "neuralNetwork"


def test_a_cut_file() -> None:
    assert read(GOOD[:-20], "x.mlmodel").health.verdict == "truncated"
    assert read(GOOD[:20], "x.mlmodel").health.verdict == "truncated"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6), st.integers(1, len(GOOD)))
def test_damage_is_never_more_than_a_verdict(at: int, junk: bytes, cut: int) -> None:
    broken = GOOD[:at] + junk + GOOD[at + len(junk) :]
    read(broken, "x.mlmodel")
    read(broken[:cut], "x.mlmodel")
