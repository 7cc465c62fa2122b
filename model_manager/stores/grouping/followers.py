"""Which files follow a model by name: records, previews, the Piper voice's settings."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from model_manager.stores.grouping.file_names import stem_of

_SIDECARS = (".civitai.info", ".metadata.json", ".cm-info.json", ".swarm.json", ".onnx.json", ".json", ".txt", ".yaml",
             ".yml", ".sha256", ".md5", ".etag", ".gguf.etag", ".gguf.json")  # fmt: skip
_PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif")
_FOLLOWING = frozenset(
    between + ending for ending in (*_SIDECARS, *_PICTURES) for between in ("", ".preview", ".thumb")
)


def followers(key: str, members: set[str], base: Sequence[str]) -> Iterator[str]:
    """Files that follow a model by name: `<stem>.json`, `<name>.json`, previews, the Piper voice's settings.

    `base`: the folder's names, sorted, so that those beginning alike lie side by side.
    """
    if len(base) == len(members):
        return
    for stem in {stem_of(key), key, *(stem_of(name) for name in members), *members}:
        for name in following(stem, base):
            if name not in members:
                yield name


def following(stem: str, base: Sequence[str]) -> Iterator[str]:
    """The names that are `stem` and the ending of a sidecar or picture."""
    length, start = len(stem), stem + "."
    for number in range(bisect_left(base, start), len(base)):
        name = base[number]
        if not name.startswith(start):
            return
        if name[length:] in _FOLLOWING:
            yield name
