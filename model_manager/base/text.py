"""Words for people: translation and text that is safe to show."""

from __future__ import annotations

import os
import re
from pathlib import Path

from model_manager.base import translations
from model_manager.base.messages import Message

CORE = "core"
"""The context that the catalogue of texts has for what the core says."""
_DOMAIN = "model-manager"
_spoken = translations.Translations()


def use_language(code: str | None) -> None:
    """Shows every text in this language from now on; None follows the system."""
    global _spoken
    _spoken = translations.found(Path(__file__).parent.parent / "locale", _DOMAIN, code)


def _(message: str) -> str:
    """The message in the user's language. Fill in values after translating, with `.format`."""
    return _spoken.get(message)


def later(message: str) -> Message:
    """Marks a message of a table for translation where it is shown, by `_` or by `localised`."""
    return Message(message)


def in_core(message: str, many: str = "", number: int | None = None) -> str:
    """A template of the core in the user's language, in the form for `number` where it counts; its values are not yet in."""
    if many and number is not None:
        return _spoken.plural(message, many, number, CORE)
    found = _spoken.get(message, CORE)
    return _spoken.get(message) if found == message and message else found


def language() -> str:
    """The code of the language that texts are shown in; empty for English."""
    return _spoken.code


def number(english: str) -> str:
    """A number as English writes it, `1,234.5`, with the signs of the user's language."""
    signs = _("1,234.5")
    return english.translate({ord(","): signs[1], ord("."): signs[5]})


def ngettext(one: str, many: str, count: int, **values: str) -> str:
    """The form of a message that fits a count; both forms may name `{n}` and what `values` holds."""
    return _spoken.plural(one, many, count).format(n=number(f"{count:,}"), **values)


def shown(text: str) -> str:
    """Text from outside, made safe to show on one line.

    Undecodable bytes (surrogates), control characters and the marks that reverse reading
    direction become `\\x..`/`\\u....` escapes, so that a name cannot forge another name. A message stays one.
    """
    if text.isascii() and text.isprintable():
        return text
    if isinstance(text, Message) and text.values:
        return text.with_values(shown)
    return "".join(_visible(letter) for letter in text)


def _visible(letter: str) -> str:
    code = ord(letter)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if 0xD800 <= code <= 0xDFFF or 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069:
        return f"\\u{code:04x}"
    if code in (0x200E, 0x200F, 0x061C, 0x2028, 0x2029, 0xFEFF):
        return f"\\u{code:04x}"
    if letter == " " or letter.isprintable() or code in (0x200D, 0xFE0F):
        return letter
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def written(text: str) -> str:
    """Text for JSON as it really is: undecodable bytes alone become `\\xNN`, and half surrogates `\\uNNNN`."""
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a UTF-16 pair, which Windows allows in names
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def given_paths(text: str) -> list[str]:
    """The absolute paths that a person or a script may mean: the text itself, and those that `written` or `shown` made
    it of. Those that are there come first; several when two names are written alike."""
    plain = os.path.abspath(os.path.expanduser(text))
    if "\\" not in plain or os.sep == "\\":
        return [plain]
    found = [""]
    for part in plain.split(os.sep)[1:]:
        found = [f"{before}{os.sep}{name}" for before in found for name in _meant(before or os.sep, part)]
    return sorted(dict.fromkeys([*found, plain]), key=lambda path: not os.path.lexists(path))


def _meant(folder: str, part: str) -> list[str]:
    """The names in a folder that are written like this; where none is there, the text and what it would stand for."""
    if "\\" not in part:
        return [part]
    try:
        names = [name for name in os.listdir(folder) if part in (name, written(name), shown(name))]
    except OSError:
        names = []
    return names or list(dict.fromkeys([part, _ESCAPED.sub(lambda found: _byte_of(found[0]), part)]))


def given_path(text: str) -> str:
    """The absolute path that a person or a script means; of two the one that is there."""
    return given_paths(text)[0]


_ESCAPED = re.compile(r"(?:\\x[0-9a-f]{2})+|\\u[0-9a-f]{4}")


def _byte_of(escaped: str) -> str:
    if escaped.startswith("\\u"):
        return chr(int(escaped[2:], 16))
    raw = bytes(int(part, 16) for part in escaped.split("\\x")[1:])
    # A byte below 128 is that character; others are bytes that no text could be made of.
    return raw.decode("utf-8", "surrogateescape")


def short_path(path: str, home: str) -> str:
    """A path for the screen: the home folder as `~`, everything printable."""
    if home and (path == home or path.startswith(home.rstrip(os.sep) + os.sep)):
        path = "~" + path[len(home.rstrip(os.sep)) :]
    return shown(path)
