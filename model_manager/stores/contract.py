"""What an adapter is: a tool's two readers, and its rule of removal as parts of a plan."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from model_manager.base.messages import said
from model_manager.stores.discovered import FoundModel, FoundRoot, Leftover
from model_manager.stores.host.env import Env, Process
from model_manager.stores.host.last_used import Used
from model_manager.stores.parts import Part, Placed
from model_manager.stores.tool_facts import TOOLS, Tool
from model_manager.stores.walk.store_reader import StoreReader


@dataclass(frozen=True, slots=True)
class Removal:
    """A tool's rule of removal. All three read the store as it is now and raise CannotRemove in words.

    `places(root, places, env)` yields, in order, what has to go so that the tool no longer has these places: together
    they are one unit, and every place that shares a file with them and goes too is among them. `leftover` does the same
    for what no tool lists. `named_now` yields those of these paths, which went a moment ago, that the tool's own index
    names now: asked before they go for good.
    """

    places: Callable[[FoundRoot, Sequence[Placed], Env], Iterable[Part]]
    leftover: Callable[[FoundRoot, Leftover, Env], Iterable[Part]]
    named_now: Callable[[FoundRoot, Collection[str], Env], Iterable[str]]
    one_unit: bool = False
    """Whether the places of one root that go are always one unit: they are lines of one index file."""


@dataclass(frozen=True)
class Store:
    """One tool; what is known of it without reading stands in `tool_facts`. Adapters never change the disk.

    `find(env)` yields the roots that exist, the one that the tool itself would use first, each with how it was found.
    `describe(root, look)` yields the models and leftovers in one root as the tool sees them; what cannot be read goes to
    `look.problems`.
    """

    tool: str
    find: Callable[[Env], Iterable[FoundRoot]]
    describe: Callable[[FoundRoot, StoreReader], Iterator[FoundModel | Leftover]]
    removal: Removal
    processes: Callable[[Env], Iterable[Process]] | None = None
    """The tool's own processes where the names of its programs alone do not tell (`main.py`)."""
    last_used: Callable[[FoundRoot, Env], Iterable[Used]] = lambda root, env: ()
    """When models of a root were used last, by the tool's own records; most tools keep none."""

    @property
    def facts(self) -> Tool:
        return TOOLS[self.tool]

    def in_use(self, env: Env) -> str | None:
        """Why the tool's files are in use now, in words: one of its programs runs."""
        running = self.processes(env) if self.processes else env.running(*self.facts.programs)
        first = next(iter(running), None)
        return said("{0} is running (process {1})", self.facts.label, first.pid) if first else None
