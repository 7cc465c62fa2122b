"""Names under which things lie aside: ours are known, those of others are never taken for ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.set_aside import aside_name, lies_aside

OPERATION = "20261130T220134123Z-0badcafe"


def test_a_name_tells_its_operation_and_step() -> None:
    assert aside_name(OPERATION, 12) == ".model-manager-20261130T220134123Z-0badcafe-12"


@settings(max_examples=30)
@given(st.datetimes(), st.integers(0, 2**32 - 1), st.integers(0, 10**9))
def test_every_name_that_an_operation_gives_is_known_again(when, number: int, step: int) -> None:  # type: ignore[no-untyped-def]
    operation = f"{when.year:04}{when:%m%dT%H%M%S}{when.microsecond // 1000:03}Z-{number:08x}"
    assert lies_aside(aside_name(operation, step))
    assert lies_aside(aside_name(operation, step) + "-new"), "a verb may keep a second thing for one step"


@pytest.mark.parametrize(
    "name",
    [
        "", ".model-manager-", "model.gguf", ".model-manager-notes", ".model-manager-aside",
        f"x.model-manager-{OPERATION}-1", f".model-manager-{OPERATION}", f".model-manager-{OPERATION}-",
        f".model-manager-{OPERATION}-1.gguf", f".model-manager-{OPERATION}-one", f".model-manager-{OPERATION}-1\n",
        f".model-manager-{OPERATION.upper()}-1", f".Model-Manager-{OPERATION}-1", f".model-manager-{OPERATION}-1-",
        ".model-manager-20261130T220134123Z-0badcaf-1", ".model-manager-20261130T22013412Z-0badcafe-1",
    ],
)  # fmt: skip
def test_what_only_looks_alike_is_somebody_elses(name: str) -> None:
    assert not lies_aside(name)
