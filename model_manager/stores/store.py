"""What an adapter is: a tool's name, three pure readers, and the tool's rule of removal as parts of a plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from model_manager.stores.archives import remove_archive
from model_manager.stores.env import Env
from model_manager.stores.found import Found, FoundRoot, Leftover
from model_manager.stores.hub_named import hub_named_now
from model_manager.stores.hub_removal import remove_from_hub, remove_hub_leftover, repository_of
from model_manager.stores.last_used import Used
from model_manager.stores.look import Look
from model_manager.stores.removal import Going, Part, Placed, remove_plain
from model_manager.stores.under_way import must_not_be_fetched


def remove_by_layout(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The rule of tools without an index of their own: that of the Hugging Face cache where a place lies in one."""
    hub = [place for place in places if repository_of(place.path)]
    yield from remove_from_hub(root, hub)
    yield from remove_plain(root, [place for place in places if not repository_of(place.path)], env)


def remove_folders(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The same where every folder of the root is a model's or a publisher's: none stays empty."""
    yield from remove_plain(root, places, env, tops_stay=False)


def remove_leftover_by_layout(root: FoundRoot, leftover: Leftover, env: Env) -> Iterator[Part]:
    """What nobody lists is one file or folder, but in a Hugging Face cache."""
    if leftover.kind == "partial":
        must_not_be_fetched(leftover.path)
    if leftover.kind == "archive":
        yield from remove_archive(leftover)
    elif repository_of(leftover.path) or f"{os.sep}blobs{os.sep}" in leftover.path:
        yield from remove_hub_leftover(root, leftover)
    else:
        yield Going(leftover.path, leftover.of or leftover.kind.replace("-", " "))


def named_by_layout(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    """Where there is no index: what links of a Hugging Face cache lead to."""
    return hub_named_now(gone)


@dataclass(frozen=True)
class Store:
    """One tool. Adapters never change the disk.

    `find(env)` yields the roots that exist, the one that the tool itself would use first, each
    with how it was found. `describe(root, look)` yields the models and leftovers in one root as
    the tool sees them; what cannot be read goes to `look.problems`. `in_use(env)` says in words
    why the tool's files are in use now, or None.

    `remove(root, places, env)` yields, in order, what has to go so that the tool no longer has these
    places: together they are one unit, and every place that shares a file with them and goes too is
    among them. `remove_leftover` does the same for what no tool lists. Both read the store as it is
    now and raise CannotRemove in words.
    """

    tool: str
    label: str
    find: Callable[[Env], Iterable[FoundRoot]]
    describe: Callable[[FoundRoot, Look], Iterator[Found | Leftover]]
    in_use: Callable[[Env], str | None] = lambda env: None
    status: Literal["verified", "partly-verified", "unverified"] = "verified"
    """How far the layout was checked against the tool's own source."""
    remove: Callable[[FoundRoot, Sequence[Placed], Env], Iterable[Part]] = remove_by_layout
    remove_leftover: Callable[[FoundRoot, Leftover, Env], Iterable[Part]] = remove_leftover_by_layout
    named_now: Callable[[FoundRoot, Collection[str], Env], Iterable[str]] = named_by_layout
    """Those of these paths, which went a moment ago, that the tool's own index names now: asked before they go for good."""
    must_close: bool = False
    """Whether the tool has to be closed before its files change (it keeps an index in memory)."""
    last_used: Callable[[FoundRoot, Env], Iterable[Used]] = lambda root, env: ()
    """When models of a root were used last, by the tool's own records; most tools keep none."""
    one_unit: bool = False
    """Whether the places of one root that go are always one unit: they are lines of one index file."""
