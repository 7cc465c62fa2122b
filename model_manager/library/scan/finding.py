"""Finding the roots: every adapter is asked, and what it names is stored.

A folder is read by the first adapter that names it; the others stand in `also`.
"""

from __future__ import annotations

import contextvars
import logging
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from model_manager.base import reach
from model_manager.base.errors import reason_of
from model_manager.base.messages import joined, said
from model_manager.base.text import later
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, problems, roots
from model_manager.catalog.roots import RootRow
from model_manager.library.scan.watch import real_of

if TYPE_CHECKING:
    from model_manager.stores.contract import Store
    from model_manager.stores.discovered import FoundRoot
    from model_manager.stores.host.env import Env

log = logging.getLogger(__name__)

_PATIENCE = 3.0
"""Seconds that an adapter may take while some mount does not answer."""
_LITTLE_PATIENCE = 0.5
"""Seconds for each adapter after one that was not back in time: most likely the same mount is silent."""


class RootSearch:
    """One search. `private` is our own data folder: never a root."""

    def __init__(self, database: Database, env: Env, private: str, volumes: Volumes) -> None:
        self._database, self._env, self._volumes = database, env, volumes
        self._private = os.path.realpath(private)
        self._found: dict[str, FoundRoot] = {}
        """Real path -> the root as the first adapter named it."""
        self._also: dict[str, set[str]] = {}
        """Real path -> the other tools that named it."""
        self._failed: dict[str, str] = {}
        """Tool -> why its adapter did not come to its end, in words."""
        self._patience = _PATIENCE

    def run(self) -> list[RootRow]:
        """Asks every adapter and stores what is new; answers all roots, those that are ignored too.

        Why an adapter failed is kept in the catalogue (`problems.of_search`).
        """
        from model_manager.stores.adapters import STORES  # loads every adapter: only where one is asked

        with self._database.read() as tx:
            known = {real_of(root.path, self._volumes): root for root in roots.every(tx)}
        for store in STORES:
            for root in self._ask_in_time(store, known):
                self._take(root)
        self._keep_unheard(known)
        _drop_extras(self._found, self._also)
        self._store_roots(known)
        self._store_failures()
        with self._database.read() as tx:
            return roots.every(tx)

    def _ask_in_time(self, store: Store, known: Mapping[str, RootRow]) -> list[FoundRoot]:
        """What an adapter names; what it named before where it is not back in time."""
        if not reach.may_meet_silence():
            asked, why = _ask(store, self._env, known)
        else:
            answer, why = _in_time(store, self._env, known, self._patience)
            if answer is None:
                asked, rest = _as_known(store, known, later("its models are not shown"))
                silent = later("a drive or share that its settings lead to does not answer")
                why = joined("; ", [said("Looking for {0}'s folders failed: {1}", store.facts.label, silent), rest])
                self._patience = _LITTLE_PATIENCE
            else:
                asked = answer
        if why:
            self._failed[store.tool] = why
        return asked

    def _take(self, root: FoundRoot) -> None:
        real = real_of(root.path, self._volumes)
        if real == self._private:
            return
        if real not in self._found:
            self._found[real] = root
        elif self._found[real].tool != root.tool:
            self._also.setdefault(real, set()).add(root.tool)

    def _keep_unheard(self, known: Mapping[str, RootRow]) -> None:
        """A tool whose adapter failed is still named beside the folders that it was known to use."""
        for real, root in known.items():
            if real in self._found and (unheard := self._failed.keys() & set(root.also)):
                self._also.setdefault(real, set()).update(unheard - {self._found[real].tool})

    def _store_roots(self, known: Mapping[str, RootRow]) -> None:
        changes = [
            (real, root) for real, root in self._found.items()
            if _is_news(known.get(real), root, self._also.get(real, set()))
        ]  # fmt: skip
        if not changes:
            return
        with self._database.write() as tx:
            for real, root in changes:
                stored = known.get(real)
                if stored is None or stored.found_by != "user":
                    path = stored.path if stored else root.path
                    id_ = roots.add(tx, root.tool, path, root.found_by, dict(root.details))
                else:
                    id_ = stored.id
                roots.update(tx, id_, also=self._also.get(real, set()))

    def _store_failures(self) -> None:
        with self._database.read() as tx:
            before = dict(problems.of_search(tx))
        if self._failed != before:
            with self._database.write() as tx:
                problems.replace_search(tx, self._failed)


