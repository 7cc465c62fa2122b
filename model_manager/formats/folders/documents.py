"""The small texts of a model's folder: JSON that may be hostile, and the front matter of its README."""

from __future__ import annotations

import re
from collections.abc import Mapping

from model_manager.base.json_text import JsonTooLarge, parsed
from model_manager.base.messages import figure, said
from model_manager.formats.folders.contract import ModelFolder
from model_manager.formats.problem import FormatProblem

_DOCUMENT = 4 * 1024 * 1024
_INDEX = 32 * 1024 * 1024
"""Of an index of weights: 105 bytes for each tensor, so 300,000 of them; the largest published has 140,000."""
_MOST_NAMES = 10_000
_MAP = re.compile(rb'"weight_map"\s*:\s*\{')
_PAIR = re.compile(rb'\s*"(?:[^"\\]|\\.)*+"\s*:\s*"([^"\\]{1,1000})"\s*([,}])', re.DOTALL)
_FRONT = 64 * 1024
_MOST = 64
Text = Mapping[str, object]
NOTHING: Text = {}


def json_of(folder: ModelFolder, name: str) -> Text:
    """A JSON object, empty when the file is missing or no object. Raises FormatProblem("unknown") beyond the limits."""
    value = any_json_of(folder, name)
    return value if isinstance(value, dict) else NOTHING


def any_json_of(folder: ModelFolder, name: str) -> object:
    """What a JSON file says, None when it is missing or none. Raises FormatProblem("unknown") beyond the limits."""
    raw = bytes_of(folder, name, _DOCUMENT)
    try:
        return parsed(raw) if raw else None
    except JsonTooLarge as error:
        raise FormatProblem("unknown", said("{0} is not read: {1}", name[:120], error)) from None
    except ValueError:
        return None


def bytes_of(folder: ModelFolder, name: str, limit: int) -> bytes:
    """A small file whole, empty when it is missing. Raises FormatProblem("unknown") when it is larger than `limit`."""
    if (size := folder.sizes.get(name, 0)) > limit:
        raise FormatProblem(
            "unknown",
            said("{0} is not read: its {1} bytes are over the limit of {2}", name[:120], figure(size), figure(limit)),
        )
    try:
        return folder.read(name, limit) if name in folder.sizes else b""
    except OSError:
        return b""


def weight_files_of(folder: ModelFolder, name: str) -> set[str]:
    """The files that an index of weights names; empty when it is none. Raises FormatProblem("unknown") as above.

    The map of tensors is walked, not parsed: 140,000 entries would take 60 MB to learn 61 names.
    """
    raw = bytes_of(folder, name, _INDEX)
    found = _MAP.search(raw)
    if not found:
        return set()
    named: set[bytes] = set()
    at = found.end()
    while pair := _PAIR.match(raw, at):
        named.add(pair[1])
        at = pair.end()
        if pair[2] == b"}":
            return {one.decode("utf-8", "surrogateescape") for one in named}
        if len(named) > _MOST_NAMES:
            raise FormatProblem("unknown", said("{0} names more than {1} files", name[:120], figure(_MOST_NAMES)))
    if len(raw) > _DOCUMENT:
        return set()
    table = json_of(folder, name).get("weight_map")  # escapes, or values that are no texts
    return {one for one in table.values() if isinstance(one, str)} if isinstance(table, dict) else set()


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


def front_matter(folder: ModelFolder) -> dict[str, list[str]]:
    """The README's front matter: top-level keys and their texts or lists of texts.

    A plain line reader, because YAML's own aliases and tags are no business of a stranger's README.
    """
    text = bytes_of(folder, "README.md", _DOCUMENT)[:_FRONT].decode("utf-8", "replace")
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
