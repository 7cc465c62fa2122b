"""Sentences of the core in the user's language: shapes, values, reasons within reasons, what stays English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_manager.base import figures, text
from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.localised import CONTEXT, localised


@pytest.fixture
def german() -> Iterator[None]:
    text.use_language("de")
    yield
    text.use_language("en")


def test_english_stays_as_the_core_said_it() -> None:
    text.use_language("en")
    assert localised("needs 7 bytes, the file has 5 (2 missing)") == "needs 7 bytes, the file has 5 (2 missing)"
    assert (figures.size(4_920_000_000), figures.count(1234)) == ("4.92 GB", "1,234")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("", ""),
        ("the file is empty (0 bytes)", "die Datei ist leer (0 Bytes)"),
        (
            "needs 7,123 bytes, the file has 5,000 (2,123 missing)",
            "braucht 7.123 Bytes, die Datei hat 5.000 (2.123 fehlen)",
        ),
        ("the header does not begin with {", "die Kopfdaten beginnen nicht mit {"),
        ("3 layers, {name} words", "3 Schichten, {name} Wörter"),
        ("unet: weights are missing; vae: the folder is missing", "unet: Gewichte fehlen; vae: der Ordner fehlt"),
        (
            "left, as another step of its unit was refused: it is not there any more",
            "blieb, weil ein anderer Schritt seiner Einheit abgelehnt wurde: es ist nicht mehr da",
        ),
        ("Move to the trash: 3 items", "In den Papierkorb: 3 Einträge"),
        ("Delete these 3 for good (4.92 GB)", "Endgültig löschen: diese 3 (4,92 GB)"),
        ("Permission denied", "Keine Berechtigung"),
        ("Reading ComfyUI", "ComfyUI lesen"),
        ("82.4 GB", "82,4 GB"),
        (  # sentences that have the mark which stands between sentences
            "new 8B is newer, whole and healthy; a matter of taste; it is the only copy",
            "new 8B ist neuer, vollständig und heil; Geschmackssache; es ist die einzige Kopie",
        ),
        (
            "it is truncated: no tool can load it as it is; it may be had again from Hugging Face org/m",
            "es ist abgeschnitten: kein Programm kann es so laden; es ist vielleicht wieder zu bekommen von Hugging Face org/m",
        ),
        ("file is not a database", "die Datei ist keine Datenbank"),
        ("words that nobody wrote down", "words that nobody wrote down"),
        ("bad\x1bname, unpacked beside it", "bad\\x1bname, daneben entpackt"),
    ],
)
@pytest.mark.usefixtures("german")
def test_german(said: str, shown: str) -> None:
    assert localised(said) == shown


@pytest.mark.usefixtures("german")
def test_an_error_says_what_where_why_and_what_to_do() -> None:
    error = UsageError(
        "find the model", "x y", "no model has this id, name or path", "`model-manager list WORD` searches"
    )
    assert localised(error) == (
        "Nicht möglich: das Modell x y finden – kein Modell hat diese Id, diesen Namen oder Pfad "
        "(`model-manager list WORT` sucht)"
    )


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("verb", "path", "said"),
    [
        ("choose the model", "sd_xl  base", "Nicht möglich: das Modell sd_xl  base bestimmen – weil"),
        ("clear away", "/a b/c…d", "Nicht möglich: /a b/c…d wegräumen – weil"),
        ("apply the plan", "", "Nicht möglich: den Plan ausführen – weil"),
        ("open the window", "", "Nicht möglich: das Fenster öffnen – weil"),
    ],
)
def test_what_was_tried_stands_where_german_has_it(verb: str, path: str, said: str) -> None:
    assert localised(ModelManagerError(verb, path, "weil")) == said


@pytest.mark.usefixtures("german")
def test_a_name_of_one_word_is_never_translated() -> None:
    """A file named `trash` stays `trash`, though the catalogue has the word."""
    assert localised("trash") == "Papierkorb"
    assert localised("the folder trash is not there") == "der Ordner trash ist nicht da"


@pytest.mark.usefixtures("german")
def test_every_sentence_with_values_is_found_again() -> None:
    """What the core says is its message with values put in; the answer is the translation with the same values."""
    wrong = []
    for message, translation in text.messages(CONTEXT):
        values = [f"<{number}>" for number in range(message.count("{"))]
        said, wanted = message.format(*values) if "{0}" in message else message, translation
        if "{0}" in message and localised(said) != wanted.format(*values):
            wrong.append((said, localised(said)))
    assert wrong == []


@pytest.mark.usefixtures("german")
@given(st.text(max_size=60))
def test_any_text_can_be_asked_for(said: str) -> None:
    assert localised(said).isprintable() or "\u200d" in said or "\ufe0f" in said


@pytest.mark.usefixtures("german")
def test_a_text_that_is_too_long_is_left_alone() -> None:
    said = f"the folder {'not there ' * 300}is not there"
    assert localised(said) == said


@pytest.mark.usefixtures("german")
def test_numbers_and_days() -> None:
    assert (figures.size(4_920_000_000), figures.count(1234567), figures.parameters(8_030_261_248)) == (
        "4,92 GB", "1.234.567", "8,03B",
    )  # fmt: skip
    noon = 1_772_539_200 + 12 * 3600
    assert figures.day(noon).endswith(" März 2026") and figures.moment(noon).startswith(figures.day(noon))
