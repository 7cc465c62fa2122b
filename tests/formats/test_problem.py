"""The one error of a reader: its kind and the figures."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from model_manager.formats.problem import LIMITS, FormatProblem, Limits


def test_a_problem_tells_kind_and_reason_also_in_another_process() -> None:
    problem = pickle.loads(pickle.dumps(FormatProblem("truncated", "7 bytes are missing")))
    assert (problem.kind, problem.why) == ("truncated", "7 bytes are missing") and isinstance(problem, Exception)


def test_limits_can_be_others_for_one_reading_alone() -> None:
    assert dataclasses.replace(LIMITS, tensors=5).tensors == 5 and Limits() == LIMITS
    with pytest.raises(dataclasses.FrozenInstanceError):
        LIMITS.tensors = 5  # type: ignore[misc]


def test_what_real_models_have_is_within_the_limits() -> None:
    """gpt-oss: 201,088 tokens and 446,189 merges; a tokenizer of 260,000 entries takes 12 MiB."""
    assert LIMITS.texts > 201_088 + 446_189 and LIMITS.walked > 12 << 20 and LIMITS.header <= LIMITS.walked
