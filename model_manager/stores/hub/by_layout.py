"""The rule of removal for tools without an index of their own, in whose folders a Hugging Face cache may lie."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence

from model_manager.stores.contract import Removal
from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.host.env import Env
from model_manager.stores.hub.layout import repository_of
from model_manager.stores.hub.named import hub_named_now
from model_manager.stores.hub.removal import remove_from_hub, remove_hub_leftover
from model_manager.stores.parts import Going, Part, Placed
from model_manager.stores.walk.archives import remove_archive
from model_manager.stores.walk.removal import remove_plain
from model_manager.stores.walk.running_downloads import must_not_be_fetched


def remove(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """As in a Hugging Face cache where a place lies in one, else the model's own files."""
    hub = [place for place in places if repository_of(place.path)]
    yield from remove_from_hub(root, hub)
    yield from remove_plain(root, [place for place in places if not repository_of(place.path)], env)


def remove_folders(root: FoundRoot, places: Sequence[Placed], env: Env) -> Iterator[Part]:
    """The model's own files where every folder of the root is a model's or a publisher's: none stays empty."""
    yield from remove_plain(root, places, env, tops_stay=False)


def remove_leftover(root: FoundRoot, leftover: Leftover, env: Env) -> Iterator[Part]:
    """What nobody lists is one file or folder, but in a Hugging Face cache."""
    if leftover.kind == "partial":
        must_not_be_fetched(leftover.path)
    if leftover.kind == "archive":
        yield from remove_archive(leftover)
    elif repository_of(leftover.path) or f"{os.sep}blobs{os.sep}" in leftover.path:
        yield from remove_hub_leftover(root, leftover)
    else:
        yield Going(leftover.path, leftover.of or leftover.kind.replace("-", " "))


def named_now(root: FoundRoot, gone: Collection[str], env: Env) -> Iterator[str]:
    """Where there is no index: what links of a Hugging Face cache lead to."""
    return hub_named_now(gone)


BY_LAYOUT = Removal(remove, remove_leftover, named_now)
