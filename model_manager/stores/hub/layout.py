"""How a Hugging Face cache is laid out: what a name or a path in it means. Pure: nothing here touches the disk.

`models--<org>--<name>/{refs,snapshots/<commit>,blobs,trees,.no_exist}`; snapshot entries link to `blobs/<etag>`, which
since huggingface_hub 1.32 may itself link to the cache-wide `blobs/<2 hex>/<xet>`; without symlinks (Windows) the files
lie in the snapshots. From huggingface_hub 2.4: file_download.py, utils/_cache_manager.py, utils/_shared_blobs.py.
"""

from __future__ import annotations

import re

MODELS = "models--"
REPOSITORIES = (MODELS, "datasets--", "spaces--", "kernels--")
"""How the folders of repositories begin, by what is in them."""
OWN = frozenset({"blobs", "refs", "snapshots", "trees", ".no_exist"})
"""What the library makes in a repository's folder."""
ETAG = re.compile(r"^[0-9a-f]{40}(?:[0-9a-f]{24})?$")
"""How the library names blobs: git's sha1 of small files, the sha256 of large ones."""
COMMIT = re.compile(r"^[0-9a-f]{40}$")
UNFINISHED = ".incomplete"

_KINDS = "models|datasets|spaces|kernels"
IN_SNAPSHOT = re.compile(rf"^(?P<repo>.*[/\\](?:{_KINDS})--[^/\\]+)[/\\]snapshots[/\\](?P<commit>[^/\\]+)(?:[/\\]|$)")
"""A path in a revision, or the revision's folder."""
IN_REPOSITORY = re.compile(
    rf"^(?P<repo>.*[/\\](?:{_KINDS})--[^/\\]+)[/\\](?P<what>blobs|snapshots)[/\\](?P<name>[^/\\]+)$"
)
"""A blob or a revision's folder."""
PAYLOAD = re.compile(r"^(?P<cache>.*)[/\\]blobs[/\\][0-9a-f]{2}[/\\][0-9a-f]{64}$")
"""Bytes in the cache-wide store."""
IN_CACHE = re.compile(
    rf"^(?P<cache>.*?)[/\\](?:(?:{_KINDS})--[^/\\]+(?:[/\\]|$)|blobs[/\\][0-9a-f]{{2}}[/\\][0-9a-f]{{64}}$)"
)
"""Anything that belongs to a cache."""


def is_repository(name: str) -> bool:
    """Whether a folder of the cache is a repository's, of whatever type."""
    return name.startswith(REPOSITORIES) and name not in REPOSITORIES


def id_of(folder: str) -> str:
    """`models--org--name` as the hub writes it: `org/name`."""
    return folder.removeprefix(MODELS).replace("--", "/")


def repository_of(path: str) -> str:
    """The folder of the repository in whose revisions a place lies; empty elsewhere."""
    match = IN_SNAPSHOT.match(path)
    return match["repo"] if match else ""


def etag_in(link: str) -> str:
    """The blob's name when a link leads into a repository's `blobs/`: below a cache-wide store names are Xet hashes."""
    above, _, name = link.replace("\\", "/").rpartition("/")
    return name if above == "blobs" or above.endswith("/blobs") else ""
