"""What is new in a root: which of the places described have to be read, and which places went."""

from __future__ import annotations

from model_manager.base.text import shown
from model_manager.catalog import places
from model_manager.catalog.places import PlaceRow
from model_manager.catalog.roots import RootRow
from model_manager.library.scan.context import ScanContext
from model_manager.library.scan.headers import Headers
from model_manager.library.scan.last_uses import NOT_KEPT, keeps_access_times
from model_manager.library.scan.register import beside, fingerprint
from model_manager.stores.discovered import FoundModel
from model_manager.stores.walk.store_reader import StoreReader, lies_below

Key = tuple[str, str]
"""A place within its root: (path, name)."""


class News:
    """Compares what an adapter describes with the places that the catalogue has of its root."""

    def __init__(self, context: ScanContext, root: RootRow, headers: Headers) -> None:
        self._context, self._root, self._headers = context, root, headers
        self._known: dict[Key, PlaceRow] | None = None
        self._seen: dict[Key, bytes] = {}
        self._loose: set[Key] = set()
        self._blind = not keeps_access_times(root.path, context.volumes)

    def of(self, found: FoundModel) -> tuple[FoundModel, bytes | None]:
        """The model as it is to be stored, with its fingerprint where it has to be read; without it is as it was.

        A place is not read again while its fingerprint is the stored one. The fingerprint covers all that goes into the
        catalogue from here: what the adapter says, and of each file its path, role, volume, inode, size and both times,
        those of files beside it that a header names too. Change times cannot be set by a program, so a file that was
        written to and given its old times back is read again. Where change times are no help (FAT), its folder's files
        are told by their size and time of writing, as everywhere in the catalogue.
        """
        if self._blind:
            found = found._replace(details={**found.details, **NOT_KEPT})
        key = (found.path, shown(found.name))
        others = beside(found, self._headers)
        self._seen[key] = mark = fingerprint(found, self._context.volumes, others)
        if others:
            self._loose.add(key)
        before = self._places().get(key)
        return found, None if before is not None and before.fingerprint == mark else mark

    def gone(self, reader: StoreReader) -> dict[Key, int]:
        """Places that the root has no more.

        One that was not described counts as there while it lies in a folder that is as it was (`Memory.unchanged`), and
        as not known while it lies in one that could not be read. That nothing at all was described and all folders are
        as they were is told without asking the catalogue: 5,000 places take 10 ms.
        """
        same = reader.memory.seen() if reader.memory else set()
        if self._known is None and reader.memory and same >= reader.memory.places:
            return {}
        unread = frozenset(reader.unread)
        return {
            key: place.id
            for key, place in self._places().items()
            if key not in self._seen
            and place.fingerprint not in same
            and not (key[0] in unread or lies_below(key[0], unread))
        }

    def lasting_marks(self) -> dict[Key, bytes]:
        """Fingerprints by which a folder may be remembered: not of models with files that its memory does not look at."""
        return {key: mark for key, mark in self._seen.items() if key not in self._loose}

    def _places(self) -> dict[Key, PlaceRow]:
        if self._known is None:
            with self._context.database.read() as tx:
                self._known = places.of_root(tx, self._root.id)
        return self._known
