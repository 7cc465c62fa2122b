"""What the core says in English, in the user's language.

The core translates nothing: its sentences also go to the log, to journals and to JSON. Where one is shown, its template is
looked up by key and its values are put in, each by its kind (`base/messages.py`). A plain text is never looked up: a path
that means something in English stays what it is.
"""

from __future__ import annotations

from model_manager.base import text
from model_manager.base.errors import ModelManagerError
from model_manager.base.messages import Message, filled, told_by
from model_manager.base.units import Figure

HERE = "…"
"""Stands in the translation of what was tried for the path of it."""


def localised(said: object) -> str:
    """A sentence or an error of the core as the user reads it, safe to show; a plain text stays as it is."""
    if isinstance(said, ModelManagerError):
        return _error(said)
    return text.shown(_written(told_by(said) if isinstance(said, BaseException) else said))


def _error(error: ModelManagerError) -> str:
    verb, path = localised(error.verb), text.shown(error.path)
    hint = f" ({localised(error.hint)})" if error.hint else ""
    where = f" {path}" if path else ""
    if HERE in verb:  # a language whose verb stands last says where the path belongs
        verb, where = verb.replace(HERE, path) if path else " ".join(verb.replace(HERE, "").split()), ""
    return text._("could not {verb}{where}: {reason}{hint}").format(
        verb=verb, where=where, reason=localised(error.reason), hint=hint
    )


def _written(said: object) -> str:
    if isinstance(said, Message):
        return filled(text.in_core(said.template, said.many, said.number), tuple(map(_written, said.values)))
    return text.number(said) if isinstance(said, Figure) else str(said)
