"""The one error that a person sees: what was tried, where, why it failed, what to do."""

from __future__ import annotations

from model_manager.base.messages import Message, told_by
from model_manager.base.system_words import system_words


class ModelManagerError(Exception):
    """Something that could not be done, told in words.

    `verb` is what was tried ("read the catalogue"), `path` where (or ""), `reason`
    why not, `hint` what the user can do (or "").
    """

    def __init__(self, verb: str, path: str, reason: str, hint: str = "") -> None:
        super().__init__(verb, path, reason, hint)
        self.verb, self.path, self.reason, self.hint = verb, path, reason, hint

    def __str__(self) -> str:
        where = f" {self.path}" if self.path else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"could not {self.verb}{where}: {self.reason}{hint}"


class UsageError(ModelManagerError):
    """The request itself is wrong: an unknown field, an ambiguous name (exit status 2)."""


class MissingPart(ModelManagerError):
    """A part of the system is missing; `hint` is the line that installs it (exit status 3)."""


def reason_of(error: BaseException, most: int | None = None) -> str:
    """The system's own words for an error, without number, path or class name, at most so many characters of them.

    A message where the error was given one, or the system says what is known.
    """
    if isinstance(error, OSError) and error.strerror:
        told = error.strerror
    else:
        told = told_by(error) or type(error).__name__
    known = system_words(told)
    return known if isinstance(known, Message) else known[:most]
