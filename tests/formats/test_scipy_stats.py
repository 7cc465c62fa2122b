"""A distribution whose state gives it another text than scipy's own would run that text."""

from __future__ import annotations

import pytest

from model_manager.formats.pickle_values import OPAQUE, GlobalName
from model_manager.formats.scipy_stats import runs_text

NORM = GlobalName("scipy.stats._continuous_distns", "norm_gen")
TEXT = """
def _parse_args(self, a, b, loc=0, scale=1):
    return (a, b, ), loc, scale

def _parse_args_rvs(self, a, b, loc=0, scale=1, size=None):
    return self._argcheck_rvs(a, b, loc, scale, size=size)

def _parse_args_stats(self, a, b, loc=0, scale=1, moments='mv'):
    return (a, b, ), loc, scale, moments
"""


def runs(text: object) -> bool:
    return runs_text(NORM, {"_parse_arg_template": text, "a": 1})


def test_scipys_own_text_runs_nothing() -> None:
    assert not runs(TEXT.replace("a, b, loc", "a, b, loc")) and not runs_text(NORM, {"a": 1}) and not runs(None)


@pytest.mark.parametrize(
    "text",
    [
        "import os; os.system('x')", TEXT + "\nimport os", TEXT.replace("loc=0", "loc=print(1)"), TEXT.replace("return (a", "return (print(1)"),
        TEXT.replace("a, b", "a, b=exec('x')"), b"def", OPAQUE, 5, "",
    ],
)  # fmt: skip
def test_any_other_text_would_run(text: object) -> None:
    assert runs(text)


@pytest.mark.parametrize("state", [None, OPAQUE, [], "x", {OPAQUE: 1}, {5: "x"}, ({5: 1}, 2)])
def test_a_state_that_cannot_be_read_may_hold_one(state: object) -> None:
    assert runs_text(NORM, state)


def test_states_from_before_1_6_are_read_as_they_were() -> None:
    assert not runs_text(NORM, ({"a": 1}, None)) and runs_text(NORM, ({"a": 1, "b": 2}, None))


@pytest.mark.parametrize(
    "callee",
    [
        GlobalName("scipy.special", "norm_gen"),
        GlobalName("scipy", "stats"),
        GlobalName("numpy.stats", "x"),
        None,
        "scipy.stats",
    ],
)
def test_other_libraries_have_no_such_text(callee: object) -> None:
    assert not runs_text(callee, {"_parse_arg_template": "import os"})
