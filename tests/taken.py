"""The next message of the window's queue, as the window's thread takes it."""

from __future__ import annotations

from typing import Any

from model_manager.app import App
from model_manager.jobs import JobChanged


def taken(app: App, timeout: float = 20.0) -> Any:
    """Waits for it; whoever asked for a job that ended hears of that first, as in the window."""
    message = app.jobs.messages.get(timeout=timeout)
    if isinstance(message, JobChanged):
        message.tell()
    return message
