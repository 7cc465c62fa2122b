"""Tools' own settings: JSON, YAML and INI files read with bounds; what cannot be read is as if it were not there."""

from __future__ import annotations

import configparser
import json
from typing import Any

from model_manager.base.reading import read_small

_LIMIT = 1 << 20
_YAML_LIMIT = 256 << 10
_MERGE = "tag:yaml.org,2002:merge"
_MOST_KEYS = 10_000
_MOST_MERGED = 100


def json_settings(path: str) -> dict[str, Any]:
    """A JSON object; empty when the file is missing, too large or something else."""
    try:
        found = json.loads(read_small(path, _LIMIT).decode("utf-8-sig", "replace"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def yaml_settings(path: str) -> dict[str, Any]:
    """A YAML mapping, without any of YAML's own types; empty as above, and when it multiplies itself by aliases.

    Reading it takes 4 s for each MiB (PyYAML 6, measured), so such files are held to 256 KiB; real ones have a few.
    """
    import yaml

    class Bounded(yaml.SafeLoader):
        """`<<: [*a, *a]` doubles a mapping with every line: the loader's own flattening has no bound."""

        def flatten_mapping(self, node: yaml.MappingNode) -> None:
            merged = sum(len(value.value) for key, value in node.value if key.tag == _MERGE and hasattr(value, "value"))
            super().flatten_mapping(node)
            if merged > _MOST_MERGED or len(node.value) > _MOST_KEYS:
                raise yaml.YAMLError("too many keys")

    try:
        found = yaml.load(read_small(path, _YAML_LIMIT).decode("utf-8", "replace"), Bounded)
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def ini_value(path: str, section: str, key: str) -> str:
    """One value of a QSettings or KConfig file; empty as above."""
    parser = configparser.RawConfigParser(strict=False, delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    try:
        parser.read_string(read_small(path, _LIMIT).decode("utf-8", "replace"))
    except (OSError, configparser.Error):
        return ""
    return parser.get(section, key, fallback="").strip().strip('"')
