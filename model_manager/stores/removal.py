"""What a tool's removal rule answers with: parts in order, never an act. `library` makes steps of them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.facts import Role
from model_manager.stores.env import Env
from model_manager.stores.found import FoundRoot

_MOST_IN_A_FOLDER = 20_000


class CannotRemove(ModelManagerError):
    """This tool's rule forbids it now; the hint says what to do instead."""


@dataclass(frozen=True, slots=True)
class PlacedFile:
    """A file as one place names it."""

    path: str
    role: Role
    name: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """One place of a model as the catalogue knows it. `details` is what the adapter found there."""

    name: str
    path: str
    files: tuple[PlacedFile, ...]
    elsewhere: frozenset[str] = frozenset()
    """Paths of its files that places which stay name too: they are not this model's alone."""


@dataclass(frozen=True, slots=True)
class Going:
    """A file, a link (never what it leads to) or a whole folder that goes.

    `fresh`: when it comes back, its time is now until its unit is back (Ollama's blobs).
    """

    path: str
    why: str
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Writing:
    """An index of the tool gets a new text."""

    path: str
    text: bytes
    why: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The tool's own service does it, for good. `gone` stands in the answer of `probe` until it is done."""

    url: str
    method: str
    body: str
    probe: str
    gone: str
    why: str
    paths: tuple[str, ...] = field(default=())
    """The files that the tool will remove, for the figures."""


Part = Going | Writing | Asking


def remove_plain(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The rule of tools without an index: the model's own files, and its folder when it holds nothing else.

    A folder goes whole only when every file in it is one of the model's, so nothing goes that was not
    listed. Files that other places name stay, and so do files outside the root that a record of the
    tool names (Jan's model_path, KoboldCpp's .kcpps): its own removal leaves those too.
    """
    inside = root.path.rstrip(os.sep) + os.sep
    for place in places:
        own = [file for file in place.files if file.path not in place.elsewhere and file.path.startswith(inside)]
        if not own:
            raise CannotRemove(
                "clear away", place.path, "this tool only refers to it: the file lies outside the tool's own folder",
                "add the folder it lies in, then remove it there",
            )  # fmt: skip
        folder = _own_folder(root, place, {file.path for file in own})
        if folder:
            yield Going(folder, f"the folder of {place.name}: everything in it belongs to it")
            continue
        for file in sorted(own, key=lambda file: (file.role != "manifest", file.path)):
            yield Going(file.path, _WHY.get(file.role, "belongs to it"))


_WHY = {
    "weights": "its weights", "projector": "its projector", "adapter": "its adapter", "config": "its settings",
    "tokenizer": "its tokenizer", "sidecar": "kept beside it by tools", "manifest": "the tool's entry for it",
}  # fmt: skip


def _own_folder(root: FoundRoot, place: Placed, own: set[str]) -> str | None:
    """The highest folder that holds files of this place and nothing else.

    A model that is a folder may be the root's own child; else those stay (ComfyUI's loras/), also when
    their last model goes.
    """
    top = os.path.realpath(root.path).rstrip(os.sep) + os.sep
    is_folder = os.path.isdir(place.path)
    folder = os.path.realpath(place.path if is_folder else os.path.dirname(place.path))
    real_own = {os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path)) for path in own}
    best = None
    while folder.startswith(top) and (is_folder or os.sep in folder[len(top) :]) and _holds_only(folder, real_own):
        best, folder, is_folder = folder, os.path.dirname(folder), False
    return best


def _holds_only(folder: str, own: set[str]) -> bool:
    """Whether every file below a folder is in `own`, and there is one."""
    met = 0
    waiting = [folder]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as found:
                for entry in found:
                    met += 1
                    if met > _MOST_IN_A_FOLDER:
                        return False
                    if stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                        waiting.append(entry.path)
                    elif entry.path not in own:
                        return False
        except OSError as error:
            raise CannotRemove("clear away", folder, reason_of(error)) from error
    return met > 0
