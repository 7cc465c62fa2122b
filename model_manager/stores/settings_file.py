"""Tools' own settings: JSON, YAML and INI files read with bounds; what cannot be read is as if it were not there."""

from __future__ import annotations

import configparser
import json
from typing import Any

from model_manager.base.reading import read_small

_LIMIT = 1 << 20


def json_settings(path: str) -> dict[str, Any]:
    """A JSON object; empty when the file is missing, too large or something else."""
    try:
        found = json.loads(read_small(path, _LIMIT).decode("utf-8-sig", "replace"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def yaml_settings(path: str) -> dict[str, Any]:
    """A YAML mapping, without any of YAML's own types; empty as above."""
    import yaml

    try:
        found = yaml.safe_load(read_small(path, _LIMIT).decode("utf-8", "replace"))
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
