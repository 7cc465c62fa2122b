"""Answers that many questions in a row need: asked once for as long as the questions last, and never kept for longer.

For looking only. Whoever changes something asks anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterator
from contextvars import ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
_answers: ContextVar[dict[Hashable, Any] | None] = ContextVar("answers", default=None)


@contextlib.contextmanager
def each_once() -> Iterator[None]:
    """Until its end, `once` asks each question one time in this thread. One within another is part of that."""
    if _answers.get() is not None:
        yield
        return
    before = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(before)


def once(question: Hashable, ask: Callable[[], T]) -> T:
    """The answer to a question: the one that was given within `each_once`, else asked now. What fails is not kept."""
    known = _answers.get()
    if known is None:
        return ask()
    if question not in known:
        known[question] = ask()
    answer: T = known[question]
    return answer
