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
# What stands behind an opcode: nothing, so many bytes, a length of so many bytes and as many more, or a line of text.
_FIXED = dict.fromkeys(b"(.012N)}]Robaedlstu" + b"Q\x81\x85\x86\x87\x88\x89\x8f\x90\x91\x92\x93\x94\x97\x98", 0) | {
    **dict.fromkeys(b"Khq\x80\x82", 1), **dict.fromkeys(b"M\x83", 2), **dict.fromkeys(b"Jjr\x84", 4),
    **dict.fromkeys(b"G\x95", 8),
}  # fmt: skip
_COUNTED = {**dict.fromkeys(b"U\x8cC\x8a", 1), **dict.fromkeys(b"XTB\x8b", 4), **dict.fromkeys(b"\x8d\x8e\x96", 8)}
_LINES = {
    ord(code): re.compile(rb"(?:" + rest + rb")\r?\n")
    for code, rest in (
        ("I", rb"-?\d{1,40}"), ("L", rb"-?\d{1,400}L?"), ("F", rb"[-+.\deEinfa]{1,40}"), ("g", rb"\d{1,9}"),
        ("p", rb"\d{1,9}"), ("S", rb"'[^\n]*'|\"[^\n]*\""), ("V", rb"[^\n]*"), ("P", rb"[^\n]*"),
        ("c", rb"[A-Za-z_][\w.]*\r?\n[A-Za-z_][\w.]*"), ("i", rb"[A-Za-z_][\w.]*\r?\n[A-Za-z_][\w.]*"),
    )
}  # fmt: skip
_CUT = re.compile(rb"[A-Za-z_][\w.]*\r?\n(?:[A-Za-z_][\w.]*)?\r?\Z")
"""A name whose second line goes on behind the head."""
_TEXTS = frozenset(b"SVUX\x8c\x8d")
_ENOUGH = 3
"""Instructions before a STOP at the file's end that no other small file consists of by chance."""


def looks_like_pickle(head: bytes) -> bool:
    """A protocol mark with an opcode behind it, or instructions that lead to a name or to an end.

    The mark is optional for every loader, so files without one are followed as far as the head goes.
    """
    if len(head) >= 3 and head[0] == 0x80:
        return head[1] <= 5 and head[2] in _OPCODES
    return _TEXT.match(head) is not None or _followed(head) is True


def may_be_pickle(head: bytes) -> bool:
    """Whether all that can be seen are instructions of a pickle, which go on behind the head."""
    return _followed(head) is not False


def _followed(head: bytes) -> bool | None:
    """True once a name or an end is reached; None when the head ends before."""
    at = texts = steps = 0
    while at < len(head):
        code = head[at]
        at += 1
        if code in _FIXED:
            if code == 0x2E:
                return True if at == len(head) and steps >= _ENOUGH else None
            if code == 0x93:
                return texts >= 2
            at += _FIXED[code]
        elif code in _COUNTED:
            width = _COUNTED[code]
            at += width + int.from_bytes(head[at : at + width], "little")
        elif code in _LINES:
            found = _LINES[code].match(head, at)
            if found is None:
                if steps and code in b"ci" and _CUT.match(head, at):
                    return None
                return None if b"\n" not in head[at:] and (steps or code in _TEXTS) else False
            at = found.end()
            if code in b"ci":
                return at >= len(head) or head[at] in _OPCODES
        else:
            return False
        texts += code in _TEXTS
        steps += 1
    return None if steps else False
