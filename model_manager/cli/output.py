"""What commands print: JSON alone on stdout, or aligned columns for people; everything else to stderr."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Sequence

from model_manager.base.errors import ModelManagerError
from model_manager.base.localised import localised
from model_manager.base.text import _, shown, written
from model_manager.cli.terminal import cells, columns, cut, padded, path_lines

_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
"""What would change how a terminal shows the rest; JSON's own escapes stand for it."""
_COLOURS = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33"}


def print_json(value: object) -> None:
    """Exactly one document."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False, default=str)
    sys.stdout.write(_UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


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
