"""Moves a thing into the trash of its own volume, and on undo back: a rename, never a copy.

`target` is a trash folder of the freedesktop specification (files/ and info/), or a folder of ours laid
out the same way where a volume can have no trash. What lies there keeps its inode. `how["fresh"]` marks
a blob of Ollama: its start deletes unreferenced blobs older than an hour, so on the way back the time is
now, and the old one returns once the manifest is there (ollama: server/images.go PruneLayers). Without
a `target` the system's own trash takes it (macOS, Windows), which does not say where: no undo by us.
"""

from __future__ import annotations

import errno
import os
import stat
import time
import urllib.parse

from model_manager.base.messages import said
from model_manager.operations.identity import Identity, identity_to_record, is_as_left, is_named_by_content
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.pooled import come_back, rename_once
from model_manager.operations.refusal import Refused
from model_manager.operations.remounted import remounted
from model_manager.operations.verb import (
    Note,
    Side,
    Site,
    identity_in,
    make_parents,
    must_be_real,
    planned,
    still_is,
    text_in,
)

_NAME_MAX = 255 - len(".trashinfo")


def check(site: Site, step: Step) -> Facts:
    """It is what was planned, its trash lies on the same volume, and a name is free there."""
    identity = planned(site, step)
    if step.target is None:
        return {"at": step.path, "seen": identity_to_record(identity)}
    trash = step.target
    if not site.connected(trash, identity.volume):
        raise Refused(said("the trash {0} is not on the volume of this file", trash))
    for folder in _folders(step):
        there = site.look(folder)
        if there is not None and not stat.S_ISDIR(there.st_mode):
            raise Refused(
                said("{0} is a link or a file, where the trash should have a folder: nothing was moved", folder)
            )
    looks = site.disk.looks(step.path)
    return {
        "at": step.path,
        "seen": identity_to_record(identity),
        "name": _free_name(site, trash, os.path.basename(step.path)),
        "times": [looks.atime_ns, looks.mtime_ns],
    }


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: nothing, a note in the trash without its thing, or both."""
    if step.target is None:
        site.disk.system_trash(text_in(facts, "at"))
        return
    path, kept, info = _paths(step, facts)
    missing = [folder for folder in _folders(step) if site.look(folder) is None]
    if missing:
        note({"folders": missing})
    for folder in missing:
        _make_private(site, folder)
    try:
        site.disk.write_new(info, _info_text(path))
        rename_once(site, step, path, kept)
    except FileExistsError:
        raise Refused(said("something of this name came into the trash: try again")) from None
    except OSError as error:
        if error.errno == errno.EXDEV:
            raise Refused(said("it cannot be moved into the trash without a copy")) from None
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Refused(
                said("the volume of {0} is full, there is no room for a note: delete it for good", step.target)
            ) from None
        raise
    _must_be_planned(site, path, kept, info, facts)


def _must_be_planned(site: Site, path: str, kept: str, info: str, facts: Facts) -> None:
    """What came to the name between the last look and the move goes back at once: it is not what was to go."""
    if still_is(site, kept, identity_in(facts, "seen")):
        return
    try:
        site.rename(kept, path)
    except FileExistsError:
        raise Refused(said("something else came to its name in the last moment; it is kept as {0}", kept)) from None
    site.clear(info)
    raise Refused(said("something else came to its name in the last moment: it stays"))


def undo(site: Site, step: Step, facts: Facts) -> None:
    """Back to its name, if that is free. Killed: in the trash or back."""
    seen = identity_in(facts, "seen")
    if step.target is None:
        raise Refused(said("the system's trash has it: put it back there"))
    if seen is None:
        raise OSError(errno.EINVAL, said("the journal does not say what was moved"))
    path, kept, info = _paths_now(site, step, facts)
    site.must_be_connected(path, seen.volume)
    must_be_real(site, path)
    if not _is_as_left(site, step, kept, seen):
        if not _is_as_left(site, step, path, seen):
            if site.look(kept) is not None:
                raise Refused(
                    said("something else, or changed since, lies in the trash under its name: it stays there")
                )
            raise Refused(said("it is not in the trash any more: it was emptied or taken out of it"))
        if site.look(kept) is None:
            site.clear(info)
        _clear_folders(site, step, facts)
        return
    if site.look(path) is not None:
        raise Refused(said("something else has its name now; it stays in the trash"))
    make_parents(site, path)
    if step.how.get("fresh"):
        site.disk.set_times(kept, time.time_ns(), time.time_ns())
    try:
        site.rename(kept, path)
    except FileExistsError:
        raise Refused(said("something else has its name now; it stays in the trash")) from None
    site.clear(info)
    _clear_folders(site, step, facts)


def ready(site: Site, step: Step, facts: Facts) -> None:
    """Raises Refused where undo could not bring it back, or it is not back already."""
    seen = identity_in(facts, "seen")
    if step.target is None or seen is None:
        return
    path, kept, _info = _paths_now(site, step, facts)
    site.must_be_connected(path, seen.volume)
    if _is_as_left(site, step, path, seen):
        return
    if not _is_as_left(site, step, kept, seen):
        raise Refused(said("it is not in the trash any more: it was emptied or taken out of it"))
    there = site.look(path)
    if there is not None and not (is_named_by_content(path) and there.st_size == seen.size):
        raise Refused(said("something else has its name now; it stays in the trash"))


def _is_as_left(site: Site, step: Step, path: str, seen: Identity) -> bool:
    """Whether it is what was moved: an inode number is given to the next file once the trash was emptied."""
    found = site.identity(path)
    return found is not None and is_as_left(seen, path, found, timeless=bool(step.how.get("fresh")))


def settle(site: Site, step: Step, facts: Facts) -> None:
    """Gives a fresh blob its old time back, now that its manifest is there."""
    times, seen = _times_in(facts), identity_in(facts, "seen")
    if not step.how.get("fresh") or times is None or seen is None:
        return
    path = _paths_now(site, step, facts)[0] if step.target is not None else text_in(facts, "at")
    if seen.is_same_thing(site.identity(path)):
        site.disk.set_times(path, *times)
        site.disk.sync_file(path)


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when it lies in the trash; a note there without its thing is ours to remove."""
    seen = identity_in(facts, "seen")
    if step.target is None:
        return "done" if site.look(text_in(facts, "at")) is None else "undone"
    path, kept, info = _paths_now(site, step, facts)
    site.must_be_connected(path, seen.volume if seen else None)
    for place in (path, kept):
        site.sync_parent(place)
    if seen is not None and seen.is_same_thing(site.identity(kept)):
        return "done"
    come_back(site, step, path)
    site.clear(info)
    _clear_folders(site, step, facts)
    return "undone"


