"""Facts of files, from the catalogue while they hold, else from the header."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import replace
from typing import BinaryIO, cast

from model_manager.base.errors import reason_of
from model_manager.base.facts import GOOD, Facts, Health, worst
from model_manager.base.identity import file_id, is_untouched
from model_manager.base.messages import said
from model_manager.base.reading import Count, open_quietly
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, Tx, files, listings, roots
from model_manager.formats.metered import Metered
from model_manager.formats.sniff import facts_of
from model_manager.library.scan.holes import lacking

log = logging.getLogger(__name__)


class Headers:
    """Serves one scan. Counts what it read from disk in `count`."""

    def __init__(self, database: Database, volumes: Volumes) -> None:
        self._database, self._volumes = database, volumes
        self._met: dict[tuple[int, int, int], Facts] = {}
        self.count = Count()
        self.read_files = 0
        with database.read() as tx:
            self._empty = files.counts(tx)[1] == 0 and not listings.any_passed(tx)
        self.read_at: dict[str, int] = {}
        self._asked: list[tuple[str, os.stat_result, Facts]] = []

    def facts(self, path: str, stat: os.stat_result) -> Facts:
        """Never raises for a file: one that cannot be read is `unknown` with the reason."""
        key = (stat.st_dev, stat.st_ino, stat.st_ctime_ns)
        known = self._met.get(key)
        if known is None:
            known = self._stored(path, stat) or self._read(path, stat)
            if len(self._met) > 4096:
                self._met.clear()
            self._met[key] = known
        return known

    def asked(self, path: str, stat: os.stat_result) -> Facts:
        """`facts` for an adapter that wonders whether a file is a model: the answer is kept even when it is none."""
        read = self.read_files
        found = self.facts(path, stat)
        if self.read_files > read and path in self.read_at:
            self._asked.append((path, stat, found))
        return found

    def keep_asked(self, tx: Tx) -> None:
        """Stores what adapters asked about and no model has."""
        kept = []
        for path, stat, found in self._asked:
            volume = self._volumes.of(path, stat.st_dev)
            row = roots.volume_id(tx, volume.name, volume.kind, volume.mount)
            kept.append((row, file_id(path, stat, volume), found))
        listings.pass_over(tx, kept)
        self._asked.clear()

    def _stored(self, path: str, stat: os.stat_result) -> Facts | None:
        if self._empty:  # a first scan: there is nothing to ask
            return None
        id_ = file_id(path, stat, self._volumes.of(path, stat.st_dev))
        with self._database.read() as tx:
            return files.facts_if_unchanged(tx, id_) or listings.facts_of_passed(tx, id_)

    def _read(self, path: str, stat: os.stat_result) -> Facts:
        self.read_files += 1
        try:
            with open_quietly(path) as raw:
                _outwait(stat)
                if not is_untouched(stat, os.fstat(raw.fileno())):
                    return _CHANGED
                file = Metered(raw)
                try:
                    known = facts_of(cast(BinaryIO, file), stat.st_size, os.path.basename(path))
                finally:
                    self.count.bytes += file.read_bytes
                kind = self._volumes.of(path, stat.st_dev).kind
                known = _with(known, lacking(raw, stat, kind, known.format))
                if not is_untouched(stat, os.fstat(raw.fileno())):
                    return _CHANGED
        except OSError as error:
            return Facts("unknown", health=Health("unknown", said("cannot be read: {0}", reason_of(error))))
        except Exception as error:  # a reader's mistake must stay this file's: one bad file is one row
            log.exception("the header of %s could not be read", path)
            return Facts("unknown", health=Health("unknown", said("cannot be understood: {0}", reason_of(error, 200))))
        self.read_at[path] = int(time.time())
        return known

    def lack(self, path: str, stat: os.stat_result) -> Health:
        """What is not on the disk of a file that has no header of its own: numbers that lie beside a graph."""
        try:
            with open_quietly(path) as file:
                return lacking(file, stat, self._volumes.of(path, stat.st_dev).kind, "")
        except OSError:
            return GOOD  # its size is compared with what the graph needs, and says so

    def stat(self, path: str) -> os.stat_result | None:
        try:
            found = os.stat(path)
        except OSError:
            return None
        return found if (found.st_mode & 0o170000) == 0o100000 else None

    def beside(self, path: str, name: str) -> str | None:
        """The path of a companion, only when it stays in the folder of the file that names it, also through links.

        A companion that is itself a link is one where the file that names it is one too (a Hugging Face revision).
        """
        if not name or "\0" in name or os.path.isabs(name) or ".." in name.replace("\\", "/").split("/"):
            return None
        folder = os.path.dirname(path)
        beside = os.path.join(folder, name)
        inside, below = os.path.realpath(os.path.dirname(beside)), os.path.dirname(name)
        if inside != os.path.normpath(os.path.join(os.path.realpath(folder), below)):
            return None
        return None if os.path.islink(beside) and not os.path.islink(path) else beside


def _with(known: Facts, lack: Health) -> Facts:
    """What the header says, and that not all of the file is there."""
    if lack.verdict == "good" or (lack.verdict == "unknown" and known.health.verdict != "good"):
        return known
    health = lack if lack.verdict == "unknown" else worst([known.health, lack])
    return replace(known, health=health)


_TICK = 10_000_000
"""Nanoseconds between two times that a kernel gives to files, at most (100 Hz; FAT's two seconds are not waited for)."""
_CHANGED = Facts("unknown", health=Health("unknown", said("it changed while it was looked at: scan again")))


def _outwait(stat: os.stat_result) -> None:
    """Lets the tick of the last change pass: what is written within it leaves the times as they are."""
    age = time.time_ns() - stat.st_ctime_ns
    if 0 <= age < _TICK:
        time.sleep((_TICK - age) / 1e9)
