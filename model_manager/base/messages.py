"""What the core says: an English sentence that still knows its template and its values.

A `Message` is a `str`, so the log, JSON and everything else that takes a text has the English. Where it is shown,
`base/localised.py` looks its template up and writes each value as its kind wants it: a reason within a sentence in the
user's language, a number with its signs, and a plain text (a path, a name) as it is, whatever it means in English.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterable

from model_manager.base.units import NUMBER, Figure

_PLACE = re.compile(r"\{\{|\}\}|\{(\d{1,2})\}")
_LONGEST = 20_000
"""Characters of a sentence that is kept with its parts: two paths and a reason are well below."""
_MOST_VALUES = 20
_DEEPEST = 6
"""Reasons within reasons; nothing of ours goes deeper than four."""
_MARK = "\x1e"
"""Begins a text of the database that holds a message with its parts: a record separator, which no name is shown with."""


class Message(str):
    """A sentence in English. `template` has the places of `values` as {0} {1}; without values it is the sentence itself.

    `many` is the template for every number but one, and `number` is the one that chose; empty and None where the sentence
    counts nothing.
    """

    __slots__ = ("many", "number", "template", "values")

    template: str
    values: tuple[str, ...]
    many: str
    number: int | None

    def __new__(
        cls, text: str, template: str = "", values: tuple[str, ...] = (), many: str = "", number: int | None = None
    ) -> Message:
        made = super().__new__(cls, text)
        made.template, made.values, made.many, made.number = template or text, values, many, number
        return made

    def with_values(self, change: Callable[[str], str]) -> Message:
        """The same sentence with its values as `change` makes them, those of the reasons within it too."""
        values = tuple(
            value.with_values(change)
            if isinstance(value, Message)
            else value
            if isinstance(value, Figure)
            else change(value)
            for value in self.values
        )
        if not self.values:
            return self
        shape = self.many if self.many and self.number != 1 else self.template
        return Message(filled(shape, values), self.template, values, self.many, self.number)


def said(template: str, *values: object) -> Message:
    """A sentence, its values put in at {0}, {1} …: messages and figures keep their kind, an error says its reason."""
    told = tuple(map(_value, values))
    return Message(filled(template, told), template, told)


def counted(one: str, many: str, number: int, *values: object) -> Message:
    """A sentence in the form that `number` wants. It is no value by itself: give `figure(number)` where it is to be read."""
    told = tuple(map(_value, values))
    return Message(filled(one if number == 1 else many, told), one, told, many, number)


def joined(mark: str, parts: Iterable[object]) -> Message:
    """Sentences one behind the other, each with its own parts."""
    told = [*parts]
    return said(mark.join(f"{{{number}}}" for number in range(len(told))), *told)


def told_by(error: BaseException, most: int | None = None) -> str:
    """What an error says, as a message where it was given one; of other words at most so many characters."""
    first = error.args[0] if len(error.args) == 1 else None
    return first if isinstance(first, Message) else str(error)[:most]


def figure(number: int) -> Figure:
    """A whole number as a value of a sentence: 12,345."""
    return Figure(f"{number:,}")


def filled(template: str, values: tuple[str, ...]) -> str:
    """The template with its values. Nothing but {0} … {99} is a place: a template may come from a file that was tampered with."""
    if not values:
        return template
    return "".join([piece if isinstance(piece, str) else _put(piece, values) for piece in _pieces(template)])


def _put(place: int, values: tuple[str, ...]) -> str:
    return values[place] if place < len(values) else f"{{{place}}}"


@functools.lru_cache(1024)
def _pieces(template: str) -> tuple[str | int, ...]:
    """Words, and the numbers of the places between them. A first scan asks a few templates a hundred thousand times."""
    pieces: list[str | int] = []
    at = 0
    for place in _PLACE.finditer(template):
        pieces += [template[at : place.start()], place[0][0] if place[1] is None else int(place[1])]
        at = place.end()
    return (*pieces, template[at:])


def _value(value: object) -> str:
    if isinstance(value, Message | Figure):
        return value
    return told_by(value) if isinstance(value, BaseException) else str(value)


class NotOurs(ValueError):
    """No message that `kept` made."""


def kept(text: str) -> object:
    """For JSON: a message with its parts, a plain text as it is. One that nothing of ours would be is kept as plain text."""
    return _kept(text, 0)


def _kept(text: str, depth: int) -> object:
    if isinstance(text, Figure):
        return {"figure": str(text)}
    if not isinstance(text, Message) or len(text) > _LONGEST or depth > _DEEPEST or len(text.values) > _MOST_VALUES:
        return str(text)
    record: dict[str, object] = {"said": text.template}
    if text.values:
        record["with"] = [_kept(value, depth + 1) for value in text.values]
    if text.many:
        record |= {"many": text.many, "number": text.number}
    return record


def read_back(value: object) -> str:
    """What `kept` was given. Raises NotOurs for what it never makes: then nothing of it is believed."""
    return _read_back(value, 0)


def _read_back(value: object, depth: int) -> str:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or depth > _DEEPEST:
        raise NotOurs
    number = value.get("figure")
    if number is not None:
        if not isinstance(number, str) or not NUMBER.fullmatch(number):
            raise NotOurs
        return Figure(number)
    template, several, many, count = (
        value.get("said"),
        value.get("with", []),
        value.get("many", ""),
        value.get("number"),
    )
    if not isinstance(template, str) or not isinstance(several, list) or not isinstance(many, str):
        raise NotOurs
    if not isinstance(count, int | None) or bool(many) is (count is None):
        raise NotOurs
    if len(several) > _MOST_VALUES or max(len(template), len(many)) > _LONGEST:
        raise NotOurs
    values = tuple(_read_back(one, depth + 1) for one in several)
    shape = many if many and count != 1 else template
    if _length(shape, values) > _LONGEST:
        raise NotOurs
    return Message(filled(shape, values), template, values, many, count)


def _length(template: str, values: tuple[str, ...]) -> int:
    """At most so many characters come of it: a value may stand at a thousand places."""
    places = (piece for piece in _pieces(template) if isinstance(piece, int))
    return len(template) + sum(len(values[place]) for place in places if place < len(values))


def to_text(text: str) -> str:
    """For a column of text: a plain one stays as it is, so that what older versions wrote is read the same way."""
    record = kept(text)
    if isinstance(record, str) and not record.startswith(_MARK):
        return record
    return _MARK + json.dumps(record, separators=(",", ":"))


def from_text(text: str) -> str:
    """What `to_text` was given; a text that it never made is empty."""
    if not text.startswith(_MARK):
        return text
    try:
        return read_back(json.loads(text[len(_MARK) :]))
    except (ValueError, RecursionError):
        return ""
