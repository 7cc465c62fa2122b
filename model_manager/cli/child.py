"""The other end of `base/children.py`: this program as a child of itself, started with a hidden word and a name.

The names are written out: a packed program finds no module by a name in a string.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from model_manager.base.own_command import WORD

_UNKNOWN = 2


def is_child(words: Sequence[str]) -> bool:
    """Whether this start is one of a child."""
    return words[:1] == [WORD]


def run(words: Sequence[str]) -> int:
    """Serves the parent until it has gone; answers the exit status."""
    from model_manager.base.children import serve
    from model_manager.library import deep_reading

    work = {deep_reading.NAME: deep_reading.answer}.get("".join(words[1:2]))
    if work is None:
        print("this is how the program starts itself for long work; there is nothing to see here", file=sys.stderr)
        return _UNKNOWN
    return serve(work)
