"""What is told of one model line by line: on its card in the window and by `show`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from model_manager.base.text import _
from model_manager.catalog.record import LINES, Field
from model_manager.library.listing.model_json import Json


class CardLine(NamedTuple):
    """`field`: the name that the evidence has for it. `height`: the least stands on top."""

    height: int
    title: str
    text: str
    field: str = ""


def lines(model: Json, own: Mapping[str, str], more: Iterable[CardLine] = ()) -> list[CardLine]:
    """Those that have something to say, from top to bottom.

    `own`: the words of the caller by the field's name in the record, for what is not told by its value alone; an empty
    text leaves a field out. `more`: lines about what is no field.
    """
    told = [
        CardLine(field.line, _(field.title), own.get(field.name, _by_itself(field, model)), field.key)
        for field in LINES
    ]
    return [line for line in sorted([*told, *more]) if line.text]


def _by_itself(field: Field, model: Json) -> str:
    """The value in words, where the JSON has it as it is stored."""
    value = model[field.key] if field.key and field.text and not field.out else None
    return field.text(value) if field.text and value else ""
