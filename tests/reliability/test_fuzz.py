"""Damaged headers of every format: a verdict or a FormatProblem, nothing else. The long form is `fuzz.py`."""

from __future__ import annotations

import io

import pytest
from reliability import fuzz
from reliability.samples import SAMPLES

from model_manager.base.facts import Facts
from model_manager.formats import FORMATS, FormatProblem, safetensors
from model_manager.formats.sniff import facts_of

ROUNDS = 2_000


def test_every_format_has_good_samples() -> None:
    assert {format_.NAME for format_ in FORMATS} == set(SAMPLES)
    for kind, found in SAMPLES.items():
        for name, data in found:
            facts = facts_of(io.BytesIO(data), len(data), name)
            assert facts.format == kind and facts.health.verdict in ("good", "unknown")


@pytest.mark.parametrize("kind", SAMPLES)
def test_damage_is_never_more_than_a_verdict(kind: str) -> None:
    assert list(fuzz.run(ROUNDS // len(SAMPLES) * 5, seed=7, only=kind)) == []


@pytest.mark.slow
def test_a_million() -> None:
    assert list(fuzz.run(1_000_000, seed=8)) == []


def test_the_fuzz_has_teeth(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(file: io.BytesIO, size: int, limits: object) -> Facts:
        raise KeyError("shape")

    monkeypatch.setattr(safetensors, "read", careless)
    assert all("KeyError" in finding for finding in fuzz.run(9, seed=1, only="safetensors"))
    assert len(list(fuzz.run(9, seed=1, only="safetensors"))) == 9


def test_damage_reaches_the_readers() -> None:
    """Of 200 damaged files of each format some are read, some refused: it neither misses the header nor wrecks it."""
    import random

    for kind, found in SAMPLES.items():
        name, data = found[0]
        verdicts = set()
        for number in range(200):
            dice = random.Random(number)
            changed = fuzz.damaged(data, data, dice)
            try:
                verdicts.add(facts_of(io.BytesIO(changed), len(changed), name).health.verdict)
            except FormatProblem:
                raise AssertionError(kind) from None
        assert len(verdicts) > 1, kind
