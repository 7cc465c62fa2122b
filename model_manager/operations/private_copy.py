"""A shared file as a file of its own again: the bytes that were shared, or none."""

from __future__ import annotations

import errno
import hashlib

from model_manager.base.messages import said
from model_manager.operations.disk import looks_from
from model_manager.operations.identity import identity_of
from model_manager.operations.operation import Facts
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Site, identity_in
from model_manager.operations.verbs.copy import must_have_room


def write_copy(site: Site, step: Step, facts: Facts, source: str, aside: str, ready: str) -> None:
    """Makes `ready` what the copy was, from `source`, which has its bytes; another name of the same copy is linked to it.

    `aside` is the name while it is written. Raises Refused where it is not shown that these are the old bytes.
    """
    for name in (aside, ready):
        site.clear(name)
    twin = _twin_that_is_back(site, step, facts)
    if twin is not None:
        site.disk.hard_link(twin, ready)
        return
    found = site.look(source)
    if found is None or identity_of(source, found, site.volumes) != identity_in(facts, "keeper"):
        raise Refused(said("the file that is shared changed since, so no copy of the old one can be made"))
    is_sparse = facts.get("sparse") is True
    must_have_room(site, step.path, 512 * found.st_blocks if is_sparse else found.st_size)
    is_untouched = step.how["kind"] == "symbolic" and found.st_ctime_ns == facts.get("keeper_ctime")
    wanted = facts.get("sha256")
    if not wanted and not is_untouched:
        raise Refused(
            said(
                "it cannot be shown that {0} still has the bytes that were shared: nothing is copied, the link stays",
                source,
            )
        )
    site.disk.copy(source, aside, site.worked, is_sparse)
    mark = hashlib.sha256()
    if not site.disk.same_bytes(source, aside, site.worked, mark.update):
        raise OSError(errno.EIO, said("the copy beside {0} is not what was written", step.path))
    if wanted and mark.hexdigest() != wanted:
        site.clear(aside)
        raise Refused(
            said("{0} was rewritten since, with its old time: the old bytes are gone, the link stays", source)
        )
    site.disk.dress(aside, looks_from(facts.get("looks")))
    site.disk.rename(aside, ready)


def _twin_that_is_back(site: Site, step: Step, facts: Facts) -> str | None:
    """Another name that the copy had, where this very undo made a file of its own of it, or the copy itself lies there.

    What only looks alike may be a stranger's: then each name gets a file of its own.
    """
    seen = identity_in(facts, "seen")
    if seen is None or not seen.inode:
        return None
    for other in site.steps:
        if other.n == step.n or other.verb != "link" or other.identity != seen:
            continue
        there = site.identity(other.path)
        if there is not None and there in (site.made.get(other.path), seen):
            return other.path
    return None
