"""What is wrong with models, what lies about that no tool lists, what could not be read; and the check of every byte."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from model_manager.actions.context import Context
from model_manager.catalog import models, problems
from model_manager.jobs import Progress
from model_manager.library.clean.leftovers import Leftovers, read_rests
from model_manager.library.deep import Checked, check_deep

__all__ = ["Checked", "HealthReport", "Leftovers", "Sick", "check_every_byte", "health", "sources"]


class Sick(NamedTuple):
    """A model with something to look at: a verdict that is not good, or code that it names. `path`: one of its places."""

    id: int
    name: str
    verdict: str
    detail: str
    code: list[str]
    size: int
    path: str


@dataclass(frozen=True, slots=True)
class HealthReport:
    sick: tuple[Sick, ...]
    """The worst first."""
    sources: Mapping[int, Sequence[str]]
    """Model -> (hub, repository, revision, file), where a tool recorded it: where it can be had again."""
    unread: tuple[tuple[str, str, str], ...]
    """(path, kind, why) of files and folders."""
    not_found: tuple[tuple[str, str], ...]
    """(tool, why) of tools whose folders could not be looked for."""
    rests: Leftovers


def health(context: Context, progress: Progress | None = None) -> HealthReport:
    """Raises Cancelled."""
    with context.database.read() as tx:
        sick = tuple(Sick(*one) for one in models.sick(tx))
        known = models.sources(tx)
        unread, not_found = tuple(problems.every(tx)), tuple(problems.of_search(tx))
    return HealthReport(
        sick,
        known,
        unread,
        not_found,
        read_rests(context.database, context.volumes, context.env(), progress or Progress()),
    )


def sources(context: Context) -> Mapping[int, Sequence[str]]:
    """Model -> (hub, repository, revision, file), where a tool recorded it."""
    with context.database.read() as tx:
        return models.sources(tx)


def check_every_byte(
    context: Context, ids: Sequence[int], progress: Progress, again: bool = False
) -> Checked:  # fmt: skip
    """Reads these models to their last byte. What was read before and stayed is read `again` only when that is asked for;
    stopping keeps what was read."""
    return check_deep(context.database, context.volumes, ids, progress, again)
