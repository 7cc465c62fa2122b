"""Makes `path` lead to the bytes of `target`: a hard link, a symbolic link, or shared blocks.

What lies at `path` is a copy that is replaced, or nothing. A copy goes only after proof: hashes that were
read while both had these very change times, else both are read now and compared. `how` holds `kind`
(hard, symbolic, reflink), the `keeper`'s identity, and from the proof `ctime` and `keeper_ctime`.
With `reflink` the kernel compares, the inode stays, and there is nothing to put back.
"""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping

from model_manager.operations.disk import looks_from
from model_manager.operations.identity import Identity, identity_from_record, identity_of, identity_to_record
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.verb import (
    Note,
    Refused,
    Side,
    Site,
    identity_in,
    must_be,
    must_be_real,
    text_in,
)
from model_manager.operations.verbs.copy import must_have_room

KINDS = ("hard", "symbolic", "reflink")


def check(site: Site, step: Step) -> Facts:
    """Keeper and copy are what was planned, their bytes are proven equal, and no tool loses access."""
    keeper, kind = step.target or "", step.how.get("kind", "")
    if kind not in KINDS:
        raise Refused(f"there is no link of the kind {kind!r}")
    must_be_real(site, keeper)
    must_be_real(site, step.path)
    kept = site.look(keeper)
    if kept is None or not stat.S_ISREG(kept.st_mode):
        raise Refused(f"the file to keep, {keeper}, is not there")
    identity = must_be(site, keeper, kept, _keeper_planned(step.how))
    facts: dict[str, object] = {"at": step.path, "keeper": identity_to_record(identity), "volume": identity.volume}
    found = site.look(step.path)
    if found is None:
        if step.identity is not None or kind == "reflink":
            raise Refused("it is not there any more")
        parent = site.identity(os.path.dirname(step.path))
        return facts | {"volume": parent.volume if parent else ""}
    if not stat.S_ISREG(found.st_mode):
        raise Refused("only a file is replaced by a link")
    seen = must_be(site, step.path, found, step.identity)
    if (found.st_dev, found.st_ino) == (kept.st_dev, kept.st_ino):
        raise Refused("both are one file already")
    _must_stay_readable(kind, kept, found)
    if kind != "reflink" and not _proven(site, step, kept, found):
        _compare(site, step.path, keeper)
    looks = site.disk.looks(step.path)
    return facts | {"volume": seen.volume, "seen": identity_to_record(seen), "looks": looks.record()}


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: the copy, or the link; with shared blocks, some of them."""
    path, keeper, kind = text_in(facts, "at"), step.target or "", step.how["kind"]
    if kind == "reflink":
        _share(site, keeper, path)
        return
    aside, before = site.aside(path, step), site.look(keeper)
    if kind == "hard":
        site.disk.hard_link(keeper, aside)
    else:
        site.disk.symbolic_link(keeper, aside)
    made = site.identity(aside)
    if made is None:
        raise Refused("the link was removed while it was made")
    note({"made": identity_to_record(made)})
    _come_in(site, aside, path, identity_in(facts, "seen"))
    site.ctimes[keeper] = site.disk.lstat(keeper).st_ctime_ns
    site.tell(keeper, before)


def undo(site: Site, step: Step, facts: Facts) -> None:
    """A private copy again, with all that the first had; a link that replaced nothing is removed."""
    path, made = text_in(facts, "at"), identity_in(facts, "made")
    if step.how.get("kind") == "reflink":
        return
    site.must_be_connected(path, facts.get("volume"))
    there = site.identity(path)
    if made is None or (there is not None and not made.is_same_thing(there)):
        raise Refused("what is there now is not the link that was made, it stays")
    if "looks" not in facts:
        if there is not None:
            site.disk.remove(path)
        return
    if there is None:
        raise Refused("the link is not there any more")
    _make_private(site, step, path, facts)


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when the link has the name; what lies aside never came to it."""
    path, made = text_in(facts, "at"), identity_in(facts, "made")
    site.must_be_connected(path, facts.get("volume"))
    site.clear(site.aside(path, step))
    site.sync_parent(path)
    return "done" if made is not None and made.is_same_thing(site.identity(path)) else "undone"


def _keeper_planned(how: Mapping[str, str]) -> Identity | None:
    try:
        return identity_from_record(json.loads(how.get("keeper", "")))
    except ValueError:
        return None


def _proven(site: Site, step: Step, kept: os.stat_result, found: os.stat_result) -> bool:
    """Whether hashes were read of both as they are now: a change time cannot be set back."""
    keeper_ctime = site.ctimes.get(step.target or "")
    untouched = str(kept.st_ctime_ns) == step.how.get("keeper_ctime") or kept.st_ctime_ns == keeper_ctime
    return untouched and str(found.st_ctime_ns) == step.how.get("ctime")


def _compare(site: Site, path: str, keeper: str) -> None:
    if not site.disk.same_bytes(path, keeper, site.worked):
        raise Refused("the two files are not the same: nothing was replaced")


def _must_stay_readable(kind: str, kept: os.stat_result, found: os.stat_result) -> None:
    """A link has the keeper's owner and mode: whoever could read the copy must be able to read that."""
    if kind == "reflink" or os.name == "nt":
        return
    same_owner = (kept.st_uid, kept.st_gid) == (found.st_uid, found.st_gid)
    lost = stat.S_IMODE(found.st_mode) & 0o444 & ~stat.S_IMODE(kept.st_mode)
    if lost or (not same_owner and not kept.st_mode & stat.S_IROTH):
        raise Refused("a tool that can read this copy could not read the file that is kept")


def _share(site: Site, keeper: str, path: str) -> None:
    try:
        site.disk.share_extents(keeper, path, site.worked)
    except OSError as error:
        if error.errno == errno.EILSEQ:
            raise Refused("the two files are not the same: nothing was shared") from None
        if error.errno in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV):
            raise Refused("this file system cannot share blocks between files") from None
        raise


def _come_in(site: Site, aside: str, path: str, seen: Identity | None) -> None:
    """Puts the link in the place of the copy, which is looked at once more."""
    if seen is None:
        try:
            site.disk.rename(aside, path)
        except FileExistsError:
            raise Refused("something of this name is there now") from None
        return
    found = site.look(path)
    if found is None or identity_of(path, found, site.volumes) != seen:
        raise Refused("the copy changed in the last moment, it stays")
    site.disk.replace(aside, path)


def _make_private(site: Site, step: Step, path: str, facts: Facts) -> None:
    """Copies what the link leads to, if that is still what was linked."""
    source = path if step.how["kind"] == "hard" else step.target or ""
    found = site.look(source)
    if found is None or identity_of(source, found, site.volumes) != identity_in(facts, "keeper"):
        raise Refused("the file that is shared changed since, so no copy of the old one can be made")
    must_have_room(site, path, found.st_size)
    aside = site.aside(path, step)
    site.clear(aside)
    site.disk.copy(source, aside, site.worked)
    if not site.disk.same_bytes(source, aside, site.worked):
        raise OSError(errno.EIO, f"the copy beside {path} is not what was written")
    site.disk.dress(aside, looks_from(facts.get("looks")))
    keeper = step.target or ""
    before = site.look(keeper)
    site.disk.replace(aside, path)
    site.tell(keeper, before)
