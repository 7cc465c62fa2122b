"""The verdicts on a model's health and the sources of what is said of it, for people."""

from __future__ import annotations

from model_manager.base.text import later

VERDICTS: dict[str, str] = {
    "good": later("good"), "unknown": later("unknown"), "incomplete": later("incomplete"),
    "truncated": later("truncated"), "corrupt": later("corrupt"), "not-a-model": later("not a model"),
    "suspicious": later("suspicious"), "unsafe": later("unsafe"),
}  # fmt: skip
"""By the word of the command line's JSON."""

SOURCES: dict[str, str] = {
    "user": later("you"), "tensors": later("tensors"), "hash": later("hash"), "sidecar": later("file beside it"),
    "metadata": later("metadata"), "name": later("name"), "folder": later("folder"),
}  # fmt: skip
"""Where a claim comes from (`base/facts.py`), by the word of the command line's JSON."""

STATES: dict[str, str] = {
    "online": later("there"), "offline": later("not there (unplugged?)"), "denied": later("may not be read"),
    "not-answering": later("does not answer"), "ignored": later("ignored"),
}  # fmt: skip
"""Of a watched folder, and so of what lies in it, by the word of the command line's JSON."""

AWAY: dict[str, str] = {
    "offline": later("its drive is not there"), "denied": later("its folder may not be read"),
    "not-answering": later("its drive does not answer"), "ignored": later("its folder is ignored"),
}  # fmt: skip
"""Why nothing can be done with what lies in a watched folder, by the same words."""
