"""Builds a plan: looks at each path once, and counts what really comes back.

A name frees nothing while another name of its inode stays; the bytes of an inode whose names all go
count once, at its last name; blocks that another file shares are not promised.
"""

from __future__ import annotations

import base64
import json
import os
import stat
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Literal

from model_manager.base import reach, units
from model_manager.base.behind import keeps_its_own
from model_manager.base.comes_back import comes_back
from model_manager.base.errors import ModelManagerError, reason_of
from model_manager.base.messages import said, told_by
from model_manager.base.open_files import Holder, Key, holders
from model_manager.base.own_name import NameKey, name_key
from model_manager.base.pools import TrueFile
from model_manager.base.text import later
from model_manager.base.volumes import Volumes, may_hang
from model_manager.operations.access import must_stay_readable
from model_manager.operations.identity import identity_of, identity_to_record, whole_tree
from model_manager.operations.kept_files import must_be_two, must_lie_once, nobody_may_write
from model_manager.operations.plan import KeptFile, Plan, Proof, Step, new_id, proof_as_text
from model_manager.operations.refusal import Refused
from model_manager.operations.sameness import may_show_others, sameness
from model_manager.operations.trash_folders import Bin, aside_for, trash_for

Way = Literal["trash", "aside", "delete"]
"""How things go: into the trash, into a folder of ours on their volume, or for good."""

_WORTH_SAYING = 1 << 20
"""Bytes that are not promised, from which on it is said."""


class NoTrash(ModelManagerError):
    """The volume of a path can have no trash; setting aside and deleting are the other two ways."""