def _paths(step: Step, facts: Facts) -> tuple[str, str, str]:
    """Where it was, where it lies in the trash, and the note beside it."""
    trash, name = step.target or "", text_in(facts, "name")
    if os.path.basename(name) != name or name in ("", ".", ".."):
        raise OSError(errno.EINVAL, said("its journal cannot be understood"))
    return (
        text_in(facts, "at"),
        os.path.join(trash, "files", name),
        os.path.join(trash, "info", name + ".trashinfo"),
    )


def _paths_now(site: Site, step: Step, facts: Facts) -> tuple[str, str, str]:
    """The same, where its volume is mounted now: what was put into its trash at one place may come back at another."""
    path, kept, info = _paths(step, facts)
    seen = identity_in(facts, "seen")
    if seen is None or site.connected(os.path.dirname(path), seen.volume):
        return path, kept, info
    now = remounted(path, kept, seen, site.volumes, bool(step.how.get("fresh")))
    if now is None:
        return path, kept, info
    trash = os.path.dirname(os.path.dirname(now[1]))
    return now[0], now[1], os.path.join(trash, "info", os.path.basename(info))


def _folders(step: Step) -> tuple[str, str, str]:
    """The trash and its two folders, the outer one first."""
    trash = step.target or ""
    return trash, os.path.join(trash, "files"), os.path.join(trash, "info")


def _clear_folders(site: Site, step: Step, facts: Facts) -> None:
    """Removes the folders of a trash that this step made, where nothing else has come into them."""
    made = facts.get("folders")
    for folder in reversed(_folders(step)):
        # Of a folder that is not there a read-only volume says EROFS, not that it is gone.
        if not isinstance(made, list) or folder not in made or site.look(folder) is None:
            continue
        try:
            site.disk.remove_folder(folder)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                raise


def _times_in(facts: Facts) -> tuple[int, int] | None:
    """When it was last read and written, in nanoseconds; None where the journal does not say."""
    times = facts.get("times")
    if not isinstance(times, list) or len(times) != 2 or not all(isinstance(time_ns, int) for time_ns in times):
        return None
    return times[0], times[1]


def _free_name(site: Site, trash: str, name: str) -> str:
    """A name that neither files/ nor info/ has, short enough for its note to have one too."""
    short = os.fsdecode(os.fsencode(name)[: _NAME_MAX - 8])
    for count in range(1, 10_000):
        tried = short if count == 1 else f"{short}.{count}"
        taken = (os.path.join(trash, "files", tried), os.path.join(trash, "info", tried + ".trashinfo"))
        if all(site.look(path) is None for path in taken):
            return tried
    raise Refused(said("the trash holds too many things of this name: empty it"))


def _info_text(path: str) -> bytes:
    """The note of the specification. In a trash of a volume the path may be absolute too; ours always is."""
    when = time.strftime("%Y-%m-%dT%H:%M:%S")
    return f"[Trash Info]\nPath={urllib.parse.quote(os.fsencode(path))}\nDeletionDate={when}\n".encode("ascii")


def _make_private(site: Site, folder: str) -> None:
    make_parents(site, folder)
    site.disk.make_folder(folder, 0o700)
