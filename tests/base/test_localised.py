"""Sentences of the core in the user's language: by key, values by their kind, reasons within reasons, what stays English."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_manager.base import figures, text, units
from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.base.localised import localised
from model_manager.base.messages import Message, counted, figure, joined, said
from model_manager.base.text import later


@pytest.fixture
def german() -> Iterator[None]:
    text.use_language("de")
    yield
    text.use_language("en")


def test_english_stays_as_the_core_said_it() -> None:
    text.use_language("en")
    told = said("needs {0} bytes, the file has {1} ({2} missing)", figure(7), figure(5), figure(2))
    assert localised(told) == told == "needs 7 bytes, the file has 5 (2 missing)"
    assert (figures.size(4_920_000_000), figures.count(1234)) == ("4.92 GB", "1,234")


GONE = said("it is not there any more")


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("", ""),
        (said("the file is empty (0 bytes)"), "die Datei ist leer (0 Bytes)"),
        (
            said("needs {0} bytes, the file has {1} ({2} missing)", figure(7123), figure(5000), figure(2123)),
            "braucht 7.123 Bytes, die Datei hat 5.000 (2.123 fehlen)",
        ),
        (said("the header does not begin with {"), "die Kopfdaten beginnen nicht mit {"),
        (said("{0} layers, {1} words", 3, "{name}"), "3 Schichten, {name} Wörter"),
        (
            joined("; ", [said("{0}: weights are missing", "unet"), said("{0}: the folder is missing", "vae")]),
            "unet: Gewichte fehlen; vae: der Ordner fehlt",
        ),
        (
            said("left, as another step of its unit was refused: {0}", GONE),
            "blieb, weil ein anderer Schritt seiner Einheit abgelehnt wurde: es ist nicht mehr da",
        ),
        (
            said("{0}: {1}", later("Move to the trash"), counted("{0} item", "{0} items", 3, figure(3))),
            "In den Papierkorb: 3 Einträge",
        ),
        (
            said("{0}: {1}", later("Move to the trash"), counted("{0} item", "{0} items", 1, figure(1))),
            "In den Papierkorb: 1 Eintrag",
        ),
        (
            said("Delete {0} for good ({1})", said("these {0}", 3), units.size(4_920_000_000)),
            "Endgültig löschen: diese 3 (4,92 GB)",
        ),
        (said("Reading {0}", "ComfyUI"), "ComfyUI lesen"),
        (units.size(82_400_000_000), "82,4 GB"),
        (said("{0}, unpacked beside it", "bad\x1bname"), "bad\\x1bname, daneben entpackt"),
        (OSError(13, "Permission denied"), "[Errno 13] Permission denied"),
        (reason_of(OSError(13, "Permission denied")), "Keine Berechtigung"),
        (reason_of(OSError(28, said("it is not there any more"))), "es ist nicht mehr da"),
        (reason_of(ValueError(GONE)), "es ist nicht mehr da"),
        (reason_of(ValueError("file is not a database")), "die Datei ist keine Datenbank"),
        (reason_of(ValueError("words that nobody wrote down")), "words that nobody wrote down"),
    ],
)
@pytest.mark.usefixtures("german")
def test_german(told: object, shown: str) -> None:
    assert localised(told) == shown


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize("name", ["Tom and Jerry", "it is not there any more", "trash", "Permission denied", "4.92 GB",
                                  "{0}", "{0.__class__}", "%s", "{{", "3 items", "Ärger und Ruß", "模型", "C:\\a"])  # fmt: skip
def test_a_name_stays_what_it_is_whatever_it_means_in_english(name: str) -> None:
    assert localised(name) == name
    assert localised(said("the folder {0} is not there", name)) == f"der Ordner {name} ist nicht da"
    assert localised(said("{0}: {1}", name, GONE)) == f"{name}: es ist nicht mehr da"
    assert localised(joined("; ", [name, GONE])) == f"{name}; es ist nicht mehr da"


@pytest.mark.usefixtures("german")
def test_a_sentence_is_translated_only_where_it_was_declared() -> None:
    assert localised(later("trash")) == "Papierkorb" and localised("trash") == "trash"
    assert localised(str(GONE)) == "it is not there any more"


@pytest.mark.usefixtures("german")
def test_an_error_says_what_where_why_and_what_to_do() -> None:
    error = UsageError(
        said("find the model"),
        "x y",
        said("no model has this id, name or path"),
        said("`model-manager list WORD` searches"),
    )
    assert localised(error) == (
        "Nicht möglich: das Modell x y finden – kein Modell hat diese Id, diesen Namen oder Pfad "
        "(`model-manager list WORT` sucht)"
    )


@pytest.mark.usefixtures("german")
@pytest.mark.parametrize(
    ("verb", "path", "told"),
    [
        ("choose the model", "sd_xl  base", "Nicht möglich: das Modell sd_xl  base bestimmen – weil"),
        ("clear away", "/a b/c…d", "Nicht möglich: /a b/c…d wegräumen – weil"),
        ("apply the plan", "", "Nicht möglich: den Plan ausführen – weil"),
        ("open the window", "", "Nicht möglich: das Fenster öffnen – weil"),
    ],
)
def test_what_was_tried_stands_where_german_has_it(verb: str, path: str, told: str) -> None:
    assert localised(ModelManagerError(Message(verb), path, "weil")) == told


@pytest.mark.usefixtures("german")
@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_can_be_asked_for_and_put_in(template: str, value: str) -> None:
    for told in (template, said(template, value), said("the folder {0} is not there", value)):
        shown = localised(told)
        assert shown.isprintable() or "\u200d" in shown or "\ufe0f" in shown
    assert localised(said("{0} is a link", value)) == f"{text.shown(value)} ist eine Verknüpfung"


@pytest.mark.usefixtures("german")
def test_numbers_and_days() -> None:
    assert (figures.size(4_920_000_000), figures.count(1234567), figures.parameters(8_030_261_248)) == (
        "4,92 GB", "1.234.567", "8,03B",
    )  # fmt: skip
    noon = 1_772_539_200 + 12 * 3600
    assert figures.day(noon).endswith(" März 2026") and figures.moment(noon).startswith(figures.day(noon))
