"""Sentences in a journal: each stands there in English, as it always has, and its parts beside it.

So older versions read a new journal and undo what it says. The parts are believed only where they give the very sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model_manager.base.messages import Message, kept, read_back

_PARTS = "said"


def parts_of(sentences: Mapping[str, str | Sequence[str]]) -> dict[str, object]:
    """What a record gets beside its sentences, by the names of their fields; nothing where all of them are plain."""
    parts = {
        name: kept(said) if isinstance(said, str) else [kept(one) for one in said]
        for name, said in sentences.items()
        if any(isinstance(one, Message) for one in ([said] if isinstance(said, str) else said))
    }
    return {_PARTS: parts} if parts else {}


def with_parts(record: Mapping[str, object], name: str, sentence: str) -> str:
    """A sentence of a record with its parts, where they are there and are its own."""
    return _with(_beside(record).get(name), sentence)


def all_with_parts(record: Mapping[str, object], name: str, sentences: Sequence[object]) -> tuple[str, ...]:
    """The same of a list of sentences."""
    plain = [str(one) for one in sentences]
    parts = _beside(record).get(name)
    if not isinstance(parts, list) or len(parts) != len(plain):
        return tuple(plain)
    return tuple(map(_with, parts, plain))


def _beside(record: Mapping[str, object]) -> Mapping[str, object]:
    parts = record.get(_PARTS)
    return parts if isinstance(parts, dict) else {}


def _with(parts: object, sentence: str) -> str:
    try:
        told = read_back(parts)
    except (ValueError, RecursionError):
        return sentence
    return told if told == sentence else sentence
