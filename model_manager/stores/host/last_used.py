"""When tools themselves say that a model was used last: three keep records of it on the disk.

Sources: Ollama's desktop app, table `messages` of db.sqlite; InvokeAI, the metadata of the images it made; LoRA Manager
for ComfyUI, py/utils/usage_stats.py: `lora_manager_stats.json`, sha256 -> days.
"""

from __future__ import annotations

import os
import re
import time
from calendar import timegm
from collections.abc import Iterator
from dataclasses import dataclass

from model_manager.base.errors import reason_of
from model_manager.base.json_text import parsed
from model_manager.base.messages import said
from model_manager.base.reading import read_small
from model_manager.catalog.last_used import INVOKEAIS_IMAGES, LORA_MANAGER, OLLAMAS_APP
from model_manager.catalog.other_databases import BoundedQuery
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host.env import Env
from model_manager.stores.host.private_copy import answers_of, rows_of

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_LARGEST = 4 << 20
_AT = "MAX(CAST(strftime('%s', substr(replace({column}, 'T', ' '), 1, 19)) AS INTEGER))"
_JSON = "CASE WHEN json_valid(metadata) THEN metadata ELSE '{}' END"


@dataclass(frozen=True, slots=True)
class Used:
    """`at` in seconds since 1970. Of the model with this name at its tool, or of every file with this sha256."""

    at: int
    evidence: str
    name: str = ""
    sha256: str = ""


def of_ollama(root: FoundRoot, env: Env) -> Iterator[Used]:
    """Of the app for macOS and Windows; the server alone keeps no record."""
    if env.system == "linux":
        return
    sql = f"SELECT model_name, {_AT.format(column='updated_at')} FROM messages GROUP BY model_name"
    rows = rows_of(desktop_database(env), env.scratch, BoundedQuery(sql, ("messages",)), env.say)
    yield from _named(rows, OLLAMAS_APP)


def desktop_database(env: Env) -> str:
    return os.path.join(env.config() if env.system == "macos" else env.data(), "Ollama", "db.sqlite")


_IMAGES_AT = _AT.format(column="created_at")
OF_INVOKEAI = tuple(
    BoundedQuery(sql, tables)
    for sql, tables in (
        ("SELECT id, config FROM models", ("models",)),
        (f"SELECT json_extract({_JSON}, '$.model.key'), {_IMAGES_AT} FROM images GROUP BY 1", ("images",)),
        (
            f"SELECT json_extract(lora.value, '$.model.key'), {_IMAGES_AT}"
            f" FROM images, json_each({_JSON}, '$.loras') AS lora GROUP BY 1",
            ("images",),
        ),
    )
)
"""InvokeAI's models, and when images name them and their LoRAs: asked at once, for the database is copied for it."""


def of_invokeai(root: FoundRoot, env: Env) -> Iterator[Used]:
    """Images name the keys of their model and of its LoRAs."""
    _models, *images = answers_of(root.details.get("database", ""), env.scratch, OF_INVOKEAI, env.say)
    for rows in images:
        yield from _named(rows or [], INVOKEAIS_IMAGES)


def of_comfyui(root: FoundRoot, env: Env) -> Iterator[Used]:
    """LoRA Manager's statistics: in the first folder of LoRAs, in newer versions among its settings."""
    places = (
        root.path, os.path.join(root.path, "loras"),
        os.path.join(env.config(), "ComfyUI-LoRA-Manager", "stats"),
    )  # fmt: skip
    for place in places:
        path = os.path.join(place, "lora_manager_stats.json")
        try:
            found = parsed(read_small(path, _LARGEST))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            env.say(path, said("cannot be read: {0}", reason_of(error, 120)))
            continue
        for kind in ("loras", "checkpoints", "embeddings"):
            section = found.get(kind) if isinstance(found, dict) else None
            for sha256, told in section.items() if isinstance(section, dict) else ():
                history = told.get("history") if isinstance(told, dict) else None
                days = [at for day in history if (at := _noon(day))] if isinstance(history, dict) else []
                if days and _SHA256.match(sha256.lower()):
                    yield Used(max(days), LORA_MANAGER, sha256=sha256.lower())


def _named(rows: list[tuple[object, ...]], evidence: str) -> Iterator[Used]:
    for name, at in rows:
        if isinstance(name, str) and name and isinstance(at, int) and 0 < at <= time.time() + 86_400:
            yield Used(at, evidence, name=name)


def _noon(day: object) -> int:
    """Noon of a day like 2026-11-21 in seconds since 1970; 0 when it is none."""
    try:
        at = timegm(time.strptime(str(day), "%Y-%m-%d")) + 43_200
    except (ValueError, OverflowError):
        return 0
    return at if 0 < at <= time.time() + 86_400 else 0
