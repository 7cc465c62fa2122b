"""The program's own health."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from dataclasses import dataclass

from model_manager import __version__
from model_manager.base import libraries, units
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.frozen import is_frozen
from model_manager.base.messages import joined, said
from model_manager.base.ownership import folder_not_ours
from model_manager.base.paths import OwnPaths
from model_manager.base.settings import SettingsFile
from model_manager.base.text import later, shown
from model_manager.base.volumes import mount_point
from model_manager.catalog import Database
from model_manager.catalog.damage import DatabaseError
from model_manager.operations import Operation
from model_manager.operations.held import unsettled
from model_manager.operations.journal import Journal
from model_manager.operations.trash_folders import home_trash

_LITTLE = 200 * 10**6


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: `detail` says what was found and, when it is not ok, what to do."""

    name: str
    ok: bool
    detail: str


def checks(paths: OwnPaths, database: Database, settings: SettingsFile) -> list[Check]:
    return [
        Check(said("program"), True, said("Model Manager {0}, Python {1}", __version__, sys.version.split()[0])),
        _window(),
        *(_library(name, version) for name, version in libraries.installed()),
        _catalogue(paths, database),
        *_damaged(paths, database),
        _words(database),
        *([Check(said("settings"), False, settings.damaged)] if settings.damaged else []),
        _folder(paths, database),
        _space(paths),
        _trash(),
        *_unsettled(paths),
    ]


def _window() -> Check:
    if importlib.util.find_spec("tkinter") is None or importlib.util.find_spec("_tkinter") is None:
        return Check(
            said("window"),
            False,
            said("Tk is missing: install python3-tk (Debian), python3-tkinter (Fedora) or tk (Arch)"),
        )
    display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return Check(
        said("window"),
        True,
        (said("Tk is there") if display or sys.platform != "linux" else said("Tk is there; no display here")),
    )


def _library(name: str, version: str | None) -> Check:
    if version is not None:
        return Check(name, True, version)
    if is_frozen():
        return Check(name, True, said("left out of the packed program, which does without it"))
    return Check(name, False, said("not installed: run `python3 packaging/start.py` again"))


def _catalogue(paths: OwnPaths, database: Database) -> Check:
    if database.looking_only:
        return Check(
            said("catalogue"),
            False,
            said("it cannot be written ({0}): nothing new is kept; {1}", database.looking_only, database.way_out),
        )
    try:
        answer = database.integrity()
    except ModelManagerError as error:
        return Check(said("catalogue"), False, str(error))
    except (OSError, DatabaseError) as error:
        return Check(
            said("catalogue"),
            False,
            said("{0} is damaged and cannot be replaced: {1}", paths.catalogue, reason_of(error)),
        )
    if answer != "ok":
        return Check(
            said("catalogue"),
            False,
            said("{0}: it is begun anew; `model-manager scan` finds your models again", answer),
        )
    if database.read_only:
        return Check(
            said("catalogue"), False, said("a newer Model Manager wrote {0}: it can only be looked at", paths.catalogue)
        )
    return Check(said("catalogue"), True, str(paths.catalogue))


def _damaged(paths: OwnPaths, database: Database) -> list[Check]:
    """What was damaged until whoever reads this has deleted what was kept of it."""
    found = []
    for one in database.damages.every():
        sentence = one.sentence(str(paths.data))
        if one.kept:
            sentence = joined("; ", [sentence, later("delete that file once you miss nothing")])
        found.append(Check(said("damaged catalogue"), False, sentence))
    return found


def _words(database: Database) -> Check:
    """The file of the user's own words, which outlives the catalogue."""
    why = database.unsaved or ("" if database.looking_only else database.words.problem())
    if why:
        return Check(
            said("your words"),
            False,
            said("{0} cannot be used ({1}): they are in the catalogue alone", database.words.path, why),
        )
    return Check(said("your words"), True, str(database.words.path))


def _folder(paths: OwnPaths, database: Database) -> Check:
    if why := folder_not_ours(str(paths.data)) or folder_not_ours(str(paths.journal)):
        return Check(
            said("data folder"),
            False,
            said("{0}; until then nothing on your disk is changed from what lies there", why),
        )
    ok = os.access(paths.data, os.W_OK) and not database.looking_only
    return Check(
        said("data folder"),
        ok,
        said("{0}", paths.data) if ok else said("{0} cannot be written: check its owner", paths.data),
    )


def _space(paths: OwnPaths) -> Check:
    try:
        free = shutil.disk_usage(paths.data).free
    except OSError as error:
        return Check(said("free space"), False, reason_of(error))
    if free > _LITTLE:
        return Check(said("free space"), True, units.size(free))
    point = mount_point(str(paths.data))
    return Check(
        said("free space"), False, said("{0} on {1}: too little for the catalogue to grow", units.size(free), point)
    )


def _trash() -> Check:
    folder = os.path.dirname(home_trash())
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    ok = os.access(folder, os.W_OK)
    return Check(
        said("trash"),
        ok,
        said("the system trash can be used") if ok else said("{0} cannot be written: the trash cannot be used", folder),
    )


def _unsettled(paths: OwnPaths) -> list[Check]:
    """Changes that were interrupted and could be neither finished nor put back yet."""
    return [
        Check(said("interrupted change"), False, said(
            "{0}: {1}; until it is settled, nothing that it touches is called unused", shown(one.plan.title), _why_stuck(one)))
        for one in unsettled(Journal(str(paths.journal))) if one.halves
    ]  # fmt: skip


def _why_stuck(operation: Operation) -> str:
    return next((step.problem for step in operation.steps if step.problem), later("it was interrupted"))
