"""Pickles are told by their first bytes, by every protocol; other files are not."""

from __future__ import annotations

import collections
import io
import json
import pickle

import pytest

from model_manager.formats.pickle_head import looks_like_pickle, may_be_pickle
from model_manager.formats.sniff import facts_of

VALUES = [{"a": 1}, {}, [1, "x"], [], collections.OrderedDict(a=[1]), {"state": {"w": 0.5}}, ("a", 1), Exception("x")]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_every_protocol_of_what_models_are(value: object, protocol: int) -> None:
    raw = pickle.dumps(value, protocol)
    assert looks_like_pickle(raw[:512]) or (protocol < 2 and may_be_pickle(raw[:512]))
    assert protocol < 2 or looks_like_pickle(raw[:3])


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value", [*VALUES, "", None, -5, 1 << 80, 0.5, "grün", b"\0", [[]], {"a": {}, "b": ()}], ids=repr
)
def test_every_pickle_may_be_one(value: object, protocol: int) -> None:
    raw = pickle.dumps(value, protocol)
    assert may_be_pickle(raw)


@pytest.mark.parametrize("seen", range(5, 14))
def test_a_name_that_the_head_cuts_in_two_may_be_one(seen: int) -> None:
    """Else a text before it, as long as the rest of the head, would hide it."""
    raw = b"V" + b"x" * 40 + b"\n0cos\nsystem\n(S'x'\ntR."
    assert may_be_pickle(raw[: 39 + seen])
    assert not may_be_pickle(b"(copyright 2026\nby us"), "a text in brackets is none"


@pytest.mark.parametrize(
    "raw",
    [
        b"cos\nsystem\n(S'x'\ntR.",
        b"(ios\nsystem\n.",
        b"\x80\x04\x95",
        b"\x80\x02cos\nsystem\n",
        b"(S'x'\nios\nsystem\n.",
        b"S'os'\nS'system'\n\x93",
        b"c__main__\r\nX\r\n",
    ],
)
def test_attacks_without_a_mark_are_seen(raw: bytes) -> None:
    assert looks_like_pickle(raw)


def test_a_name_put_together_of_old_texts_is_seen() -> None:
    """Python loads it, by the opcodes of protocol 0 and 4 together."""
    raw = b"S'builtins'\nS'len'\n\x93(S'abc'\ntR."
    assert pickle.loads(raw) == 3 and looks_like_pickle(raw) and looks_like_pickle(raw.replace(b"'\nS", b"'\r\nS"))
    assert facts_of(io.BytesIO(raw.replace(b"len", b"eval")), len(raw) + 1, "model.pt").health.verdict == "unsafe"


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x80", b"\x80\x09(", b"\x80\x04\xff", b"GGUF\3\0\0\0", b"PK\3\4" + bytes(20), b"\x93NUMPY", json.dumps({"a": [1]}).encode(), b"<html>", b"\x89PNG\r\n", b"\x7fELF\2\1",
     b"\0" * 64, b"# a readme\n", b"import os\n", b"\x89HDF\r\n\x1a\n", b"BZh91AY&SY"],
)  # fmt: skip
def test_other_files_do_not_look_like_one(raw: bytes) -> None:
    assert not looks_like_pickle(raw)


@pytest.mark.parametrize("raw", [b"", b"\xff", b"<?xml", b"I12x\n", b"\0\0"])
def test_what_begins_with_no_instruction_cannot_be_one(raw: bytes) -> None:
    assert not may_be_pickle(raw)
