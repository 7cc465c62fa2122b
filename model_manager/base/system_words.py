"""The system's and the database's own words that a reason most often is, as messages; others stay English."""

from __future__ import annotations

from model_manager.base.text import later

_WORDS = (
    later("Permission denied"), later("Operation not permitted"), later("No such file or directory"),
    later("Is a directory"), later("Not a directory"), later("File exists"), later("Directory not empty"),
    later("No space left on device"), later("Disk quota exceeded"), later("Read-only file system"),
    later("Input/output error"), later("Device or resource busy"), later("Stale file handle"),
    later("Too many open files"), later("File name too long"), later("Connection refused"), later("Connection timed out"),
    later("Too many levels of symbolic links"), later("Invalid cross-device link"), later("unable to open database file"),
    later("database is locked"), later("database or disk is full"), later("disk I/O error"),
    later("file is not a database"), later("database disk image is malformed"),
    later("attempt to write a readonly database"), later("database schema has changed"), later("Connection reset by peer"),
    later("No route to host"), later("Network is unreachable"), later("Text file busy"), later("Invalid argument"),
    later("No such device"), later("No such device or address"), later("Transport endpoint is not connected"),
)  # fmt: skip
_KNOWN: dict[str, str] = {word: word for word in _WORDS}


def system_words(text: str) -> str:
    """The message for what the system says; the text itself where it is none of those."""
    return _KNOWN.get(text, text)
