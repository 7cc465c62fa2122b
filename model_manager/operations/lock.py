"""One changer of files at a time, across processes. The system drops the lock when a process dies."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator

from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.locking import taken
from model_manager.base.messages import said


@contextlib.contextmanager
def held(path: str, wait: float) -> Iterator[None]:
    """Holds the lock file at `path`, waiting up to `wait` seconds for another holder."""
    try:
        number = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        raise ModelManagerError(said("change files"), path, reason_of(error)) from error
    try:
        end = time.monotonic() + wait
        while not taken(number):
            if time.monotonic() >= end:
                raise ModelManagerError(
                    said("change files"),
                    "",
                    said("another Model Manager is changing files"),
                    said("try again when it has finished"),
                )
            time.sleep(0.02)
        yield
    finally:
        os.close(number)
