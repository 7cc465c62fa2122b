"""What commands print: JSON alone on stdout, or aligned columns for people; everything else to stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence

from model_manager.base.errors import ModelManagerError
from model_manager.base.localised import localised
from model_manager.base.text import _, shown, written
from model_manager.cli.terminal import cells, columns, cut, padded, path_lines

_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What would change how a terminal shows the rest; JSON's own escapes stand for it."""
_INDENT = "  "
_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def print_json(value: object) -> None:
    """Exactly one document."""
    sys.stdout.write(_json(value) + "\n")


def print_json_list(items: Iterable[object]) -> None:
    """One document that is a list, printed item by item as they come."""
    _print_items(items, "")
    sys.stdout.write("\n")


def print_json_lists(lists: Mapping[str, Iterable[object]]) -> None:
    """One document that is an object of lists, printed item by item as they come."""
    for number, (key, items) in enumerate(lists.items()):
        sys.stdout.write(f"{',' if number else '{'}\n{_INDENT}{_json(key)}: ")
        _print_items(items, _INDENT)
    sys.stdout.write("\n}\n")


def _print_items(items: Iterable[object], indent: str) -> None:
    """`indent`: of the line in which the list begins. No text in JSON holds a line break, so each is one between values."""
    inner = f"\n{indent}{_INDENT}"
    before = "["
    for item in items:
        sys.stdout.write(before + inner + _json(item).replace("\n", inner))
        before = ","
    sys.stdout.write("[]" if before == "[" else f"\n{indent}]")


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, indent=len(_INDENT), allow_nan=False, default=str)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def print_error(error: ModelManagerError, as_json: bool) -> None:
    if as_json:
        parts = {
            "verb": error.verb,
            "path": written(error.path),
            "reason": written(error.reason),
            "hint": written(error.hint),
        }
        print_json({"error": parts})
    else:
        print(f"model-manager: {localised(error)}", file=sys.stderr)


def coloured(text: str, colour: str) -> str:
    """Colour only on a terminal, and never with NO_COLOR."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m"


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = (), path: int | None = None
) -> None:
    """Aligned columns; those in `right` to the right.

    The widest column gives way to the terminal's width. The column `path`, which is the last one, holds paths: their
    middle gives way, and the names at their ends stay whole.
    """
    table = [list(headings), *([shown(text) for text in row] for row in rows)]
    widths = [max(cells(row[column]) for row in table) for column in range(len(headings))]
    room = columns()
    if room is not None:
        spare = sum(widths) + 2 * (len(widths) - 1) - room
        widest = widths.index(max(widths)) if path is None else path
        widths[widest] = max(12, widths[widest] - max(spare, 0))
    for number, row in enumerate(table):
        *before, last = [
            path_lines(text, width) if column == path else [padded(cut(text, width), width, column in right)]
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        ]
        start = "".join(f"{cell[0]}  " for cell in before)
        for line, text in enumerate(last):
            whole = ((start if line == 0 else " " * cells(start)) + text).rstrip()
            print(coloured(whole, "bold") if number == 0 else whole)


def tell_nothing_known() -> None:
    """What every command says that would look at models where none is known."""
    print(_("No models are known yet."))
    hint(_("`model-manager scan` looks for them; `model-manager scan FOLDER` adds a folder of your own"))


def hint(text: str) -> None:
    """One line at the end that says what can be done next."""
    print(coloured(text, "dim"))
