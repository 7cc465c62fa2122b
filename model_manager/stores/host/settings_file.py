"""Tools' own settings: JSON, YAML and INI files read with bounds.

What is missing is as if it were empty. What is there and cannot be read is empty too, and said: the adapter goes on
without it, and the folders that it named before are still read (`library/scan/watch.py`).
"""

from __future__ import annotations

import configparser
import functools
from collections.abc import Callable, Mapping
from typing import Any

from model_manager.base.errors import reason_of
from model_manager.base.json_text import JsonTooLarge, parsed
from model_manager.base.messages import figure, said, told_by
from model_manager.base.reading import read_small
from model_manager.base.text import later

_LIMIT = 1 << 20
_YAML_LIMIT = _TEXT_LIMIT = 64 << 10
_MOST_TOKENS = 4_000
"""Some 1,000 lines. PyYAML takes 30 to 45 µs for each (6.0, measured), so 0.2 s; real files have 20 to 400 lines."""
_DEEPEST = 32
_MERGE = "tag:yaml.org,2002:merge"
_MOST_KEYS = 10_000
_MOST_MERGED = 100
_INI_LINES = 10_000
Settings = Mapping[str, Any]
Say = Callable[[str, str], None]
"""Takes the path of what cannot be read, and why."""


def _unsaid(path: str, why: str) -> None:
    """For callers that ask `what` of a file that they have other means for."""


def json_settings(path: str, say: Say = _unsaid) -> Settings:
    """A JSON object; empty when the file is missing, too large or something else."""
    text = _small(path, _LIMIT, say)
    try:
        found = parsed(text) if text else {}
    except ValueError as error:
        say(path, said("cannot be read as JSON: {0}", told_by(error, 120)))
        return {}
    return found if isinstance(found, dict) else {}


def yaml_settings(path: str, say: Say = _unsaid) -> Settings:
    """A YAML mapping, without any of YAML's own types; empty as above, and when it multiplies itself by aliases."""
    text = _small(path, _YAML_LIMIT, say)
    found, problem = _yaml(text) if text else ({}, "")
    if problem:
        say(path, problem)
    return found


def ini_value(path: str, section: str, key: str, say: Say = _unsaid) -> str:
    """One value of a QSettings or KConfig file; empty as above."""
    text = _small(path, _LIMIT, say)
    found, problem = _ini(text) if text else (None, "")
    if problem:
        say(path, problem)
    return found.get(section, key, fallback="").strip().strip('"') if found else ""


def text_settings(path: str, say: Say = _unsaid) -> str:
    """A short text: words of a command line, a path; empty as above. Bytes that are no UTF-8 stay what they are."""
    return _small(path, _TEXT_LIMIT, say).decode("utf-8", "surrogateescape")


def _small(path: str, limit: int, say: Say) -> bytes:
    try:
        return read_small(path, limit)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return b""
    except OSError as error:
        say(path, reason_of(error))
        return b""


@functools.lru_cache(64)
def _yaml(text: bytes) -> tuple[Settings, str]:
    """The mapping, or why there is none. Remembered: several ways lead to one installation's file."""
    import yaml

    class Bounded(yaml.SafeLoader):
        """The loader's own work has no bound: `<<: [*a, *a]` doubles a mapping with every line."""

        words = 0

        def fetch_more_tokens(self) -> None:
            super().fetch_more_tokens()
            self.words += 1
            if self.words > _MOST_TOKENS:
                raise JsonTooLarge(said("more than {0} words", figure(_MOST_TOKENS)))
            if self.flow_level + len(self.indents) > _DEEPEST:
                raise JsonTooLarge(said("nested more than {0} deep", _DEEPEST))

        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            merged = sum(len(value.value) for key, value in node.value if key.tag == _MERGE and hasattr(value, "value"))
            super().flatten_mapping(node)
            if merged > _MOST_MERGED or len(node.value) > _MOST_KEYS:
                raise JsonTooLarge(said("more than {0} keys", figure(_MOST_KEYS)))

    try:
        found = yaml.load(text.decode("utf-8", "replace"), Bounded)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        why = told_by(error) if isinstance(error, JsonTooLarge) else " ".join(str(error).split())[:120]
        return {}, said("cannot be read as YAML: {0}", why)
    if not isinstance(found, dict):
        return {}, "" if found is None else later("cannot be read as a YAML mapping")
    return found, ""


@functools.lru_cache(16)
def _ini(text: bytes) -> tuple[configparser.RawConfigParser | None, str]:
    if text.count(b"\n") > _INI_LINES:
        return None, said("more than {0} lines", figure(_INI_LINES))
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(text.decode("utf-8", "replace"))
    except configparser.Error as error:
        return None, said("cannot be read as settings: {0}", " ".join(str(error).split())[:120])
    return parser, ""
