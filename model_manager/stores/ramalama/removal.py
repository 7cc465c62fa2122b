"""How a model leaves RamaLama's store: its record, its names in the snapshot, then the blobs that no other tag names.

Source: containers/ramalama (2026-08) ramalama/model_store/store.py remove_snapshot, which counts users by the name of a
file. Here they are counted by the blob: two tags that call other bytes `model.gguf` each keep their own.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence

from model_manager.base.messages import said
from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.grouping.known_files import is_known
from model_manager.stores.host.env import Env
from model_manager.stores.parts import CannotRemove, Going, Part, Placed
from model_manager.stores.ramalama.layout import (
    BLOBS,
    SNAPSHOTS,
    Ref,
    blob_path,
    blobs_folder,
    folder_of,
    is_blob,
    refs_folder,
    snapshot_path,
)
from model_manager.stores.ramalama.refs import Refs, refs_of
from model_manager.stores.walk.running_downloads import FRESH, is_younger, must_not_be_fetched


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The records of these places first, so that no name is left without its files."""
    by_folder: dict[str, set[str]] = {}
    for place in places:
        by_folder.setdefault(folder_of(place.path), set()).add(place.path)
    for folder, records in by_folder.items():
        refs = _certain(folder)
        for path in sorted(records):
            if path not in refs.read:
                raise CannotRemove(
                    said("clear away"), path, said("this is no record of RamaLama any more"), said("scan again")
                )
            yield Going(path, said("RamaLama's record of it"))
        for path in sorted(records):
            yield from _files(folder, refs, refs.read[path], frozenset(records))


def _files(folder: str, refs: Refs, ref: Ref, going: frozenset[str]) -> Iterator[Part]:
    """Each file once: the names in its snapshot that no other tag shows, then its blobs that none names."""
    snapshot = snapshot_path(folder, ref.snapshot)
    blobs, shown = refs.blobs(without=going), ref.snapshot in refs.snapshots(without=going)
    names = {os.path.join(snapshot, file.name): file.blob for file in ref.files}
    for path, blob in sorted(names.items()):
        if os.path.lexists(path) and not (shown and blob in blobs):
            yield Going(path, said("its name in the snapshot: a further name of the same bytes"))
    for blob in sorted({file.blob for file in ref.files} - blobs):
        if os.path.lexists(path := blob_path(folder, blob)):
            yield Going(path, said("no other tag of this model names it"))


def remove_leftover(root: FoundRoot, leftover: Leftover, env: Env) -> Iterator[Part]:
    """A download that was given up, or bytes that no record names now, under each of their names."""
    must_not_be_fetched(leftover.path)
    if leftover.kind == "partial":
        yield Going(leftover.path, said("an unfinished download"))
        return
    folder = _model_folder(root.path, leftover.path)
    refs = _certain(folder)
    own = os.lstat(leftover.path)
    if is_younger(own, FRESH):
        raise CannotRemove(
            said("clear away"), leftover.path, said("it was written within the last hour: a pull may be about to name it"),
            said("try again in an hour"),
        )  # fmt: skip
    unnamed = dict(unnamed_in(folder, refs))
    if leftover.path not in unnamed:
        raise CannotRemove(
            said("clear away"), leftover.path, said("a model of RamaLama names it now"), said("scan again")
        )
    for path, found in unnamed.items():
        if (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino):
            yield Going(path, leftover.of if path == leftover.path else said("another name of the same bytes"))


def named_now(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    """Those of these files, which went a moment ago, that a record names now; a record that cannot be read may."""
    for path in sorted(gone):
        folder, name = os.path.split(path)
        if os.path.basename(folder) != BLOBS or os.path.lexists(path):
            continue
        model = os.path.dirname(folder)
        if not os.path.isdir(refs_folder(model)):
            continue
        refs = refs_of(model)
        if name in refs.blobs() or any(doubt.is_record for doubt in refs.doubts):
            yield path


def unnamed_in(folder: str, refs: Refs) -> Iterator[tuple[str, os.stat_result]]:
    """The blobs and the files of snapshots that no record names."""
    named = refs.blobs()
    for name in _names(blobs_folder(folder)):
        if is_blob(name) and name not in named and (found := _look_at(path := blob_path(folder, name))):
            yield path, found
    yield from in_old_snapshots(folder, refs)


def in_old_snapshots(folder: str, refs: Refs) -> Iterator[tuple[str, os.stat_result]]:
    """The model files in snapshots that no record names: an update leaves them, and they hold the bytes."""
    shown = refs.snapshots()
    for name in _names(os.path.join(folder, SNAPSHOTS)):
        if name in shown:
            continue
        for place, _folders, files in os.walk(snapshot_path(folder, name)):
            for file in filter(is_known, sorted(files)):
                found = _look_at(path := os.path.join(place, file))
                if found and stat.S_ISREG(found.st_mode):
                    yield path, found


def _names(folder: str) -> list[str]:
    """What lies in a folder; nothing where it cannot be read: what is not seen is not offered."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _look_at(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except OSError:
        return None


def _certain(folder: str) -> Refs:
    """The records of a model. CannotRemove while one of them may name what would go."""
    refs = refs_of(folder)
    if refs.doubts:
        path, why, _ = refs.doubts[0]
        raise CannotRemove(
            said("clear away"), path, said("what this record of RamaLama needs is not known: {0}", why),
            said("repair it, or remove the model with `ramalama rm`"),
        )  # fmt: skip
    return refs


def _model_folder(store: str, path: str) -> str:
    """The model's folder that a leftover lies in."""
    folder = os.path.dirname(path)
    while folder != store and not os.path.isdir(refs_folder(folder)):
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
    return folder