class PlanBuilder:
    """A plan in the making. `roots` are the folders that may be changed, with their parents resolved.

    Every method raises ModelManagerError in words when a step cannot be planned; what was added stays.
    """

    def __init__(self, volumes: Volumes, roots: Sequence[str], way: Way = "trash") -> None:
        self._volumes, self._way = volumes, way
        self._roots = [reach.real_folder(root) for root in roots]
        self._steps: list[Step] = []
        self._unit = 0
        self._of = ""
        self._origins: dict[int, str] = {}
        self._first: set[int] = set()
        self._names: dict[tuple[int, int], dict[NameKey, int]] = {}
        """(device, inode) -> each of its names that goes, with the number of the step that takes it."""
        self._files: dict[tuple[int, int], tuple[int, int, str]] = {}
        """(device, inode) -> (bytes on disk, names it has, one of them)."""
        self._parents: dict[str, NameKey] = {}
        self._links: dict[int, str] = {}
        """Step -> the link that it takes."""
        self._taken: set[str] = set()
        self._by_size = defaultdict[tuple[int, bool], list[str]](list)
        """(size, whether they show files of elsewhere) -> the regular files that were named so far."""
        self.warnings: list[str] = []
        self.left: list[str] = []
        """What was asked for and cannot be planned, as `path: reason`."""

    def begin_unit(self, of: str = "", origin: str = "", first: bool = False) -> None:
        """The next steps go whole or not at all; `of` is what a person calls the thing they are parts of.

        `origin` says in the planner's own words what asked for them: see `Plan`. `first`: the plan begins with it.
        """
        self._unit += 1
        self._of = of
        self._origins[self._unit] = origin
        self._first.discard(self._unit)
        if first:
            self._first.add(self._unit)

    def drop_unit(self) -> None:
        """Forgets the steps of the unit at hand, which could not be planned whole."""
        gone = [step for step in self._steps if step.unit == self._unit]
        for step in gone:
            self._taken.discard(step.path)
            self._links.pop(step.n, None)
            self._forget_names(step.n)
        self._steps = [step for step in self._steps if step.unit != self._unit]
        self._unit -= 1

    def take(self, path: str, why: str, how: Mapping[str, str] | None = None, keeps: Sequence[KeptFile] = ()) -> None:
        """A file, a link (never what it leads to) or a whole folder goes, each path once.

        `keeps`: the files because of which it may go, each shown to be another one.
        """
        path, found = self._look(later("clear away"), path)
        if self._goes(path):
            return
        if name_key(path) in self._names.get((found.st_dev, found.st_ino), ()):
            return  # the same folder, mounted a second time
        if other := self._seen_by_another_way(path, found):
            self.warnings.append(said("{0} and {1} are one file, seen by two ways: it goes once", path, other))
            return
        identity = identity_of(path, found, self._volumes)
        self._must_be_movable(path)
        self._may_go(said("clear away"), path, keeps)
        verb, target, undo = self._verb_for(path)
        n = len(self._steps) + 1
        try:
            if stat.S_ISDIR(found.st_mode):
                identity = whole_tree(path, identity)
                size = self._count_folder(path, n)
            else:
                size = self._count(path, found, n)
        except OSError as error:
            self._forget_names(n)
            raise ModelManagerError(said("clear away"), path, reason_of(error)) from error
        self._taken.add(path)
        if stat.S_ISLNK(found.st_mode):
            self._links[n] = path
        self._steps.append(
            Step(n, self._unit, verb, path, target, size, 0, why, undo, identity, how or {}, self._of, tuple(keeps))
        )

    def link(self, path: str, keeper: str, kind: str, why: str, proof: Proof | None, frees: int) -> None:
        """A copy is replaced by a link to `keeper`. Without a `proof` that still holds both are read and compared."""
        path, found = self._look(said("replace"), path)
        keeper = self._real(said("keep the copy"), keeper)
        kept = identity_of(keeper, reach.lstat(keeper), self._volumes)
        self._may_go(said("replace"), path, [KeptFile(keeper, kept)], kind)
        how = {"kind": kind, "keeper": json.dumps(identity_to_record(kept))}
        if proof is not None:
            how["proof"] = proof_as_text(replace(proof, path=path))
        identity = identity_of(path, found, self._volumes)
        n, size = len(self._steps) + 1, _on_disk(found)
        self._steps.append(
            Step(n, self._unit, "link", path, keeper, size, frees, why, kind != "reflink", identity, how, self._of)
        )

    def write(self, path: str, text: bytes, why: str) -> None:
        """A small file gets new content, or is made."""
        path = self._real(said("write"), path)
        identity = None
        if os.path.lexists(path):
            identity = identity_of(path, os.lstat(path), self._volumes)
        how = {"text": base64.b64encode(text).decode()}
        n = len(self._steps) + 1
        self._steps.append(Step(n, self._unit, "write", path, None, len(text), 0, why, True, identity, how, self._of))

    def ask(self, url: str, method: str, body: str, probe: str, gone: str, size: int, frees: int, why: str) -> None:
        """A tool's own service makes the change, for good."""
        how = {"method": method, "body": body, "probe": probe, "gone": gone}
        n = len(self._steps) + 1
        self._steps.append(Step(n, self._unit, "ask", url, None, size, frees, why, False, None, how, self._of))

    def files(self) -> Set[Key]:
        """(device, inode) of every file that goes."""
        return {key for key, steps in self._names.items() if steps}

    def holders(self) -> dict[str, tuple[Holder, ...]]:
        """Path of a step -> the programs that have something of it open, which will go on with what they have."""
        found = holders(self._names)
        paths = {step.n: step.path for step in self._steps}
        by_path: dict[str, dict[int, Holder]] = {}
        for key, ones in found.items():
            for n in self._names[key].values():
                by_path.setdefault(paths[n], {}).update({one.pid: one for one in ones})
        return {path: tuple(ones.values()) for path, ones in by_path.items()}

    def paths(self) -> list[str]:
        """What the steps take, by its path."""
        return [step.path for step in self._steps if step.verb in ("trash", "delete")]

    def takes(self, path: str) -> bool:
        """Whether a step takes this path, or a folder that it lies in."""
        return self._goes(reach.real_parent(path))

    def _goes(self, path: str) -> bool:
        while path not in self._taken:
            path, before = os.path.dirname(path), path
            if path == before:
                return False
        return True

    def plan(self, title: str) -> Plan:
        """The finished plan, with what it frees. The trash frees nothing until it is emptied."""
        self._steps.sort(key=lambda step: step.unit not in self._first)
        order = {step.n: place for place, step in enumerate(self._steps, 1)}
        freed = self._freed(order)
        own = {step.n: step.frees for step in self._steps}
        alone = {n for n, path in self._links.items() if self._leads_to_what_stays(path)}
        told = later("link only, the original stays")
        self._steps = [
            replace(step, why=said("{0}; {1}", step.why, told)) if step.n in alone else step for step in self._steps
        ]  # fmt: skip
        self._links.clear()
        steps = tuple(replace(step, n=order[step.n], frees=freed.get(step.n, 0) + own[step.n]) for step in self._steps)
        frees = sum(step.frees for step in steps)
        now = sum(step.frees for step in steps if step.verb not in ("trash", "move"))
        return Plan(
            new_id(),
            title,
            steps,
            frees,
            now,
            tuple(dict.fromkeys([*self.warnings, *(said("left: {0}", one) for one in self.left)])),
            time.time(),
            {step.unit: self._origins[step.unit] for step in steps if self._origins.get(step.unit)},
            tuple(dict.fromkeys(self.left)),
            self._weighs(),
        )

    def _look(self, verb: str, path: str) -> tuple[str, os.stat_result]:
        path = self._real(verb, path)
        try:
            return path, reach.lstat(path)
        except OSError as error:
            raise ModelManagerError(verb, path, reason_of(error), said("scan again")) from error

    def _real(self, verb: str, path: str) -> str:
        """The path with its parent resolved, which must lie in a root. The root itself is no thing to take."""
        if "\0" in path or not os.path.isabs(path):
            raise ModelManagerError(verb, path, said("this is no path"))
        parent, name = os.path.split(path)
        real = os.path.join(reach.real_folder(parent), name)
        if name in ("", ".", "..") or not any(real.startswith(root.rstrip(os.sep) + os.sep) for root in self._roots):
            raise ModelManagerError(
                verb,
                path,
                said("it lies outside the folders that are watched"),
                said("nothing outside them is ever changed"),
            )
        return real

    def _may_go(self, verb: str, path: str, keeps: Sequence[KeptFile], link: str = "") -> None:
        try:
            if link:
                must_stay_readable(link, path, keeps[0].path)
            must_lie_once(path, self._volumes)
            nobody_may_write(path, self._volumes)
            for kept in keeps:
                must_be_two(path, kept.path, self._volumes)
        except Refused as refused:
            raise ModelManagerError(verb, path, told_by(refused)) from None
        except OSError as error:
            raise ModelManagerError(verb, path, reason_of(error)) from error

    def _seen_by_another_way(self, path: str, found: os.stat_result) -> str:
        """What goes already and is this very file: through a pool and its branch, a folder and its mount by FUSE."""
        if not stat.S_ISREG(found.st_mode) or not found.st_size:
            return ""
        passes = self._passes_on(path)
        others = [*self._by_size[found.st_size, True]]
        if passes:
            others += self._by_size[found.st_size, False]
        for other in others:
            if other in self._taken and sameness(path, other, self._volumes) == "one":
                return other
        self._by_size[found.st_size, passes].append(path)
        return ""

    def _passes_on(self, path: str) -> bool:
        """Whether what is removed here goes from a folder behind too. An overlay only hides it."""
        if not may_show_others(path, self._volumes):
            return False
        mount = self._volumes.mount_of(path)
        return mount is None or mount.kind != "overlay"

    def _forget_names(self, n: int) -> None:
        for names in self._names.values():
            for name in [name for name, step in names.items() if step == n]:
                del names[name]

    def _must_be_movable(self, path: str) -> None:
        parent = os.path.dirname(path)
        if not os.access(parent, os.W_OK | os.X_OK):
            if is_read_only(parent):
                raise ModelManagerError(
                    said("clear away"),
                    path,
                    said("the volume is read-only"),
                    said("switch off its write protection, or mount it anew"),
                )
            raise ModelManagerError(
                said("clear away"), path, said("you may not change the folder {0}", parent), said("its owner can")
            )
        sticky = os.stat(parent)
        if os.name != "nt" and sticky.st_mode & stat.S_ISVTX and os.getuid() not in (0, sticky.st_uid):
            if os.lstat(path).st_uid != os.getuid():
                raise ModelManagerError(
                    said("clear away"), path, said("it belongs to another user"), said("its owner can")
                )

    def _verb_for(self, path: str) -> tuple[str, str | None, bool]:
        if self._way == "delete":
            return "delete", None, False
        if self._way == "aside":
            place = aside_for(path, self._volumes, self._roots)
            hint = later("delete it for good, or move it yourself")
            why = later("there is no folder on this volume where it could be set aside")
        else:
            place = trash_for(path, self._volumes)
            hint = later("set it aside in a folder on that volume, or delete it for good")
            why = later("the volume it lies on can have no trash")
        if place is None or not _has_own_folders(place):
            raise NoTrash(said("clear away"), path, why, hint)
        return "trash", place.folder, place.folder is not None

    def _count_folder(self, path: str, n: int) -> int:
        """Bytes below a folder, each inode once; every name is noted."""
        met: set[tuple[int, int]] = set()
        size = 0
        with os.scandir(path) as found:
            entries = list(found)
        for entry in entries:
            details = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(details.st_mode):
                size += self._count_folder(entry.path, n)
                continue
            counted = self._count(entry.path, details, n)
            key = (details.st_dev, details.st_ino)
            size += 0 if key in met else counted
            met.add(key)
        return size

    def _count(self, path: str, details: os.stat_result, n: int) -> int:
        key = (details.st_dev, details.st_ino)
        size = 0 if stat.S_ISLNK(details.st_mode) else _on_disk(details)
        self._files[key] = (size, details.st_nlink, path)
        self._names.setdefault(key, {})[name_key(path, self._parents)] = n
        return size

    def _freed(self, order: Mapping[int, int]) -> dict[int, int]:
        """Step -> bytes that come back with it, at the last in `order` that takes a name.

        Blocks that other files share stay with these, as far as we can know: nobody tells a person who the others are.
        """
        freed: dict[int, int] = {}
        shared = packed = below = unsure = held = 0
        behind, met = TrueFile(self._volumes), set[Key]()
        for key, names in self._names.items():
            size, links, path = self._files.get(key, (0, 0, ""))
            held += size if names and len(names) < links else 0
            if names and len(names) >= links:
                stacked = not keeps_its_own(self._volumes.of(path, key[0]).kind)
                found = behind.of(path) if stacked else None
                if (one := (found[1].st_dev, found[1].st_ino) if found else key) in met:
                    continue  # this very file goes by another way too
                met.add(one)
                back = comes_back(path, size, self._volumes)
                last = max(names.values(), key=order.__getitem__)
                freed[last] = freed.get(last, 0) + back.own
                shared, packed = shared + back.shared, packed + back.packed
                below, unsure = below + back.below, unsure + back.unsure
        if held and not sum(freed.values()):
            self.warnings.append(later("another name of the file stays, so nothing comes free"))
        elif held >= _WORTH_SAYING:
            self.warnings.append(
                said("{0} do not come free: these files have other names, which stay", units.size(held))
            )
        self.warnings.extend(_not_promised(shared, packed, below, unsure))
        return freed

    def _weighs(self) -> int:
        """Bytes at all steps, a file of several names once."""
        taken = sum(self._files[key][0] for key, names in self._names.items() if names)
        return taken + sum(step.bytes for step in self._steps if step.verb not in ("trash", "delete"))

    def _leads_to_what_stays(self, link: str) -> bool:
        """Whether what a link leads to does not go with it. A mount that may not answer is not asked."""
        try:
            target = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))
            mount = self._volumes.mount_of(target)
            if mount is not None and may_hang(mount.kind):
                return True
            found = os.stat(link)
        except OSError:
            return False  # it leads nowhere
        if self._names.get((found.st_dev, found.st_ino)):
            return False
        return not self.takes(target)


