"""How adapters look at the disk: never failing for one entry, never leaving a trace, always cancellable."""

from __future__ import annotations

import itertools
import operator
import os
from collections.abc import Callable, Collection, Iterator, Mapping

from model_manager.base import passable, reach
from model_manager.base.errors import reason_of
from model_manager.base.facts import Facts
from model_manager.base.json_text import JsonTooLarge, parsed
from model_manager.base.messages import counted, figure, said, told_by
from model_manager.base.reading import SMALL, read_small
from model_manager.stores.discovered import Problem
from model_manager.stores.host.settings_file import yaml_settings
from model_manager.stores.walk.folder_memory import FolderMemory
from model_manager.stores.walk.ignore_patterns import IgnorePatterns

# Never entered: what lies in a trash or a snapshot is no model of anybody's.
FORBIDDEN = frozenset({".Trash", ".Trashes", "$RECYCLE.BIN", ".snapshots", ".zfs", ".git", "lost+found",
                       "System Volume Information", ".model-manager-aside", ".model-manager-incoming"})  # fmt: skip


NAME = operator.attrgetter("name")
MOST_PROBLEMS = 200
"""Of one root that are kept: each is a row in the catalogue and in the window. Real stores have a handful."""
_LONGEST_WHY = 500
MOST_NAMES = 300_000
"""In one folder: 85 MB while it is looked at. The largest that tools make have some 10,000."""


def forbidden(name: str) -> bool:
    """Whether a folder of this name is never entered."""
    return name in FORBIDDEN or name.startswith(".Trash-")


def is_folder(entry: os.DirEntry[str], links: bool = True) -> bool:
    """Whether an entry is a folder, or with `links` leads to one; a link that leads to itself is none."""
    try:
        return entry.is_dir(follow_symlinks=links)
    except OSError:
        return False


def is_link(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a symbolic link; taken for one when it cannot be told."""
    try:
        return entry.is_symlink()
    except OSError:
        return True


def lies_below(path: str, folders: Collection[str]) -> bool:
    """Whether a path lies below one of these folders, of which there may be many."""
    while (above := os.path.dirname(path)) != path:
        if above in folders:
            return True
        path = above
    return False


class StoreReader:
    """Given to `describe`. What cannot be read becomes a Problem in `problems`; the adapter goes on.

    `facts` answers from the catalogue when the file has not changed, so an adapter may ask freely.
    `skip` holds the real paths that other adapters read: they are not entered. `memory` is what the last scan
    left of this root, None where nothing may be believed. `left_out`: names that the person does not want to see.
    `not_asked`: tools whose service is not to be asked.
    """

    def __init__(
        self,
        facts: Callable[[str, os.stat_result], Facts],
        skip: frozenset[str] = frozenset(),
        step: Callable[[], None] = lambda: None,
        memory: FolderMemory | None = None,
        left_out: IgnorePatterns | None = None,
        not_asked: frozenset[str] = frozenset(),
    ) -> None:
        self.facts = facts
        self.memory = memory
        self.left_out = left_out or IgnorePatterns()
        self.not_asked = not_asked
        self.skip = skip
        self.step = step
        self.problems: list[Problem] = []
        """The first of them: a hostile tree could have a million. `told` says how many there are more."""
        self.met_problems = 0
        self.unread: list[str] = []
        """Folders whose content is not known: nothing below them may be taken for gone."""
        self.met: set[str] = set()
        """Real paths of `skip` that were reached: this tool uses those roots too."""

    def problem(self, path: str, kind: str, why: str) -> None:
        self.met_problems += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(path, kind, why if len(why) <= _LONGEST_WHY else why[:_LONGEST_WHY] + "…"))

    def told(self, root: str) -> list[Problem]:
        """The problems kept and, where there were more, how many."""
        more = self.met_problems - len(self.problems)
        if not more:
            return self.problems
        why = counted(
            "{0} more problem in this folder is not listed",
            "{0} more problems in this folder are not listed",
            more,
            figure(more),
        )
        return [*self.problems, Problem(root, "more", why)]

    def entries(self, folder: str) -> list[os.DirEntry[str]]:
        """A folder's entries by name; empty, with a problem, when it cannot be read."""
        return sorted(self.listing(folder), key=NAME)

    def listing(self, folder: str) -> list[os.DirEntry[str]]:
        """A folder's entries as they come; empty, with a problem, when it cannot be read."""
        try:
            with os.scandir(folder) as found:
                entries = list(itertools.islice(found, MOST_NAMES + 1))
        except FileNotFoundError:
            return []
        except OSError as error:
            self.problem(folder, "folder", reason_of(error))
            self.unread.append(folder)
            return []
        if len(entries) > MOST_NAMES:  # a part of them would make orphans and broken sets of the rest
            self.problem(folder, "folder", said("has more than {0} names: not looked into", figure(MOST_NAMES)))
            self.unread.append(folder)
            return []
        return self._passable(folder, entries)

    def _passable(self, folder: str, entries: list[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
        """Without what leads to a mount that does not answer, which is told, or into what the kernel shows of itself.

        Everything else may be followed: whoever asks an entry whether it is a folder follows its link.
        """
        is_kernels = passable.holds_kernels(folder)
        if not is_kernels and not any(map(is_link, entries)):
            return entries
        kept = []
        for entry in entries:
            if not is_link(entry):
                if not is_kernels or not passable.is_kernels(os.path.realpath(entry.path)):
                    kept.append(entry)
                continue
            silent, kernels = passable.silent_or_kernels(entry.path)
            if silent:
                self.problem(entry.path, "link", said("the drive or share at {0} does not answer", silent))
                self.unread.append(entry.path)
            elif not kernels:
                kept.append(entry)
        return kept

    def stat(self, path: str) -> os.stat_result | None:
        """What a path leads to; None when it is gone, dangling or not a regular file."""
        try:
            reach.must_answer(path)
            found = os.stat(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            self.problem(path, "file", reason_of(error))
            return None
        return found if (found.st_mode & 0o170000) == 0o100000 else None

    def small(self, path: str, limit: int = SMALL) -> bytes | None:
        """A small file whole, None when it is not there; a problem when it cannot be read."""
        try:
            reach.must_answer(path)
            return read_small(path, limit)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            self.problem(path, "file", reason_of(error))
            return None

    def json(self, path: str, limit: int = SMALL) -> object | None:
        """A small JSON file, None when it is not there or is no JSON (then with a problem)."""
        text = self.small(path, limit)
        if text is None:
            return None
        try:
            found: object = parsed(text)
            return found
        except JsonTooLarge as error:
            self.problem(path, "json", said("is not read: {0}", error))
        except ValueError as error:
            self.problem(path, "json", said("is not valid JSON: {0}", told_by(error, 120)))
        return None

    def yaml(self, path: str) -> Mapping[str, object]:
        """A small YAML mapping; empty when it is not there, and with a problem when it is something else."""
        before = self.met_problems
        found = yaml_settings(path, lambda place, why: self.problem(place, "yaml", why))
        if not found and self.met_problems == before and self.stat(path) is not None:
            self.problem(path, "yaml", said("cannot be read as a YAML mapping"))
        return found


def files_below(folder: str, reader: StoreReader) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder that is no folder itself; links are not followed."""
    waiting = [folder]
    while waiting:
        reader.step()
        for entry in reader.entries(waiting.pop()):
            if is_folder(entry, links=False):
                waiting.append(entry.path)
            else:
                yield entry
