"""Asking a tool's own service what it has. This computer only, two seconds at most."""

from __future__ import annotations

from model_manager.base.loopback import NotHere, ask, is_loopback

_SECONDS = 2.0


def answer_of(url: str) -> bytes:
    """The body of a GET; empty when nobody answers in time, when it is no 200, or when it is not on this computer."""
    try:
        status, answer = ask("GET", url, seconds=_SECONDS)
    except (OSError, NotHere):
        return b""
    return answer if status == 200 else b""


__all__ = ["answer_of", "is_loopback"]
