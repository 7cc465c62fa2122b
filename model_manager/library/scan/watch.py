"""The folders watched: added, ignored, moved and removed by the user, and whether they are there (`finding`: by tools)."""

from __future__ import annotations

import errno
import os
import threading

from model_manager.base import reach
from model_manager.base.errors import ModelManagerError, UsageError, reason_of
from model_manager.base.messages import said
from model_manager.base.settings import SettingsFile
from model_manager.base.spelling import as_listed
from model_manager.base.text import _, given_paths
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, places, roots
from model_manager.catalog.roots import RootRow
from model_manager.stores.tool_facts import TOOLS

ANSWER_WITHIN = 10.0
"""Seconds after which a root that does not answer is said not to."""


def must_be_meant(path: str) -> None:
    """Refuses a folder that takes in everything: every tool's store and every other drive would be read as plain files."""
    path, home = reach.realpath(os.path.abspath(os.path.expanduser(path))), reach.realpath(os.path.expanduser("~"))
    if path == home or home.startswith(path.rstrip(os.sep) + os.sep):
        raise ModelManagerError(
            said("watch"), path, said("your whole home lies in it, with much that is no model"),
            said("name the folder that has your models; if you mean all of it, give --whole in the terminal"),
        )  # fmt: skip


def add_root(database: Database, path: str, tool: str = "folder") -> RootRow:
    """Adds a folder of the user's own. Raises ModelManagerError when there is no such folder."""
    path = os.path.abspath(os.path.expanduser(path))
    _must_answer(said("watch"), path)
    if not os.path.isdir(path):
        raise ModelManagerError(said("watch"), path, said("there is no such folder"), said("check the path"))
    path = as_listed(path, Volumes())
    with database.read() as tx:
        known = next((one for one in roots.every(tx) if reach.realpath(one.path) == reach.realpath(path)), None)
    with database.write_words() as tx:
        keep = known is not None and tool != "store" and not known.details.get("shared")
        id_ = known.id if known and keep else roots.add(tx, tool, known.path if known else path, "user", {})
        roots.update(tx, id_, ignored=0)
    return _one(database, id_)


def remove_root(database: Database, id_: str) -> tuple[RootRow, set[int]]:
    """Stops watching a folder: nothing on disk changes. A folder that a tool names is ignored instead, or it would
    come back with the next scan."""
    root = named(database, id_)
    with database.write_words() as tx:
        if root.found_by == "user":
            touched = set(roots.remove(tx, root.id))
        else:
            touched = places.remove(tx, [place.id for place in places.of_root(tx, root.id).values()])
            roots.update(tx, root.id, ignored=1, state="ignored")
        touched |= places.mark_gone(tx, ())
    return root, touched


def ignore_root(database: Database, id_: str) -> set[int]:
    """Hides a root and its models until it is added again."""
    root = named(database, id_)
    with database.write_words() as tx:
        touched = places.remove(tx, [place.id for place in places.of_root(tx, root.id).values()])
        roots.update(tx, root.id, ignored=1, state="ignored")
        return touched | places.mark_gone(tx, ())


def move_root(database: Database, id_: str, path: str) -> RootRow:
    """Says that a folder is elsewhere now (a drive with another mount point). Its models keep their ids."""
    root = named(database, id_)
    path = os.path.abspath(os.path.expanduser(path))
    _must_answer(said("move a root to"), path)
    if not os.path.isdir(path):
        raise ModelManagerError(said("move a root to"), path, said("there is no such folder"), said("check the path"))
    with database.write_words() as tx:
        roots.update(tx, root.id, path=path, found_by="user", state="online")
    return _one(database, root.id)


def named(database: Database, id_: str) -> RootRow:
    """A root by its id (`r3`) or path. Raises UsageError when there is none."""
    with database.read() as tx:
        paths = given_paths(id_)
        for root in roots.every(tx):
            if id_ == f"r{root.id}" or root.path in paths:
                return root
    raise UsageError(
        said("find the root"), id_, said("no root has this id or path"), said("`model-manager roots` lists them")
    )


def _must_answer(verb: str, path: str) -> None:
    try:
        reach.must_answer(path)
    except OSError as error:
        raise ModelManagerError(verb, path, reason_of(error), said("connect it, then try again")) from error


def _one(database: Database, id_: int) -> RootRow:
    with database.read() as tx:
        return next(root for root in roots.every(tx) if root.id == id_)


def state_of(root: RootRow, volumes: Volumes, database: Database) -> tuple[str, bool]:
    """(state, writable) of a root, looked at with patience but never longer than ten seconds.

    A mount point that is empty because its drive is unplugged lies on another volume than the root did: offline.
    """
    if reach.silent_mount(root.path):
        return ("not-answering", False)
    answer: list[tuple[str, bool]] = []

    def ask() -> None:
        try:
            stat = os.stat(root.path)
            os.listdir(root.path)
            answer.append(("online", os.access(root.path, os.W_OK)))
        except OSError as error:
            answer.append((_state(error), False))
            return
        if _another_volume_and_empty(root, volumes.of(root.path, stat.st_dev).name, database):
            answer[0] = ("offline", False)

    if not is_slow(root.path, volumes):
        ask()
    else:
        thread = threading.Thread(target=ask, daemon=True, name=f"look at {root.path}")
        thread.start()
        thread.join(ANSWER_WITHIN)
    return answer[0] if answer else ("not-answering", False)


def silent_roots(database: Database) -> list[tuple[str, str]]:
    """(root, mount) of the folders watched that lie on a mount which does not answer now."""
    with database.read() as tx:
        watched = [root.path for root in roots.every(tx) if not root.ignored]
    return [(path, mount) for path in watched if (mount := reach.silent_mount(path))]


_SLOW = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "glusterfs", "davfs", "autofs", "fuse.")
"""How the names of file systems begin that may not answer."""


def is_slow(path: str, volumes: Volumes) -> bool:
    """Whether a path lies, by its name, on a file system that may not answer; nothing is asked of it."""
    mount = volumes.mount_of(path)
    return mount is not None and (mount.kind.startswith(_SLOW) or mount.kind == "fuse")


def real_of(path: str, volumes: Volumes) -> str:
    """The real path, as its folders spell it; where asking might hang, the path without `..` and double slashes."""
    return os.path.normpath(path) if is_slow(path, volumes) else as_listed(reach.realpath(path), volumes)


def _state(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "denied"
    return "not-answering" if error.errno in (errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EIO) else "offline"


def _another_volume_and_empty(root: RootRow, volume: str, database: Database) -> bool:
    if root.volume is None:
        return False
    with database.read() as tx:
        before = roots.volume_name(tx, root.volume)
    return bool(before) and before != volume and not os.listdir(root.path)


def was_deleted(root: RootRow, volumes: Volumes, database: Database) -> bool:
    """Whether a root that is not there was removed, not unplugged: what is left of its path is on its own volume."""
    if root.volume is None or root.found_by == "user":
        return False
    parent = root.path
    while not os.path.isdir(parent):
        parent = os.path.dirname(parent)
    try:
        volume = volumes.of(parent, os.stat(parent).st_dev).name
    except OSError:
        return False
    with database.read() as tx:
        return roots.volume_name(tx, root.volume) == volume


def label_of(tool: str) -> str:
    """A tool's name for people."""
    return _(TOOLS[tool].label) if tool in TOOLS else tool


def set_base_path(database: Database, settings: SettingsFile, path: str) -> RootRow:
    """Makes a folder the base path: a root whose category folders count as evidence. Nothing is moved."""
    root = add_root(database, path, "store")
    settings.values.base_path = root.path
    settings.save()
    return root
