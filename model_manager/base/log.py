"""The log file: rotating, private, without secrets."""

from __future__ import annotations

import errno
import logging
import logging.handlers
import os
import stat
from io import TextIOWrapper
from typing import cast

from model_manager.base.messages import said
from model_manager.base.paths import OwnPaths


class _Private(logging.handlers.RotatingFileHandler):
    """Readable by its owner alone; a line that cannot be written (a full disk) is lost without a word on the terminal."""

    def _open(self) -> TextIOWrapper:
        return cast(TextIOWrapper, open(self.baseFilename, self.mode, encoding="utf-8", opener=_opened))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  its name in `logging`
        """Nobody could read of it."""


def _opened(name: str, flags: int) -> int:
    """No link is followed, and a pipe in the log's place is no log: it would wait for a reader."""
    number = os.open(name, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o600)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise OSError(errno.EINVAL, said("the log is no file"), name)
    return number


def start(paths: OwnPaths, level: str = "INFO") -> None:
    """Sends the program's log to its file (1 MiB, three kept). Without a writable folder there is no log."""
    logger = logging.getLogger("model_manager")
    logger.setLevel(level)
    logger.propagate = True
    if any(isinstance(handler, logging.handlers.RotatingFileHandler) for handler in logger.handlers):
        return
    try:
        paths.create()
        handler = _Private(paths.log, maxBytes=1 << 20, backupCount=3, delay=True)
        os.close(_opened(str(paths.log), os.O_CREAT | os.O_WRONLY))
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logging.getLogger().addHandler(logging.NullHandler())
    logger.propagate = False
