"""What a line of InvokeAI's database says of a model's files. Pure: nothing here touches the disk.

Source: invoke-ai/InvokeAI model_records_sql.py: `models.config` is JSON; its `path` is relative to the models folder when
InvokeAI manages the files, absolute when they were installed in place.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from model_manager.base.json_text import parsed


def record_of(config: object) -> Mapping[str, Any] | None:
    """The JSON of one line; None when it is none."""
    try:
        text = config.encode("utf-8", "replace") if isinstance(config, str) else config
        record = parsed(text) if isinstance(text, bytes) else None
    except ValueError:
        return None
    return record if isinstance(record, dict) else None


def has_files(record: Mapping[str, Any]) -> bool:
    """Whether a model has files at all: one of a provider on the net has none."""
    return bool(record.get("source_type") != "external")


def place_of(models: str, record: Mapping[str, Any]) -> str:
    """Where a model's files are: below the models folder, or in place when the path is absolute.

    Empty when that cannot be told: no path, one that leads out of the models folder, or one that is all of it.
    """
    path = record.get("path")
    if not isinstance(path, str) or not path or "\0" in path:
        return ""
    place = os.path.normpath(os.path.join(models, path))
    if not os.path.isabs(path) and not place.startswith(os.path.join(models, "")):
        return ""
    return "" if os.path.join(models, "").startswith(os.path.join(place, "")) else place
