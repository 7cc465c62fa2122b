"""What an adapter is: a tool's name and three pure readers. Later work adds planners that return steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.look import Look


@dataclass(frozen=True)
class Store:
    """One tool. Adapters never change the disk.

    `find(env)` yields the roots that exist, the one that the tool itself would use first, each
    with how it was found. `describe(root, look)` yields the models and leftovers in one root as
    the tool sees them; what cannot be read goes to `look.problems`. `in_use(env)` says in words
    why the tool's files are in use now, or None.
    """

    tool: str
    label: str
    find: Callable[[Env], Iterable[FoundRoot]]
    describe: Callable[[FoundRoot, Look], Iterator[Found | Leftover]]
    in_use: Callable[[Env], str | None] = lambda env: None
    status: Literal["verified", "partly-verified", "unverified"] = "verified"
    """How far the layout was checked against the tool's own source."""
