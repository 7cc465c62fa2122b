"""A refusal is said in its own words, and the more urgent kinds are refusals too."""

from __future__ import annotations

import pytest

from model_manager.operations.refusal import MustGoBack, NotInForce, Refused


@pytest.mark.parametrize("kind", [Refused, MustGoBack, NotInForce])
def test_whoever_stops_for_a_refusal_stops_for_each_kind_in_its_words(kind: type[Refused]) -> None:
    with pytest.raises(Refused) as refused:
        raise kind("the file is in use: it stays")
    assert str(refused.value) == "the file is in use: it stays"


def test_a_system_error_is_no_refusal() -> None:
    assert not issubclass(Refused, OSError) and not issubclass(MustGoBack, NotInForce)
