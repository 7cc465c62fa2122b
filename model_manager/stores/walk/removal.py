"""The rule of tools without an index of their own: a model's files, and its folder when it holds nothing else."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from model_manager.base import reach
from model_manager.base.errors import reason_of
from model_manager.base.messages import said
from model_manager.base.once import once
from model_manager.base.text import later
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.grouping.file_names import is_weights
from model_manager.stores.grouping.known_files import PICTURED, is_known, is_picture, is_record
from model_manager.stores.host.env import Env
from model_manager.stores.parts import CannotRemove, Going, Part, Placed, PlacedFile
from model_manager.stores.walk.ignore_patterns import IgnorePatterns
from model_manager.stores.walk.localdir import DOWNLOADS, has_downloads

_MOST_IN_A_FOLDER = 20_000
_DOWNLOAD_MARKS = tuple(os.path.join(os.sep + ".cache", "huggingface", name) for name in (".gitignore", "CACHEDIR.TAG"))
"""What every `--local-dir` download puts beside its records."""


def remove_plain(
    root: FoundRoot, places: Sequence[Placed], env: Env, tops_stay: bool = True, notes: frozenset[str] = frozenset()
) -> Iterator[Part]:
    """The rule of tools without an index: the model's own files, and its folder when it holds nothing else.

    A folder goes whole only when every file in it is one of the model's, so nothing goes that was not
    listed; what has no known form stays all the same (`known_files`). Files that other places name stay, and so do
    files outside the root that a record of the tool names (Jan's model_path, KoboldCpp's .kcpps): its own removal
    leaves those too. What is left out of the scan stays, with what weights among it may need.
    `tops_stay`: the root's own subfolders stand for categories and stay without their last model.
    `notes`: names of the tool's own records in a model's folder; alone they do not keep it.
    """
    own: dict[str, PlacedFile] = {}
    left_out = IgnorePatterns(env.left_out)
    for place in places:
        own.update({reach.real_parent(file.path): file for file in _seen_files(root, place, left_out)})
    own = _without_shared(own, left_out)
    stays = {path: None for path, file in own.items() if not _may_go(path, file, root, own)}
    own = {path: file for path, file in own.items() if path not in stays}
    yield from _saying([*stays], _going(root, places, own, tops_stay, notes))


def _going(
    root: FoundRoot, places: Sequence[Placed], own: dict[str, PlacedFile], tops_stay: bool, notes: frozenset[str]
) -> Iterator[Going]:
    """The model's own files, by whole folders where nothing else is in them."""
    records = {note: path for path in own for note in notes_of(path, reach.real_folder(root.path))}
    folders = _Folders({*own, *records}, notes)
    whole: dict[str, str] = {}
    for place in places:
        if top := _own_folder(root, place, folders, tops_stay):
            whole.setdefault(top, said("the folder of {0}: everything in it belongs to it", place.name))
    for place in places:
        for below in _parts_below(place, own, folders):
            whole.setdefault(below, said("a folder of {0}: everything in it belongs to it", place.name))
    loose = [path for path in own if not _is_below(path, whole)]
    yield from (Going(path, _WHY["manifest"]) for path in sorted(loose) if own[path].role == "manifest")
    yield from (Going(folder, why) for folder, why in whole.items() if not _is_below(folder, whole))
    for path in sorted(loose):
        if own[path].role != "manifest":
            yield Going(path, _WHY.get(own[path].role, "belongs to it"))
    for note in sorted(records):
        if not _is_below(note, whole):
            yield Going(note, said("what the download of {0} left behind", os.path.basename(records[note])))


def _may_go(path: str, file: PlacedFile, root: FoundRoot, own: Mapping[str, PlacedFile]) -> bool:
    """Whether a file beside the weights is of a known form; what may be somebody's own stays."""
    if file.role in ("weights", "adapter", "projector", "manifest"):
        return True
    if file.role != "sidecar":
        return is_known(file.path) or any(notes_of(path, reach.real_folder(root.path)))
    if not is_picture(path):
        return is_record(path)
    stem = re.sub(r"\.[^./]+$", ".", path)
    beside = (other for other in own if other != path and other.startswith(stem) and not is_picture(other))
    return root.tool in PICTURED or is_record(path) or any(
        own[other].role == "sidecar" and is_record(other) for other in beside
    )  # fmt: skip


def _saying(stays: Sequence[str], parts: Iterable[Going]) -> Iterator[Going]:
    """The parts; the first tells what stays because it may be somebody's own."""
    names = ", ".join(os.path.basename(path) for path in stays[:3]) + (" …" if len(stays) > 3 else "")
    for number, part in enumerate(parts):
        yield saying(part, names) if stays and number == 0 else part


def saying(part: Going, names: str) -> Going:
    """A part that tells which files beside it stay."""
    return replace(part, why=said("{0}; what may be your own stays: {1}", part.why, names))


_WHY = {
    "weights": later("its weights"), "projector": later("its projector"), "adapter": later("its adapter"), "config": later("its settings"),
    "tokenizer": later("its tokenizer"), "sidecar": later("kept beside it by tools"), "manifest": later("the tool's entry for it"),
}  # fmt: skip