def _in_time(
    store: Store, env: Env, known: Mapping[str, RootRow], patience: float
) -> tuple[list[FoundRoot] | None, str]:
    """As `_ask`; no list where an adapter is not back after so many seconds and some mount is silent: its settings or
    folders may lead there. While all mounts answer it may take its time."""
    answer: list[tuple[list[FoundRoot], str]] = []
    counted = contextvars.copy_context()  # what it reads belongs to this scan
    thread = threading.Thread(
        target=lambda: answer.append(counted.run(_ask, store, env, known)),
        daemon=True,
        name=f"look for {store.facts.label}",
    )
    thread.start()
    thread.join(patience)
    while thread.is_alive() and not reach.some_silent():
        thread.join(1.0)
    return answer[0] if answer else (None, "")


def _ask(store: Store, env: Env, known: Mapping[str, RootRow]) -> tuple[list[FoundRoot], str]:
    """The roots that an adapter names, and why it failed, if it did.

    One adapter's mistake must not hide the other tools, nor give its folders to them: what it does not come to name is
    named as it was known. So with settings that are there and cannot be read: they may name more than was found.
    """
    asked: list[FoundRoot] = []
    why = ""
    otherwise = later("its models are not shown")
    env.unread.clear()
    try:
        for root in store.find(env):
            asked.append(root)  # what it named before it failed counts
    except Exception as error:
        log.exception("%s could not be looked for", store.facts.label)
        why = said("Looking for {0}'s folders failed: {1}", store.facts.label, reason_of(error))
    if not why and env.unread:
        path, reason = next(iter(env.unread.items()))
        why = said("{0}'s settings in {1} are not used: {2}", store.facts.label, path, reason)
        otherwise = later("what they name is not shown")
    if not why:
        return asked, ""
    before, rest = _as_known(store, known, otherwise)
    return asked + before, joined("; ", [why, rest])


def _as_known(store: Store, known: Mapping[str, RootRow], otherwise: str) -> tuple[list[FoundRoot], str]:
    """The roots of a tool as they were named before, and what becomes of them, in words."""
    from model_manager.stores.discovered import FoundRoot

    mine = [root for root in known.values() if root.tool == store.tool]
    before = [
        FoundRoot(root.tool, root.path, root.found_by, root.details)  # type: ignore[arg-type]
        for root in mine if root.found_by != "user"
    ]  # fmt: skip
    watched = any(not root.ignored for root in mine)
    return before, later("the folders known before are still read") if watched else otherwise


def _drop_extras(found: dict[str, FoundRoot], also: dict[str, set[str]]) -> None:
    """A folder that a tool only borrows (extra_model_paths.yaml, `--ckpt-dir`) is its owner's when it lies in one."""
    for path in [path for path, root in found.items() if root.details.get("extra")]:
        owners = [
            other for other, root in found.items()
            if not root.details.get("extra") and not root.details.get("shared") and path.startswith(other + os.sep)
        ]  # fmt: skip
        if owners:
            owner = max(owners, key=len)
            if found[owner].tool != found[path].tool:
                also.setdefault(owner, set()).add(found[path].tool)
            del found[path]


def _is_news(known: RootRow | None, root: FoundRoot, also: set[str]) -> bool:
    if known is None:
        return True
    same = known.found_by == "user" or (known.tool, known.found_by, known.details) == (
        root.tool,
        root.found_by,
        dict(root.details),
    )
    return not same or set(known.also) != also
