"""A file that may be a copy, as it is on the disk now, with all its names."""

from __future__ import annotations

import os
from dataclasses import dataclass

from model_manager.base import reach
from model_manager.base.identity import FileId
from model_manager.base.own_name import apart

Identity = tuple[str, str]


@dataclass(frozen=True, slots=True)
class FileName:
    """One name of a copy: which model has it there, in which place; an orphan has neither."""

    model: int | None
    model_name: str
    place: int | None
    tool: str
    path: str
    real: str
    """The file itself, where `path` leads to it by links."""
    whole: bool = True
    """Whether the copy is all the weights of that model: else clearing the place away takes others along."""
    beside: tuple[str, ...] = ()
    """The other files of the model in this place: settings, tokenizer, code, notes."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One file with all the names we know. `links` counts all it has; `writable`: its folder may be changed."""

    volume: str
    inode: int
    bytes: int
    links: int
    writable: bool
    names: tuple[FileName, ...]
    key: str = ""
    """The inode, or the path where inodes do not last."""
    reference: bool = False
    """Whether it lies in a folder that is never touched."""
    owned: bool = True
    """Whether the file is this user's."""
    pinned: bool = False
    """Whether a model that has it is pinned."""
    shared: int = 0
    """How many of its bytes do not come back with it: see `base/comes_back`."""
    size: int = 0
    mtime_ns: int = 0
    goes_away: bool = False
    """Whether its drive can be unplugged, or lies on the network."""

    @property
    def path(self) -> str:
        return self.names[0].real

    @property
    def alone(self) -> bool:
        """Whether every name it has is known here: else sharing or removing those frees nothing."""
        reals = {name.real for name in self.names}
        if self.links < 2 or len(reals) < self.links:
            return len(reals) >= self.links
        return len(apart(reals)) >= self.links

    @property
    def identity(self) -> Identity:
        """The file, whatever its names."""
        return self.volume, self.key

    @property
    def stays(self) -> bool:
        """Whether its bytes stay whatever is done with the names that we know."""
        return self.reference or not self.writable or not self.alone


@dataclass(frozen=True, slots=True)
class PossibleCopy:
    """A file that may be a copy. `id` is what it is now; `told` is a hash that lies on disk."""

    copy: Copy
    id: FileId
    told: str | None


def is_inside(path: str, folder: str) -> bool:
    """Whether a real path lies below a folder; nothing lies below one without a name."""
    if not isinstance(folder, str) or not folder:
        return False
    return path.startswith(reach.realpath(os.path.expanduser(folder)).rstrip(os.sep) + os.sep)
