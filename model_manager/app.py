"""The composition root: builds everything once and wires it. Holds nothing else."""

from __future__ import annotations

import dataclasses
import functools
import logging
import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from model_manager.actions.scanning import Scans
from model_manager.base import log
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import Event
from model_manager.base.messages import said
from model_manager.base.ownership import belongs_to_another, folder_not_ours
from model_manager.base.paths import OwnPaths, own_paths
from model_manager.base.reserve import Reserve
from model_manager.base.settings import SettingsFile
from model_manager.base.text import use_language
from model_manager.base.volumes import NETWORK, Volumes
from model_manager.catalog import Database, outside_changes, read_only
from model_manager.catalog.damage import Damage
from model_manager.jobs import Jobs

if TYPE_CHECKING:
    from model_manager.library.scan.scan import Scan
    from model_manager.operations import Operation, Operations
    from model_manager.operations.journal import Journal
    from model_manager.stores.host.env import Env


class App:
    """One per process. `close()` ends the lanes and the catalogue's connections.

    Adapters, formats and what changes the disk are loaded where they are first used: the window is painted before.
    """

    def __init__(self, paths: OwnPaths) -> None:
        self.paths = paths
        try:
            paths.create()
        except (FileExistsError, NotADirectoryError):
            raise
        except OSError as error:  # then everything is looked at, and `doctor` says why
            logging.getLogger(__name__).info("the data folder cannot be made: %s", error)
        foreign = folder_not_ours(str(paths.data)) if belongs_to_another(str(paths.data)) else ""
        self._reserve = None if foreign else Reserve(str(paths.data))
        if self._reserve and not self._reserve.give_back():
            self._reserve.keep()
        if not foreign:
            log.start(paths)
        self.settings = SettingsFile(paths.settings, foreign)
        use_language(self.settings.values.language or None)
        logging.getLogger("model_manager").setLevel("DEBUG" if self.settings.values.log_level == "DEBUG" else "INFO")
        self.volumes = Volumes()
        mount = self.volumes.mount_of(os.path.realpath(paths.data))
        network = bool(mount and mount.kind in NETWORK)
        self.database = Database(paths.catalogue, network, untouched=foreign)
        self.jobs = Jobs()
        self.scans = Scans("" if foreign else str(paths.data))
        self._operations: Operations | None = None
        self._making = threading.Lock()
        self.settled: list[Operation] = []
        """The changes that an earlier run left in the middle, as they are since this one looked at them."""

    @property
    def notices(self) -> list[str]:
        """What a person must know before anything else, each a sentence: a damaged catalogue, a data folder that cannot
        be written or is not believed. A command tells those of its own run, the window and `doctor` all."""
        return [sentence for _name, sentence in self.named_notices()]

    def named_notices(self) -> list[tuple[str, str]]:
        """The notices, each with the name that it has at later starts too; empty for what is so at this moment only."""
        folder, happened = str(self.paths.data), self.database.happened
        damages = [(f"damage {one.at} {one.kept}", one.sentence(folder)) for one in [*happened, *self._earlier()]]
        now = [("", sentence) for sentence in self.news[len(happened) :]]
        return [*damages[: len(happened)], *now, *damages[len(happened) :]]

    @property
    def news(self) -> list[str]:
        """The notices of this very run."""
        folder, database = str(self.paths.data), self.database
        told = [one.sentence(folder) for one in database.happened]
        if self.settings.damaged:
            told.append(self.settings.damaged)
        if database.looking_only:
            told.append(said("{0} ({1})", read_only.sentence(folder, database.looking_only), database.way_out))
        elif database.unsaved:
            told.append(read_only.words_sentence(str(database.words.path), database.unsaved))
        return told + self.news_of_settled

    @property
    def news_of_settled(self) -> list[str]:
        """What became of the changes that an earlier run left in the middle."""
        if not self.settled:
            return []
        from model_manager.library.removal.plan_words import settled_text

        return [settled_text(operation) for operation in self.settled]

    def _earlier(self) -> list[Damage]:
        return [one for one in self.database.damages.every() if one not in self.database.happened]

    @property
    def operations(self) -> Operations:
        """What changes the user's disk, from any thread."""
        with self._making:
            if self._operations is None:
                from model_manager.library.duplicates.hashing import Restamp
                from model_manager.library.removal.guard import Guard
                from model_manager.operations import Operations
                from model_manager.operations.trashed import trashed

                known: tuple[str, set[str]] = ("", set())

                def thrown() -> set[str]:
                    nonlocal known  # of one operation; each thing is looked at again before it goes
                    if not made.at_work or known[0] != made.at_work:
                        items = trashed(made.history()[0], self.volumes)
                        known = made.at_work, {path for item in items for path in (item.kept, item.note)}
                    return known[1]

                restamp = Restamp(self.database, self.volumes)

                def version() -> object:
                    return made.at_work, outside_changes.version(self.database), self.database.writes - restamp.writes

                guard = Guard(self.database, self.volumes, lambda: self.env(made.at_work), thrown, version)
                made = Operations(
                    self.paths,
                    volumes=self.volumes,
                    guard=guard,
                    once_aside=guard.once_aside,
                    stamped=restamp,
                )
                self.settled = _settled(made)
                self._operations = made
            return self._operations

    @functools.cached_property
    def _journal(self) -> Journal:
        from model_manager.operations.journal import Journal

        return Journal(str(self.paths.journal))

    def settle(self) -> Operations | None:
        """Settles what a kill left in the middle of a change. Call it before anything is looked at.

        Where there is nothing to settle, what changes the disk is not loaded.
        """
        return self.operations if self.paths.journal.exists() and self._journal.unsettled() else None

    def env(self, at_work: str = "") -> Env:
        """This computer as adapters see it now. `at_work`: the operation that asks, which its own paths are not held from."""
        from model_manager.operations.held import held_paths
        from model_manager.stores.host.env import is_drive, this_computer
        from model_manager.stores.walk.ignore_patterns import good_patterns

        drives = tuple(mount.point for mount in self.volumes.mounted() if is_drive(mount.point))
        chosen = self.settings.values
        return dataclasses.replace(
            this_computer(drives, str(self.paths.scratch)),
            left_out=good_patterns(chosen.left_out),
            not_asked=frozenset(tool for tool in chosen.not_asked if isinstance(tool, str)),
            held=held_paths(self._journal, at_work),
        )

    def scanner(self, notify: Callable[[Event], None] = lambda _: None) -> Scan:
        """A scan that has not begun: `actions/scanning.py` runs it when no other one is at work."""
        from model_manager.library.scan.scan import Scan

        return Scan(self.database, self.volumes, self.env(), str(self.paths.data), notify)

    def close(self) -> None:
        self.jobs.close()
        self.database.close()
        if self._reserve:
            self._reserve.keep()
            self._reserve.take_back()


def _settled(operations: Operations) -> list[Operation]:
    """Settles what an earlier run left in the middle. What cannot be settled now is tried again next time."""
    log_ = logging.getLogger(__name__)
    try:
        settled = operations.recover()
        for operation in settled:
            log_.info("settled %s: %s", operation.id, operation.state)
        return settled
    except ModelManagerError as error:
        log_.info("recovery: %s", error)
    except (ValueError, TypeError, LookupError, OSError):  # a journal that says what no step ever noted
        log_.exception("recovery could not go on")
    return []


def build(data_dir: str | None = None) -> App:
    return App(own_paths(data_dir))
