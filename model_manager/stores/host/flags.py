"""Command lines that programs are started with: `--models-dir X`, `--models-dir=X`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator


def values_of(arguments: Iterable[str], flag: str) -> Iterator[str]:
    """Every value given for a flag."""
    words = list(arguments)
    for number, word in enumerate(words):
        if word == flag and number + 1 < len(words):
            yield words[number + 1]
        elif word.startswith(flag + "="):
            yield word[len(flag) + 1 :]


def last_of(arguments: Iterable[str], flag: str) -> list[str]:
    """The value that counts, as a list of one: argparse keeps the last; empty when the flag is not given."""
    return list(values_of(arguments, flag))[-1:]


def lists_of(arguments: Iterable[str], flag: str) -> Iterator[str]:
    """Every value of a flag that takes several: `--config A B --config C`."""
    taking = False
    for word in arguments:
        if word.startswith("-"):
            taking = word == flag
            if word.startswith(flag + "="):
                yield word[len(flag) + 1 :]
        elif taking and word:
            yield word


def in_script(text: str, variable: str) -> list[str]:
    """The words that a shell or batch file gives a variable: `export NAME="…"`, `set NAME=…`; comments do not count."""
    words: list[str] = []
    for line in text.splitlines():
        match = re.match(rf"^\s*(?:export\s+|set\s+)?{variable}=(.*)$", line.rstrip("\r"))
        if match:
            value = match[1].strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            words = split(value)
    return words


def split(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=False)
    except ValueError:
        return text.split()
