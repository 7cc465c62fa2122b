"""What is different in the packed program (PyInstaller's): where its own files lie, what its children must not inherit."""

from __future__ import annotations

import os
import sys

_OF_TK = ("TCL_LIBRARY", "TK_LIBRARY")


def is_frozen() -> bool:
    return bool(getattr(sys, "frozen", False))


def folder() -> str:
    """The folder of the files that are packed along: read-only, gone when the program ends."""
    return str(getattr(sys, "_MEIPASS", ""))


def free_children() -> None:
    """Gives the programs that are started from here (a file manager, a tool) the system's own libraries back.

    The packed program finds its libraries through LD_LIBRARY_PATH, which is read once, at its start: a child would load
    ours. The `_PYI_` variables would make a second Model Manager, started from that file manager, live in our folder of
    unpacked files, which goes when we go.
    """
    if not is_frozen():
        return
    for name in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        before = os.environ.pop(f"{name}_ORIG", None)
        os.environ.pop(name, None)
        if before:
            os.environ[name] = before
    for name in [name for name in os.environ if name.startswith("_PYI_")]:
        del os.environ[name]


def free_children_of_tk() -> None:
    """The same for Tk's own files, once the window is there: another program has another Tk."""
    if is_frozen():
        for name in _OF_TK:
            os.environ.pop(name, None)
