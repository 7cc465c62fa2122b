"""The user's home folder: $HOME, and the account's own where that is no absolute path.

A relative or empty $HOME would put the trash and the data below whatever folder a program was started in, or below `/`.
"""

from __future__ import annotations

import os


def home() -> str:
    """An absolute path, whatever $HOME says."""
    chosen = os.path.expanduser("~")
    if os.name == "nt" or (os.path.isabs(os.environ.get("HOME", chosen)) and os.path.isabs(chosen)):
        return chosen
    import pwd

    try:
        own = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:  # an account without an entry, as in containers
        own = ""
    return own if os.path.isabs(own) else os.path.join(os.sep, "nonexistent")


def put_right() -> None:
    """Gives everything that asks for $HOME in this process an absolute one: libraries and programs that are started too."""
    if os.name != "nt" and "HOME" in os.environ and not os.path.isabs(os.environ["HOME"]):
        os.environ["HOME"] = home()
