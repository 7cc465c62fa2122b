"""Text in the columns of a terminal: how wide it is, where it breaks, and paths whose middle gives way."""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterator

from model_manager.base.short_paths import GAP, without_middle

NARROWEST = 20
_USUAL = 80
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"


def columns() -> int | None:
    """The columns of the terminal, None where nothing has to fit (a pipe, a file).

    A terminal that does not know its size (a serial line, `stty cols 0`, `COLUMNS=0`) is taken for one of 80.
    """
    if not sys.stdout.isatty():
        return None
    return max(NARROWEST, shutil.get_terminal_size((_USUAL, 24)).columns or _USUAL)


def cells(text: str) -> int:
    """The columns that a text takes: two for Chinese, Japanese, Korean and emoji, none for marks that combine."""
    return len(text) if text.isascii() else sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    if letter == _EMOJI_STYLE:
        return 1  # the letter before it was one column wide, and is an emoji of two by this
    if letter == _JOINER or unicodedata.category(letter) in ("Mn", "Me", "Cf") or "\u1160" <= letter <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(letter) in "WF" else 1


def padded(text: str, width: int, to_right: bool = False) -> str:
    room = " " * max(0, width - cells(text))
    return room + text if to_right else text + room


def cut(text: str, width: int) -> str:
    """A text that is too wide ends in an ellipsis."""
    return text if cells(text) <= width else next(_pieces(text, width - 1)) + GAP


def broken(text: str, width: int) -> list[str]:
    """Lines of a text, broken between words where that can be, and within a word that is longer than a line."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if line and cells(line) + 1 + cells(word) <= width:
            line += " " + word
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width) if word else [""]
        lines += full
    return [*lines, line]


def _pieces(text: str, width: int) -> Iterator[str]:
    """A text in pieces of so many columns; a mark stays with its letter."""
    piece, taken = "", 0
    for letter in text:
        wide = _cells(letter)
        if piece and taken + wide > width:
            yield piece
            piece, taken = "", 0
        piece, taken = piece + letter, taken + wide
    yield piece


def path_lines(path: str, width: int, whole: bool = False) -> list[str]:
    """A path on one line, its middle left out where it is too long: the name of the file always stands there whole.

    With `whole` nothing is left out. A name that is longer than a line goes over several.
    """
    if cells(path) <= width:
        return [path]
    folder, name = os.path.split(path)
    if not whole and name and cells(name) + 3 <= width:
        return [without_middle(path, lambda text: cells(text) <= width)]
    *lines, last = _pieces(folder.rstrip(os.sep) + os.sep, width)
    if cells(last) + cells(name) <= width:
        return [*lines, last + name]
    return [*lines, last, *_pieces(name, width)]
