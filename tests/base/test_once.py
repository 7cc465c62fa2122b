"""A question is asked once only while many in a row need its answer."""

from __future__ import annotations

import threading

import pytest

from model_manager.base.once import each_once, once


def test_each_question_is_asked_once_within_and_anew_outside() -> None:
    asked: list[str] = []

    def ask(what: str) -> int:
        return once(what, lambda: asked.append(what) or len(asked))  # type: ignore[func-returns-value]

    assert (ask("a"), ask("a")) == (1, 2)
    with each_once():
        assert (ask("a"), ask("b"), ask("a")) == (3, 4, 3)
        with each_once():
            assert ask("b") == 4
        assert ask("a") == 3
    assert ask("a") == 5


def test_what_fails_is_asked_again_and_no_thread_has_anothers_answers() -> None:
    def fails() -> int:
        raise OSError

    with each_once():
        with pytest.raises(OSError):
            once("a", fails)
        assert once("a", lambda: 1) == 1
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(once("a", lambda: 2)))
        thread.start()
        thread.join()
        assert found == [2]
