"""The records of one model's tags as they are now, and what of them could not be read.

While one of them is not understood, nothing of that model is called unused: it may name it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import NamedTuple

from model_manager.base.errors import reason_of
from model_manager.base.json_text import parsed
from model_manager.base.reading import read_small
from model_manager.base.set_aside import WHY, lies_aside
from model_manager.base.text import later
from model_manager.stores.ramalama.layout import RECORD, Ref, blobs_folder, ref_of, refs_folder


class RecordDoubt(NamedTuple):
    """Why something that seems unused may be needed. `is_record`: by a record that is there and is not understood."""

    path: str
    why: str
    is_record: bool = False


@dataclass(slots=True)
class Refs:
    """`read`: each record by its path."""

    read: dict[str, Ref] = field(default_factory=dict)
    doubts: list[RecordDoubt] = field(default_factory=list)

    def blobs(self, without: frozenset[str] = frozenset()) -> set[str]:
        """The blobs that all records but these name."""
        return {file.blob for path, ref in self.read.items() if path not in without for file in ref.files}

    def snapshots(self, without: frozenset[str] = frozenset()) -> set[str]:
        return {ref.snapshot for path, ref in self.read.items() if path not in without}


def refs_of(folder: str) -> Refs:
    """All records of the model in this folder."""
    found = Refs()
    for place in (refs_folder(folder), blobs_folder(folder)):
        try:
            names = sorted(os.listdir(place))
        except OSError as error:
            found.doubts.append(RecordDoubt(place, reason_of(error)))
            continue
        found.doubts += [RecordDoubt(os.path.join(place, name), WHY) for name in names if lies_aside(name)]
        if place == refs_folder(folder):
            for name in names:
                if not lies_aside(name):
                    _take(found, os.path.join(place, name))
    if not found.read and not found.doubts:
        found.doubts.append(RecordDoubt(refs_folder(folder), later("it names no model")))
    return found


def _take(found: Refs, path: str) -> None:
    if not path.endswith(RECORD):
        why = later("it is a record of an older RamaLama, which rewrites it at `ramalama list`")
        found.doubts.append(RecordDoubt(path, why, is_record=True))
        return
    try:
        ref = ref_of(parsed(read_small(path)))
    except OSError as error:
        found.doubts.append(RecordDoubt(path, reason_of(error), is_record=True))
        return
    except ValueError:
        ref = None
    if ref is None:
        found.doubts.append(RecordDoubt(path, later("it is no whole record"), is_record=True))
    else:
        found.read[path] = ref
