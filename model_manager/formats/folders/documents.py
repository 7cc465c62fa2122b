"""The small texts of a model's folder: JSON that may be hostile, and the front matter of its README."""

from __future__ import annotations

import json
from collections.abc import Mapping

from model_manager.formats.folders.contract import Folder

_README = 256 * 1024
_INDEX = 16 * 1024 * 1024
_FRONT = 64 * 1024
_MOST = 64
Text = Mapping[str, object]
NOTHING: Text = {}


def json_of(folder: Folder, name: str) -> Text:
    """A JSON object, empty when the file is missing, too large or no object."""
    if name not in folder.sizes or folder.sizes[name] > _INDEX:
        return NOTHING
    try:
        value = json.loads(folder.read(name, _INDEX))
    except (OSError, ValueError, RecursionError):
        return NOTHING
    return value if isinstance(value, dict) else NOTHING


def texts(value: object) -> list[str]:
    """A text or a list of texts, as a list."""
    if isinstance(value, str):
        return [value]
    return [one for one in value[:_MOST] if isinstance(one, str)] if isinstance(value, list) else []


def number(value: object) -> int:
    """A count that can be true, else 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 40 else 0


def within(value: object, key: str) -> Text:
    """An object inside an object."""
    inner = value.get(key) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, dict) else NOTHING


def front_matter(folder: Folder) -> dict[str, list[str]]:
    """The README's front matter: top-level keys and their texts or lists of texts.

    A plain line reader, because YAML's own aliases and tags are no business of a stranger's README.
    """
    size = folder.sizes.get("README.md", 0)
    if not 0 < size <= _README:
        return {}
    try:
        text = folder.read("README.md", _README)[:_FRONT].decode("utf-8", "replace")
    except OSError:
        return {}
    lines = text.lstrip("\ufeff").splitlines()
    if not lines or lines[0].strip() != "---":
        return {}
    found: dict[str, list[str]] = {}
    key = ""
    for line in lines[1:]:
        if line.strip() in ("---", "..."):
            return found
        bare = line.strip()
        if bare.startswith("- ") and key:
            if len(found[key]) < _MOST and ": " not in bare:
                found[key].append(_plain(bare[2:]))
        elif line[:1].isalpha() and ":" in line:
            key, _, value = line.partition(":")
            key = key.strip()
            found[key] = _listed(value.strip())
        elif line[:1] not in (" ", "\t", "#", ""):
            key = ""
    return {}


def _listed(value: str) -> list[str]:
    if value.startswith("[") and value.endswith("]"):
        return [_plain(one) for one in value[1:-1].split(",")[:_MOST] if one.strip()]
    return [_plain(value)] if value and value[0] not in "|>&*{!" else []


def _plain(value: str) -> str:
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        value = value[1:-1]
    return value[:500]
