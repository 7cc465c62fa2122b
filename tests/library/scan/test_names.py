"""Names are asked a quick question first: what they then say is what all the expressions say."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_manager.library.scan import names

_PATTERNS = [pattern.pattern for table in (names._CATEGORIES, names._BASES, names._VARIANTS) for pattern, _ in table]
_WORD = st.one_of(
    st.sampled_from(
        ("Llama", "SDXL", "v1-5", "wan2.1", "ILXL", "xl_base", "Q4_K_M", "4bit", "Lora", "ſdxl", "8x", "ae")
    ),
    st.sampled_from(_PATTERNS).flatmap(lambda pattern: st.from_regex(re.compile(pattern, re.IGNORECASE))),
)
_NAME = st.lists(st.tuples(_WORD, st.sampled_from(("", "-", "_", ".", " ", "/"))), min_size=1, max_size=4).map(
    lambda parts: "".join(word + between for word, between in parts)
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_NAME)
def test_the_quick_question_hides_nothing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    quick = list(names.claims_of(name))
    with monkeypatch.context() as patch:
        for guard in ("_A_CATEGORY", "_A_VARIANT", "_A_BASE"):
            patch.setattr(names, guard, re.compile(""))
        assert quick == list(names.claims_of(name))
