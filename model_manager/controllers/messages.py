"""What screens and background work ask of the window, through the queue of the jobs."""

from __future__ import annotations

from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.jobs import Job


class StatusMessage:
    """A message for the person at the window."""

    def __init__(self, text: str) -> None:
        self.text = text


class ScanWanted:
    """What is watched has changed, or the person asked to look again."""


class LookAgain:
    """Something in these watched folders is not as it is listed."""

    def __init__(self, roots: frozenset[int]) -> None:
        self.roots = roots


class RemovedHere:
    """These models were cleared away by this window: every place of theirs, or some."""

    def __init__(self, ids: frozenset[int]) -> None:
        self.ids = ids


class FilesRead:
    """Bytes of files were read: more may be known by now of which are copies."""


class OpenWanted:
    """Another start of the program: the window comes to the front, with this file when there is one."""

    def __init__(self, path: str) -> None:
        self.path = path


class DetailsStale:
    """What the card shows has changed."""


class Noticed:
    """What must be read: it stays above everything until the person closes it. May be posted before the window is there."""

    def __init__(self, text: str) -> None:
        self.text = text


def failure(job: Job) -> str:
    """Why a job failed, for the person at the window."""
    if isinstance(job.error, ModelManagerError):
        return localised(job.error)
    why = "" if job.error is None else localised(reason_of(job.error))[:200]
    return _("{title} failed: {why}. The log has the details.").format(title=localised(job.title), why=why)
