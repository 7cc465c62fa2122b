"""Links that would lead nowhere: what another name leads to does not go, unless that is known and said.

A link may have come since the last scan, by this program with another data folder too: so every name of the catalogue
that a file of this size has is looked at on the disk, whatever it was when it was listed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator

from model_manager.base import reach
from model_manager.base.real_paths import resolved
from model_manager.catalog.models import FileView
from model_manager.library.removal.shelf import Shelf

_MOST_HOPS = 8


def links_beside(sizes: Iterable[int], without: Collection[int], shelf: Shelf) -> Iterator[FileView]:
    """The names of files of these sizes that are links now; not those of the places `without`."""
    for size in dict.fromkeys(sizes):
        yield from (file for file in shelf.links_of(size) if file.place not in without)


def broken(links: Iterable[str], takes: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Links that would lead nowhere, with what goes from under them: tools that follow them lose the model too."""
    for link in dict.fromkeys(links):
        hop = link
        for _ in range(_MOST_HOPS):
            if not reach.is_link(hop):
                break
            hop = resolved(os.path.join(reach.realpath(os.path.dirname(hop)), os.readlink(hop)))
            if takes(hop):
                yield link, hop
                break