def _not_promised(shared: int, packed: int, below: int, unsure: int) -> Iterator[str]:
    """Why less comes back than the files are large, in words."""
    if shared >= _WORTH_SAYING:
        yield said("{0} are not promised: they may be shared with a snapshot or another copy", units.size(shared))
    if packed >= _WORTH_SAYING:
        yield said("{0} of their size take no room: the file system keeps these files compressed", units.size(packed))
    if below:
        yield said(
            "nothing comes free of {0}: they lie in a lower layer of an overlay, which keeps them and only hides them",
            units.size(below),
        )
    if unsure:
        yield said("{0} may not come free: the layers of this overlay cannot be seen from here", units.size(unsure))


def _has_own_folders(place: Bin) -> bool:
    """Whether the folders of a trash are folders, or can be made: through a link things would go elsewhere."""
    folders = [os.path.join(place.folder, name) for name in ("files", "info")] if place.folder else []
    return not any(
        os.path.lexists(folder) and (os.path.islink(folder) or not os.path.isdir(folder)) for folder in folders
    )


def is_read_only(folder: str) -> bool:
    """Whether nothing can be written on the volume of a folder, whoever asks."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except (OSError, AttributeError):  # there is no statvfs on Windows
        return False


def _on_disk(details: os.stat_result) -> int:
    blocks = getattr(details, "st_blocks", None)
    return details.st_size if blocks is None else min(details.st_size, 512 * int(blocks))
