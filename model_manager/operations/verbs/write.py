"""Writes a small file whole: a manifest, a settings file. On undo the old text returns, with its times.

`how["text"]` is the new content in base64. A name never shows half of it: it is written aside and renamed.
"""

from __future__ import annotations

import base64
import binascii
import errno
import os
import stat
import time
from collections.abc import Callable
from dataclasses import replace

from model_manager.base.messages import figure, said
from model_manager.operations.disk import looks_from
from model_manager.operations.identity import Identity, identity_to_record
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import (
    Note,
    Side,
    Site,
    bring_in,
    has_again,
    identity_in,
    must_be,
    must_be_real,
    settle_swap,
    text_in,
)

LIMIT = 1 << 20
"""Bytes of a file that is written: the old text goes into the journal."""


def check(site: Site, step: Step) -> Facts:
    """The file is what was planned and small, or the name is free."""
    must_be_real(site, step.path)
    _new_text(step)
    found = site.look(step.path)
    if found is None:
        parent = site.identity(os.path.dirname(step.path))
        if step.identity is not None or parent is None:
            raise Refused(said("it is not there any more"))
        return {"at": step.path, "volume": parent.volume}
    if not stat.S_ISREG(found.st_mode):
        raise Refused(said("this is no file"))
    identity = must_be(site, step.path, found, step.identity)
    try:
        old = site.disk.read(step.path, LIMIT)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise Refused(said("it is too large to be kept for undo")) from None
        raise
    return {
        "at": step.path,
        "volume": identity.volume,
        "seen": identity_to_record(identity),
        "old": base64.b64encode(old).decode(),
        "looks": site.disk.looks(step.path).record(),
    }


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: the old text or the new one."""
    path = text_in(facts, "at")
    aside = site.aside(path, step)
    old = looks_from(facts.get("looks")) if "looks" in facts else None
    site.disk.write_new(aside, _new_text(step), 0o600 if old else 0o644)
    if old is not None:
        now = time.time_ns()
        site.disk.dress(aside, replace(old, atime_ns=now, mtime_ns=now))
    made = site.identity(aside)
    if made is None:
        raise Refused(said("the new text was removed while it was written"))
    note({"made": identity_to_record(made)})
    if old is None:
        try:
            site.disk.rename(aside, path)
        except FileExistsError:
            raise Refused(said("something of this name is there now")) from None
        return
    bring_in(site, aside, path, _is(site, identity_in(facts, "seen")))


def undo(site: Site, step: Step, facts: Facts) -> None:
    """The old text, mode and times again; a file that was new is removed. Not if it changed since."""
    path, made = text_in(facts, "at"), identity_in(facts, "made")
    site.must_be_connected(path, facts.get("volume"))
    must_be_real(site, path)
    there = site.identity(path)
    if "old" not in facts:
        if there is None:
            return
        if there != made:
            raise Refused(said("it was changed since, it stays"))
        site.disk.remove(path)
        return
    if there is None or there != made:
        raise Refused(said("it was changed since, it stays"))
    aside, ready = _names_on_undo(site, step, path)
    site.clear(aside)
    looks = looks_from(facts.get("looks"))
    try:
        old = base64.b64decode(text_in(facts, "old"), validate=True)
    except binascii.Error:
        raise OSError(errno.EINVAL, said("the journal does not have the old text")) from None
    site.disk.write_new(aside, old)
    site.disk.dress(aside, looks)
    site.disk.rename(aside, ready)
    bring_in(site, ready, path, _is(site, made))


def ready(site: Site, step: Step, facts: Facts) -> None:
    """Raises Refused where undo could not bring the old text back."""
    there = site.identity(text_in(facts, "at"))
    if there != identity_in(facts, "made") and not ("old" not in facts and there is None):
        raise Refused(said("it was changed since, it stays"))


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when the new text has the name."""
    path, made = text_in(facts, "at"), identity_in(facts, "made")
    site.must_be_connected(path, facts.get("volume"))
    is_new, is_old = _is(site, made), has_again(site, identity_in(facts, "seen"))
    aside, ready = _names_on_undo(site, step, path)
    site.clear(aside)
    settle_swap(site, ready, path, is_new, is_old)
    settle_swap(site, site.aside(path, step), path, is_old, is_new)
    site.sync_parent(path)
    return "done" if made is not None and site.identity(path) == made else "undone"


def _names_on_undo(site: Site, step: Step, path: str) -> tuple[str, str]:
    """Names of ours beside `path`: of the old text while it is written, and once it is whole."""
    aside = site.aside(path, step)
    return f"{aside}-back", f"{aside}-ready"


def _is(site: Site, wanted: Identity | None) -> Callable[[str], bool]:
    return lambda path: wanted is not None and site.identity(path) == wanted


def _new_text(step: Step) -> bytes:
    try:
        text = base64.b64decode(step.how.get("text", "?"), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(said("the plan does not say what to write")) from None
    if len(text) > LIMIT:
        raise Refused(said("more than {0} bytes are not written like this", figure(LIMIT)))
    return text
