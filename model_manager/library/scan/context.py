"""What all phases of one scan have in common, and what it reports at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from model_manager.base.events import Event
from model_manager.base.text import shown
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, Tx, problems
from model_manager.catalog.roots import RootRow
from model_manager.stores.discovered import FoundRoot, Problem
from model_manager.stores.host.env import Env


@dataclass
class Report:
    """What `scan --json` prints."""

    roots: list[RootRow] = field(default_factory=list)
    models: int = 0
    files: int = 0
    seconds: float = 0.0
    read_bytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    cancelled: bool = False


@dataclass
class ScanContext:
    """The catalogue, the computer and what this scan has learned. Lanes of several threads only add to it."""

    database: Database
    volumes: Volumes
    env: Env
    private: str
    """Our own data folder: never read."""
    notify: Callable[[Event], None]
    report: Report = field(default_factory=Report)
    stored: set[int] = field(default_factory=set)
    """Models of which a place was new or changed."""
    met: dict[int, set[str]] = field(default_factory=dict)
    """Root -> real paths of other roots that it leads into."""


def keep_problems(context: ScanContext, tx: Tx, root: RootRow, told: list[Problem]) -> None:
    """What could not be read of a root takes the place of what could not be read before."""
    context.report.problems += told
    problems.replace(tx, root.id, [(problem.path, problem.kind, shown(problem.why)) for problem in told])


def found_root(root: RootRow) -> FoundRoot:
    """A stored root as its adapter named it."""
    return FoundRoot(root.tool, root.path, root.found_by, root.details)  # type: ignore[arg-type]
