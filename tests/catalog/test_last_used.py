"""By what a last use is known: kept as its words, shown in the user's language."""

from __future__ import annotations

from model_manager.base import text
from model_manager.base.localised import localised
from model_manager.catalog.last_used import ACCESS_TIME, evidence


def test_what_the_catalogue_keeps_is_shown_in_german() -> None:
    text.use_language("de")
    try:
        assert localised(evidence(str(ACCESS_TIME))) == "Zugriffszeit"
        assert localised(evidence("its times")) == "its times"
    finally:
        text.use_language("en")
