"""RamaLama: where its store is, and the models that the records of its tags name.

Source: containers/ramalama (2026-08) ramalama/config.py; the layout stands in `layout`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator

from model_manager.base.facts import Health
from model_manager.base.messages import counted, said
from model_manager.base.text import later
from model_manager.stores.contract import Removal, Store
from model_manager.stores.discovered import FoundFile, FoundModel, FoundRoot, Leftover, Source, on_disk
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList
from model_manager.stores.host.settings_file import text_settings
from model_manager.stores.ramalama import removal as ramalama_removal
from model_manager.stores.ramalama.layout import (
    REFS,
    UNFINISHED,
    Ref,
    RefFile,
    blob_path,
    blobs_folder,
    is_blob,
    name_of,
    repository_of,
    sha256_of,
    snapshot_path,
    title_of,
    transport_of,
)
from model_manager.stores.ramalama.refs import Refs, refs_of
from model_manager.stores.walk.running_downloads import FRESH, PULLED, is_younger
from model_manager.stores.walk.store_reader import StoreReader, forbidden, is_folder

TOOL = "ramalama"
_SERVICE = "/var/lib/ramalama"
_DEEPEST = 12
"""Levels of an organisation: that of a web address has as many as its path."""


def find(env: Env) -> Iterator[FoundRoot]:
    """RAMALAMA_STORE, `store` of ramalama.conf, the default, and the one of programs that run as root."""
    roots = RootList(TOOL, env)
    for path in (env.variable("RAMALAMA_STORE"), *_configured(env)):
        if path:
            yield from roots.take(os.path.join(path, "store"), "config")
    data = env.environ.get("XDG_DATA_HOME") or env.path(".local", "share")
    yield from roots.take(os.path.join(data, "ramalama", "store"), "default")
    if env.system == "linux":
        yield from roots.take(os.path.join(_SERVICE, "store"), "default")


def _configured(env: Env) -> Iterator[str]:
    """What its settings name, those of the user first: they are read last, and win (config.py load_file_config)."""
    chosen = env.variable("RAMALAMA_CONFIG")
    config = env.environ.get("XDG_CONFIG_HOME") or env.path(".config")
    for path in (
        [chosen] if chosen else [os.path.join(config, "ramalama", "ramalama.conf"), "/etc/ramalama/ramalama.conf"]
    ):
        try:
            table = tomllib.loads(text_settings(path, env.say)).get("ramalama")
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            env.say(path, said("cannot be read as TOML: {0}", str(error)[:120]))
            continue
        store = table.get("store") if isinstance(table, dict) else None
        if isinstance(store, str):
            yield env.expand(store)


def describe(root: FoundRoot, reader: StoreReader) -> Iterator[FoundModel | Leftover]:
    """Every tag, then what no tag of its model names."""
    for folder in _folders(root.path, reader):
        refs = refs_of(folder)
        for record, ref in refs.read.items():
            reader.step()
            if found := _model(root.path, record, ref, reader):
                yield found
        yield from _leftovers(folder, refs, reader)


def _folders(store: str, reader: StoreReader) -> Iterator[str]:
    """The folders of models: those with records. Links are not followed, as RamaLama's own walk does not."""
    waiting = [(store, 0)]
    while waiting:
        folder, depth = waiting.pop()
        inner = [entry for entry in reader.entries(folder) if is_folder(entry, links=False)]
        if any(entry.name == REFS for entry in inner):
            yield folder
        elif depth < _DEEPEST:
            waiting += [
                (entry.path, depth + 1)
                for entry in reversed(inner)
                if not forbidden(entry.name) and entry.path not in reader.skip
            ]


def _model(store: str, record: str, ref: Ref, reader: StoreReader) -> FoundModel | None:
    stat = reader.stat(record)
    if stat is None:
        return None
    transport = transport_of(store, record)
    files, missing = [FoundFile(record, stat, "manifest", "record")], []
    for file in ref.files:
        if (found := _file(record, ref, file, transport, reader)) is not None:
            files.append(found)
        else:
            missing.append(file.name)
    if not any(file.role in ("weights", "projector") for file in ref.files):
        reader.problem(record, "record", said("it names no model file"))
        return None
    health = None
    if missing:
        health = Health(
            "incomplete",
            counted(
                "{0} of its files is missing: {1}",
                "{0} of its files are missing: {1}",
                len(missing),
                len(missing),
                ", ".join(missing[:3]),
            ),
        )
    repository = repository_of(store, record)
    return FoundModel(
        name=name_of(store, record),
        path=record,
        files=tuple(files),
        title=title_of(store, record),
        source=Source(transport, repository) if transport in ("huggingface", "ollama", "modelscope") else None,
        health=health,
        is_folder=any(file.name == "config.json" for file in ref.files),
    )


def _file(record: str, ref: Ref, file: RefFile, transport: str, reader: StoreReader) -> FoundFile | None:
    """A file of a model: its blob, which has the bytes; the snapshot's own file where only that is left."""
    folder = os.path.dirname(os.path.dirname(record))
    path = blob_path(folder, file.blob)
    if (stat := reader.stat(path)) is None:
        path = os.path.join(snapshot_path(folder, ref.snapshot), file.name)
        if (stat := reader.stat(path)) is None:
            return None
    digest = sha256_of(transport, file.blob)
    return FoundFile(path, stat, file.role, file.name, digest or None, "blob-name" if digest else None)


def _leftovers(folder: str, refs: Refs, reader: StoreReader) -> Iterator[Leftover]:
    """Downloads that did not end, blobs that no record names, and snapshots of no record that hold bytes of their own.

    None of these while a record cannot be read, or a download may be under way that is about to name them.
    """
    named = refs.blobs()
    kept: set[tuple[int, int]] = set()
    unnamed: list[tuple[str, os.stat_result, str]] = []
    pulled = False
    for entry in reader.entries(blobs_folder(folder)):
        stat = reader.stat(entry.path)
        if stat is None:
            continue
        if entry.name.endswith(UNFINISHED):
            pulled = pulled or is_younger(stat, PULLED)
            yield Leftover("partial", entry.path, stat.st_size, on_disk(stat), os.path.basename(folder))
        elif entry.name in named:
            kept.add((stat.st_dev, stat.st_ino))
        elif is_blob(entry.name):
            unnamed.append((entry.path, stat, later("no record of RamaLama names this blob")))
    for path, stat in ramalama_removal.in_old_snapshots(folder, refs):
        unnamed.append((path, stat, later("a snapshot that no record of RamaLama names")))
    if refs.doubts and (unnamed or not refs.read):
        path, why, _ = refs.doubts[0]
        reader.problem(path, "record", said("{0}; {1}", why, _UNKNOWN))
    if refs.doubts or pulled or blobs_folder(folder) in reader.unread:
        return
    for path, stat, why in unnamed:
        key = (stat.st_dev, stat.st_ino)
        if key not in kept and not is_younger(stat, FRESH):
            kept.add(key)
            yield Leftover("orphan", path, stat.st_size, on_disk(stat), why)


_UNKNOWN = later("nothing of this model is called unused until it can be read: repair it, and scan again")

STORE = Store(
    TOOL, find, describe,
    Removal(ramalama_removal.remove, ramalama_removal.remove_leftover, ramalama_removal.named_now),
)  # fmt: skip
STORES = (STORE,)
