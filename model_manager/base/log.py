"""The log file: rotating, private, without secrets."""

from __future__ import annotations

import logging
import logging.handlers
import os

from model_manager.base.paths import OwnPaths


def start(paths: OwnPaths, level: str = "INFO") -> None:
    """Sends the program's log to its file (1 MiB, three kept). Without a writable folder there is no log."""
    logger = logging.getLogger("model_manager")
    logger.setLevel(level)
    logger.propagate = True
    if any(isinstance(handler, logging.handlers.RotatingFileHandler) for handler in logger.handlers):
        return
    try:
        paths.create()
        handler = logging.handlers.RotatingFileHandler(paths.log, maxBytes=1 << 20, backupCount=3, delay=True)
        os.close(os.open(paths.log, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError:
        return
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logger.addHandler(handler)
    logging.getLogger().addHandler(logging.NullHandler())
    logger.propagate = False