def _seen_files(root: FoundRoot, place: Placed, left_out: IgnorePatterns) -> list[PlacedFile]:
    """The files that may go but those left out since the last scan. CannotRemove when these are weights."""
    own = _own_files(root, place)
    if not left_out:
        return own
    seen = [file for file in own if not left_out.has_part_of(os.path.relpath(file.path, root.path))]
    if sum(file.role in ("weights", "adapter") for file in seen) < sum(
        file.role in ("weights", "adapter") for file in own
    ):
        raise CannotRemove(
            said("clear away"), place.path, said("its name is one of those that you leave out"),
            said("scan again, or change the names under Settings, Folders"),
        )  # fmt: skip
    return seen


def _without_shared(own: dict[str, PlacedFile], left_out: IgnorePatterns) -> dict[str, PlacedFile]:
    """Without settings, tokenizers and projectors of folders in which weights lie that nobody looked at."""
    if not left_out:
        return own
    shared = {path for path, file in own.items() if file.role in _SHARED}
    among = {folder for folder in {os.path.dirname(path) for path in shared} if _holds_left_out(folder, left_out)}
    return {path: file for path, file in own.items() if path not in shared or os.path.dirname(path) not in among}


_SHARED = frozenset({"config", "tokenizer", "projector", "other"})
_PARTS = ("", "onnx", "openvino")
"""Subfolders whose weights use the files beside them."""


def _holds_left_out(folder: str, left_out: IgnorePatterns) -> bool:
    """Whether weights that are left out lie in a folder, or may: one that cannot be read tells nothing."""
    for part in _PARTS:
        try:
            names = os.listdir(os.path.join(folder, part))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError:
            return True
        if any(is_weights(name) and left_out.has_part_of(f"{part}/{name}".lstrip("/")) for name in names):
            return True
    return False


def _own_files(root: FoundRoot, place: Placed) -> list[PlacedFile]:
    """The files that may go with a place. CannotRemove when there is none."""
    inside = [file for file in place.files if file.path.startswith(root.path.rstrip(os.sep) + os.sep)]
    if not inside:
        raise CannotRemove(
            said("clear away"), place.path, said("this tool only refers to it: the file lies outside the tool's own folder"),
            said("add the folder it lies in, then remove it there"),
        )  # fmt: skip
    own = [file for file in inside if file.path not in place.elsewhere]
    if not own:
        raise CannotRemove(
            said("clear away"), place.path, said("every file of it is named by another place that stays"),
            said("clear away the whole model, or that place too"),
        )  # fmt: skip
    return own


def notes_of(path: str, top: str) -> Iterator[str]:
    """The records that `hf download --local-dir` left of a file, in the folder it downloaded into, up to `top`."""
    base = os.path.dirname(path)
    while base.startswith(top):
        if once(("has downloads", base), lambda base=base: has_downloads(base)):  # type: ignore[misc]
            record = os.path.join(base, DOWNLOADS, os.path.relpath(path, base))
            yield from (record + ending for ending in (".metadata", ".lock") if os.path.lexists(record + ending))
        if base == top:
            return
        base = os.path.dirname(base)


def _own_folder(root: FoundRoot, place: Placed, folders: _Folders, tops_stay: bool) -> str | None:
    """The highest folder that holds files of this unit and nothing else.

    A model that is a folder may be the root's own child; else those stay (ComfyUI's loras/), also when
    their last model goes.
    """
    top = reach.real_folder(root.path).rstrip(os.sep) + os.sep
    is_folder = os.path.isdir(place.path)
    may_be_top = is_folder or not tops_stay
    folder = reach.real_folder(place.path if is_folder else os.path.dirname(place.path))
    best = None
    while folder.startswith(top) and (may_be_top or os.sep in folder[len(top) :]) and folders.hold_only_ours(folder):
        best, folder, may_be_top = folder, os.path.dirname(folder), not tops_stay
    return best


def _parts_below(place: Placed, own: Iterable[str], folders: _Folders) -> Iterator[str]:
    """Folders below the model's own place that hold nothing but files of it: `ggml-tiny-encoder.mlmodelc`."""
    base = reach.real_folder(place.path if os.path.isdir(place.path) else os.path.dirname(place.path))
    for path in own:
        folder, best = os.path.dirname(path), ""
        while folder.startswith(base + os.sep) and folders.hold_only_ours(folder):
            best, folder = folder, os.path.dirname(folder)
        if best:
            yield best


def _is_below(path: str, folders: Collection[str]) -> bool:
    return any(path.startswith(folder + os.sep) for folder in folders)


class _Folders:
    """What folders hold, each read once. `own`: real paths of what goes."""

    def __init__(self, own: Collection[str], notes: frozenset[str]) -> None:
        self._own, self._notes = own, notes
        self._known: dict[str, bool] = {}

    def hold_only_ours(self, folder: str) -> bool:
        """Whether every file below a folder is ours or a record of what is, and there is one of ours."""
        if folder not in self._known:
            self._known[folder] = self._look(folder)
        return self._known[folder]

    def _look(self, top: str) -> bool:
        met = ours = 0
        waiting = [top]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as found:
                    for entry in found:
                        met += 1
                        if met > _MOST_IN_A_FOLDER:
                            return False
                        if stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                            waiting.append(entry.path)
                        elif entry.path in self._own:
                            ours += 1
                        elif entry.name not in self._notes and not entry.path.endswith(_DOWNLOAD_MARKS):
                            return False
            except OSError as error:
                raise CannotRemove(said("clear away"), top, reason_of(error)) from error
        return ours > 0
