"""The verdicts on a model's health, for people."""

from __future__ import annotations

from model_manager.base.text import later

VERDICTS: dict[str, str] = {
    "good": later("good"), "unknown": later("unknown"), "incomplete": later("incomplete"),
    "truncated": later("truncated"), "corrupt": later("corrupt"), "not-a-model": later("not a model"),
    "suspicious": later("suspicious"), "unsafe": later("unsafe"),
}  # fmt: skip
"""By the word of the command line's JSON."""
