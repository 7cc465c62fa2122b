"""Whether bytes begin a pickle, by content alone."""

from __future__ import annotations

import re

# GLOBAL, INST, or a container and its memo: how protocols 0 and 1 begin.
_TEXT = re.compile(
    rb"c[A-Za-z_][\w.]{0,200}\r?\n[A-Za-z_][\w.]{0,200}\r?\n"
    rb"|\(i[A-Za-z_][\w.]{0,200}\r?\n"
    rb"|\([ld]p\d{1,4}\r?\n|[\]}](?:q.|\(|\.)|\((?:[SVIF][^\n]{0,200}\n|[KU].|c[A-Za-z_][\w.]{0,200}\r?\n)",
    re.DOTALL,
)
_OPCODES = frozenset(b"(.012FGIJKLMNPQRSTUVXabcdeghijlopqrstu)}]\x80BC" + bytes(range(0x81, 0x99)))


def looks_like_pickle(head: bytes) -> bool:
    """A protocol mark with an opcode behind it, or the text forms that name something or open a container."""
    if len(head) >= 3 and head[0] == 0x80:
        return head[1] <= 5 and head[2] in _OPCODES
    return _TEXT.match(head) is not None
