"""The reader of `.po` files, held against GNU's rules and the standard library's own reader of what is compiled of them."""

from __future__ import annotations

import gettext
import io
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from model_manager.base import translations
from model_manager.base.translations import Translations

EVERYTHING = r"""# A translator's words.
msgid ""
msgstr ""
"Language: pl\n"
"Content-Type: text/plain; charset=utf-8\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 "
"|| n%100>=20) ? 1 : 2);\n"

#: model_manager/views/one.py
#, python-brace-format
msgid "plain {n}"
msgstr "zwykły {n}"

msgid ""
"two lines\n"
"and a \"quoted\" \\ tab\t"
msgstr ""
"dwie linie\n"
"i \"cytat\" \\ tab\t"
#. directly behind, without an empty line
msgctxt "core"
msgid "plain {n}"
msgstr "rdzeń {n}"

msgid "{n} file"
msgid_plural "{n} files"
msgstr[0] "{n} plik"
msgstr[1] "{n} pliki"
msgstr[2] "{n} plików"

#, fuzzy
msgid "uncertain"
msgstr "niepewny"

msgid "behind it"
msgstr "za tym"

msgid "empty"
msgstr ""

#~ msgid "obsolete"
#~ msgstr "przestarzały"
"""


def compiled(po: str) -> gettext.GNUTranslations:
    made = io.BytesIO()
    write_mo(made, read_po(io.BytesIO(po.encode())))
    made.seek(0)
    return gettext.GNUTranslations(made)


def test_it_says_what_the_compiled_file_says() -> None:
    ours, theirs = Translations("pl", translations.read(EVERYTHING)), compiled(EVERYTHING)
    for message in (
        "plain {n}",
        'two lines\nand a "quoted" \\ tab\t',
        "uncertain",
        "behind it",
        "empty",
        "obsolete",
        "",
    ):
        assert ours.get(message) == (theirs.gettext(message) if message else ""), message
    assert ours.get("plain {n}", "core") == theirs.pgettext("core", "plain {n}") == "rdzeń {n}"
    for count in range(130):
        assert ours.plural("{n} file", "{n} files", count) == theirs.ngettext("{n} file", "{n} files", count)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('\n\t"\\\x85\u2028'), min_size=1))
def test_any_text_comes_back_as_it_was_written(said: str) -> None:
    quoted = said.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n").replace("\t", r"\t")
    po = f'msgid "a"\nmsgstr "{quoted}"\n'
    assert translations.read(po.encode().decode()).get(("", "a")) == (said,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for code in ("de", "pt_BR"):
        place = tmp_path / code / "LC_MESSAGES"
        place.mkdir(parents=True)
        (place / "x.po").write_text(f'msgid "which"\nmsgstr "{code}"\n', encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "spoken"),
    [
        ({}, ""),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "de_DE@euro"}, "de"),
        ({"LANG": "pt_BR.UTF-8"}, "pt_BR"),
        ({"LANG": "pt_PT.UTF-8"}, ""),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "de_DE"}, "de"),
        ({"LANG": "de_DE", "LC_ALL": "C"}, ""),
        ({"LANG": "en_GB", "LANGUAGE": "fr:de"}, "de"),
        ({"LANG": "de_DE", "LANGUAGE": "en_GB:de"}, ""),
        ({"LANG": "../../de"}, ""),
        ({"LANG": "de/../de"}, ""),
    ],
)
def test_the_systems_language(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], spoken: str
) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = translations.found(folder, "x", None)
    assert found.code == spoken and found.get("which") == (spoken or "which")


def test_the_users_choice_comes_before_the_systems(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "de")
    assert translations.found(folder, "x", "en").code == ""
    assert translations.found(folder, "x", "pt_BR").code == "pt_BR"
