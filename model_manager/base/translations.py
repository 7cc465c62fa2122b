"""One language's texts, read from its `.po` as translators write it: nothing is compiled, so nothing can be out of date.

GNU gettext's format: https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html
"""

from __future__ import annotations

import gettext
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

# One search for all: line by line took three times as long.
_FIELD = re.compile(r'^msg([^ ]+) "(.*(?:"\n".*)*)"$', re.MULTILINE)
_UNCERTAIN = re.compile(r'^#,.*fuzzy.*\n(?:#.*\n)*(?!msgid ""\n(?:"\n)?msgstr)(?:[m"].*\n?)*', re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}
_ESCAPE = re.compile(r"\\(.)")
_ENGLISH = ("C", "POSIX", "en")
"""What the source is written in: no language of a list of preferences behind it is asked for."""

Key = tuple[str, str]
"""(context, message); the context of most is empty."""


class Translations:
    """The texts of one language; those of `Translations()` are the English ones of the source."""

    def __init__(self, code: str = "", texts: Mapping[Key, tuple[str, ...]] | None = None) -> None:
        self.code = code
        self._texts = dict(texts or {})
        self._form: Callable[[int], int] = _form_of("".join(self._texts.pop(("", ""), ())))

    def get(self, message: str, context: str = "") -> str:
        """The translation; the message itself where there is none."""
        forms = self._texts.get((context, message))
        return forms[0] if forms else message

    def plural(self, one: str, many: str, count: int, context: str = "") -> str:
        """The form that the language has for this count."""
        forms = self._texts.get((context, one))
        if not forms:
            return one if count == 1 else many
        return forms[min(self._form(count), len(forms) - 1)]


def found(folder: Path, name: str, code: str | None) -> Translations:
    """The first language of the user's that has a `<code>/LC_MESSAGES/<name>.po` in `folder`, else English."""
    for language in _wanted([code] if code else _of_the_system()):
        if language in _ENGLISH:
            break
        try:
            text = (folder / language / "LC_MESSAGES" / f"{name}.po").read_text(encoding="utf-8")
        except FileNotFoundError:
            continue
        return Translations(language, read(text))
    return Translations()


def _of_the_system() -> list[str]:
    """As gettext asks: the first variable that says anything; only the first of all may name several languages."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if said := os.environ.get(variable):
            return said.split(":")
    return []


def _wanted(codes: list[str]) -> Iterator[str]:
    """`de_AT.UTF-8@euro` is looked for as `de_AT` and as `de`."""
    for code in codes:
        plain = re.split("[.@]", code)[0]
        # A name of the environment becomes a part of a path: nothing but letters, digits and the mark between them.
        if re.fullmatch(r"[A-Za-z0-9_-]+", plain):
            yield plain
            if (language := re.split("[_-]", plain)[0]) != plain:
                yield language


def read(text: str) -> dict[Key, tuple[str, ...]]:
    """What is translated; what is marked as uncertain (`fuzzy`), obsolete or empty is left out."""
    texts: dict[Key, tuple[str, ...]] = {}
    context, key = "", ("", "")
    if "fuzzy" in text:
        text = _UNCERTAIN.sub("", text)
    for field, said in _FIELD.findall(text):
        if '"' in said:
            said = said.replace('"\n"', "")
        if "\\" in said:
            said = _ESCAPE.sub(lambda match: _ESCAPES.get(match[1], match[0]), said)
        if field == "id":
            key, context = (context, said), ""
        elif field == "ctxt":
            context = said
        elif field != "id_plural":
            texts[key] = (*texts[key], said) if key in texts else (said,)
    return {key: forms for key, forms in texts.items() if "" not in forms}


def _form_of(header: str) -> Callable[[int], int]:
    """The number of the form for a count, from the header's `Plural-Forms`; English's rule where it says nothing."""
    rule = re.search(r"plural\s*=\s*([^;\n]+)", header)
    return gettext.c2py(rule[1]) if rule else lambda count: int(count != 1)
