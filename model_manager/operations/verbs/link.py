"""Makes `path` lead to the bytes of `target`: a hard link, a symbolic link, or shared blocks.

What lies at `path` is a copy that is replaced, or nothing. A copy goes only after proof that still
holds (`operations/proof.py`), else both are read now and compared. `how` holds `kind` (hard, symbolic,
reflink), the `keeper`'s identity and the `proof`.
With `reflink` the kernel compares, the inode stays, and there is nothing to put back.

The copy is moved aside, the link put, then link and keeper are looked at once more; only when the whole
unit is done does what lies aside go. So two programs that replace each other's keepers both see it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator

from model_manager.base.messages import said, told_by
from model_manager.operations.access import must_stay_readable
from model_manager.operations.identity import Identity, identity_of, identity_to_record
from model_manager.operations.kept_files import kept_by, must_be_there, must_be_two, must_lie_once, nobody_may_write
from model_manager.operations.leases import Lease, NoLease
from model_manager.operations.operation import Facts
from model_manager.operations.plan import KeptFile, Proof, Step, proof_from_text
from model_manager.operations.private_copy import write_copy
from model_manager.operations.proof import holds
from model_manager.operations.refusal import MustGoBack, NotInForce, Refused
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
    swap_in,
    text_in,
)

KINDS = ("hard", "symbolic", "reflink")


def check(site: Site, step: Step) -> Facts:
    """Keeper and copy are what was planned, their bytes are proven equal, and no tool loses access."""
    keeper, kind = step.target or "", step.how.get("kind", "")
    if kind not in KINDS:
        raise Refused(said("there is no link of the kind {0}", repr(kind)))
    must_be_real(site, keeper)
    must_be_real(site, step.path)
    kept = site.look(keeper)
    if kept is None or not stat.S_ISREG(kept.st_mode):
        raise Refused(said("the file to keep, {0}, is not there", keeper))
    identity = must_be(site, keeper, kept, _keeper(step).identity)
    facts: dict[str, object] = {
        "at": step.path, "keeper": identity_to_record(identity), "keeper_ctime": kept.st_ctime_ns,
        "volume": identity.volume,
    }  # fmt: skip
    found = site.look(step.path)
    if found is None:
        if step.identity is not None or kind == "reflink":
            raise Refused(said("it is not there any more"))
        parent = site.identity(os.path.dirname(step.path))
        return facts | {"volume": parent.volume if parent else ""}
    if not stat.S_ISREG(found.st_mode):
        raise Refused(said("only a file is replaced by a link"))
    seen = must_be(site, step.path, found, step.identity)
    must_stay_readable(kind, step.path, keeper)
    proof = proof_from_text(step.how.get("proof", ""))
    sha256 = proof.sha256 if proof is not None else ""
    if kind != "reflink" and not _is_proven(site, proof, step.path, keeper):
        sha256 = _compare(site, step.path, keeper)
    looks = site.disk.looks(step.path)
    is_sparse = 512 * getattr(found, "st_blocks", found.st_size) < found.st_size
    return facts | {
        "volume": seen.volume, "seen": identity_to_record(seen), "looks": looks.record(), "sparse": is_sparse,
        "sha256": sha256,
    }  # fmt: skip


def do(site: Site, step: Step, facts: Facts, note: Note) -> None:
    """Killed: the copy at its name or aside, and the link, or not; with shared blocks, some of them."""
    path, keeper, kind = text_in(facts, "at"), step.target or "", step.how["kind"]
    if kind == "reflink":
        _share(site, keeper, path)
        return
    coming, before = _names_aside(site, step, path)[0], site.look(keeper)
    with _unwritten(keeper) as is_unwritten:
        if before is None or before.st_ctime_ns != facts.get("keeper_ctime"):
            raise Refused(said("{0}, which is to stay, changed in the last moment: the copy stays", keeper))
        if kind == "hard":
            site.disk.hard_link(keeper, coming)
        else:
            site.disk.symbolic_link(keeper, coming)
        made = site.identity(coming)
        if made is None:
            raise Refused(said("the link was removed while it was made"))
        note({"made": identity_to_record(made)})
        _come_in(site, step, path, facts)
        # A hard link's own renames are the keeper's too.
        site.ctimes[keeper] = site.disk.lstat(keeper).st_ctime_ns if kind == "hard" else before.st_ctime_ns
        site.tell(keeper, before)
        _must_lead_to_keeper(site, step, facts)
        if not is_unwritten():
            raise Refused(said("another program began to write to {0}: the copy is put back", keeper))


@contextlib.contextmanager
def _unwritten(keeper: str) -> Iterator[Callable[[], bool]]:
    """Whoever wants to write to the keeper waits meanwhile, where the kernel gives leases; yields whether nobody did."""
    with contextlib.ExitStack() as stack:
        try:
            lease = stack.enter_context(Lease(keeper, shared=True))
        except (NoLease, OSError):
            yield lambda: True  # what was planned is looked at before and after all the same
            return
        yield lease.holds


def finish(site: Site, step: Step, facts: Facts) -> None:
    """The copy that lies aside goes, if the link still leads to what was proven. Killed: it lies there, or is gone."""
    path, seen = text_in(facts, "at"), identity_in(facts, "seen")
    if seen is None or step.how.get("kind") == "reflink":
        return
    site.must_be_connected(path, facts.get("volume"))
    aside = _copy_aside(site, step, path, facts)
    if aside is None:
        return
    try:
        _must_lead_to_keeper(site, step, facts)
    except Refused as refused:
        _clear_needless(site, step, path, facts)
        raise MustGoBack(told_by(refused)) from None
    except FileNotFoundError:
        raise MustGoBack(said("{0}, which is to stay, is not there any more", step.target)) from None
    site.disk.remove(aside)


def undo(site: Site, step: Step, facts: Facts) -> None:
    """The copy again, with all that it had; a link that replaced nothing is removed."""
    path, made = text_in(facts, "at"), identity_in(facts, "made")
    if step.how.get("kind") == "reflink":
        return
    site.must_be_connected(path, facts.get("volume"))
    must_be_real(site, path)
    there = site.identity(path)
    if _return(site, step, path, facts):
        return
    if made is None or (there is not None and not _is_made(site, step, made)(path)):
        raise NotInForce(said("what is there now is not the link that was made, it stays"))
    if "looks" not in facts:
        if there is not None and there != made:
            raise Refused(said("what is there now is not the link that was made, it stays"))
        if there is not None:
            site.disk.remove(path)
        return
    if there is None:
        raise Refused(said("the link is not there any more"))
    _link, _aside, back, ready = _names_aside(site, step, path)
    keeper = step.target or ""
    before = site.look(keeper)
    write_copy(site, step, facts, path if step.how["kind"] == "hard" else keeper, back, ready)
    bring_in(site, ready, path, _is_made(site, step, made))
    private = site.identity(path)
    if private is not None:
        site.made[path] = private
    site.tell(keeper, before)


def recover(site: Site, step: Step, facts: Facts) -> Side:
    """Done when the link has the name; a link that never came to it goes, a copy that lies aside stays there."""
    path, made = text_in(facts, "at"), identity_in(facts, "made")
    site.must_be_connected(path, facts.get("volume"))
    link, _aside, back, ready = _names_aside(site, step, path)
    is_made, is_copy = _is_made(site, step, made), has_again(site, identity_in(facts, "seen"))
    site.clear(back)
    settle_swap(site, ready, path, is_made, is_copy)
    if site.look(link) is not None and is_copy(path) and not _is_link(site, step, link, facts) and not is_copy(link):
        site.disk.exchange(link, path)  # killed while the copy was put back, and something else had come to its name
    if _is_link(site, step, link, facts):
        site.clear(link)
    site.sync_parent(path)
    if is_made(path):
        return "done"
    _clear_needless(site, step, path, facts)
    # Killed between the two renames: the copy lies aside and nothing has its name.
    _return(site, step, path, facts)
    return "undone"


def _is_made(site: Site, step: Step, made: Identity | None) -> Callable[[str], bool]:
    """Whether a path has the link that was made. A hard link changes with its keeper, a symbolic one never."""

    def has_link(path: str) -> bool:
        there = site.identity(path)
        return made is not None and (made.is_same_thing(there) if step.how.get("kind") == "hard" else made == there)

    return has_link


def _keeper(step: Step) -> KeptFile:
    """The file that the link leads to, as it was planned."""
    keeper = next((kept for kept in kept_by(step) if kept.path == step.target and kept not in step.keeps), None)
    if keeper is None:
        raise Refused(said("the plan does not say which file stays"))
    return keeper


def _names_aside(site: Site, step: Step, path: str) -> tuple[str, str, str, str]:
    """Names of ours beside `path`: of the link until it comes in, of the copy until it goes, of one made on undo while
    it is written and once it is whole.

    Where two names are swapped in one step, the copy takes the link's.
    """
    aside = site.aside(path, step)
    return f"{aside}-link", aside, f"{aside}-back", f"{aside}-ready"


def _copy_aside(site: Site, step: Step, path: str, facts: Facts) -> str | None:
    """Where the copy lies that was replaced. By name: an inode number is given to the next file."""
    link, aside, *_on_undo = _names_aside(site, step, path)
    if site.look(aside) is not None:
        return aside
    return link if site.look(link) is not None and not _is_link(site, step, link, facts) else None


def _is_link(site: Site, step: Step, name: str, facts: Facts) -> bool:
    """Whether what has a name of ours is the link that was made: to be told also before it was noted."""
    found = site.look(name)
    if found is None or step.how.get("kind") == "symbolic":
        return found is not None and stat.S_ISLNK(found.st_mode)
    keeper = identity_in(facts, "keeper")
    return keeper is not None and keeper.is_same_thing(site.identity(name))


def _come_in(site: Site, step: Step, path: str, facts: Facts) -> None:
    """Moves the copy aside and puts the link in its place, in one step where the system can."""
    coming, aside, *_on_undo = _names_aside(site, step, path)
    seen = identity_in(facts, "seen")
    if seen is not None:
        is_in = site.disk.exchange(coming, path)
        if is_in:
            aside = coming
        else:
            site.disk.rename(path, aside)
        found = site.look(aside)
        if found is None or identity_of(aside, found, site.volumes) != seen:
            raise Refused(said("the copy changed in the last moment, it stays"))
        must_lie_once(aside, site.volumes)
        nobody_may_write(aside, site.volumes)
        if is_in:
            return
    try:
        site.disk.rename(coming, path)
    except FileExistsError:
        raise Refused(said("something of this name is there now")) from None


def _must_lead_to_keeper(site: Site, step: Step, facts: Facts) -> None:
    """The link is the one that was made, the keeper the file that was planned, and the one leads to the other."""
    path, made = text_in(facts, "at"), identity_in(facts, "made")
    keeper = _keeper(step)
    must_be_there(site.disk, site.volumes, keeper)
    there = site.identity(path)
    if not _is_made(site, step, made)(path):
        raise Refused(said("the link was replaced in the last moment: what came to its name stays"))
    if step.how["kind"] == "hard" and there != keeper.identity:
        raise Refused(said("{0} was replaced in the last moment: the copy is put back", keeper.path))
    nobody_may_write(keeper.path, site.volumes)
    changed, aside = site.ctimes.get(keeper.path), _copy_aside(site, step, path, facts)
    if changed is None and aside is not None:  # settled after a kill: what happened meanwhile is not known
        _compare(site, aside, keeper.path)
    elif changed not in (None, site.disk.lstat(keeper.path).st_ctime_ns):
        raise Refused(said("{0}, which is to stay, changed in the last moment: the copy stays", keeper.path))


def _clear_needless(site: Site, step: Step, path: str, facts: Facts) -> None:
    """Removes the copy that lies aside where another program gave its name to something else, as that would have done.

    Only if it is the copy that was planned, nobody has it open, and the file that stays has all of its bytes.
    """
    made, seen, aside = identity_in(facts, "made"), identity_in(facts, "seen"), _copy_aside(site, step, path, facts)
    there = site.identity(path)
    if aside is None or seen is None or there is None or (made is not None and made.is_same_thing(there)):
        return
    try:
        if site.identity(aside) != seen or os.path.samefile(aside, path):
            return
        must_be_two(aside, step.target or "", site.volumes)
        nobody_may_write(aside, site.volumes)
        nobody_may_write(step.target or "", site.volumes)
        if identity_of(step.target or "", site.disk.lstat(step.target or ""), site.volumes) != _keeper(step).identity:
            return
        _compare(site, aside, step.target or "")
    except (Refused, OSError):
        return  # it is kept, and told where
    site.disk.remove(aside)


def _return(site: Site, step: Step, path: str, facts: Facts) -> bool:
    """Puts the copy back that lies aside, if it does; never over anything but our link."""
    made, aside = identity_in(facts, "made"), _copy_aside(site, step, path, facts)
    if aside is None:
        return False
    there = site.identity(path)
    if there is None:
        site.disk.rename(aside, path)
        return True
    try:
        swap_in(site, aside, path, _is_made(site, step, made))
    except Refused:
        raise NotInForce(
            said(
                "something else has its name now; the copy is kept as {0}: compare them, and remove the "
                "one you do not need",
                aside,
            )
        ) from None
    return True


def _is_proven(site: Site, proof: Proof | None, path: str, keeper: str) -> bool:
    """Whether both were read as they are now, on drives that were not mounted anew since."""
    if proof is None or proof.path != path:
        return False
    return holds(proof, keeper, site.disk, site.volumes, site.ctimes.get(keeper))


def _compare(site: Site, path: str, keeper: str) -> str:
    """The sha256 of the two files, if they have the same bytes. Raises Refused."""
    mark = hashlib.sha256()
    if not site.disk.same_bytes(path, keeper, site.worked, mark.update):
        raise Refused(said("the two files are not the same: nothing was replaced"))
    return mark.hexdigest()


def _share(site: Site, keeper: str, path: str) -> None:
    try:
        site.disk.share_extents(keeper, path, site.worked)
    except OSError as error:
        if error.errno == errno.EILSEQ:
            raise Refused(said("the two files are not the same: nothing was shared")) from None
        if error.errno in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EINVAL, errno.EXDEV):
            raise Refused(said("this file system cannot share blocks between files")) from None
        raise
