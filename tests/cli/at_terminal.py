"""A person at a real terminal of a given width, who types an answer to the question."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

END, STOP = "\x04", "\x03"
"""Ctrl+D and Ctrl+C."""


def at_terminal(*words: str, columns: int = 80, answer: str = "n\n", **env: str) -> tuple[int, str]:
    """The exit status of a command and all that it showed; `answer` is typed once it asks."""
    child, screen = pty.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored where the tests are a shell's background job
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        # Readline has told the system's own environment what it thinks of the width: none of that goes along.
        known = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        os.execve(sys.executable, [sys.executable, "-m", "model_manager", *words], {**known, "NO_COLOR": "1", **env})
    shown, asked = b"", False
    while select.select([screen], [], [], 60)[0]:
        try:
            piece = os.read(screen, 65536)
        except OSError:  # EIO: the other side has ended
            break
        if not piece:
            break
        shown += piece
        if not asked and (b"[y/N]" in shown or b"[j/N]" in shown):
            asked = True
            os.write(screen, answer.encode())
    os.close(screen)
    _child, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), shown.decode().replace("\r\n", "\n")
