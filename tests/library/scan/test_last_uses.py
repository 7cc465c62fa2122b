"""When a model was used last, and how that is known."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest
from factory import safetensors_bytes, sha256, tree, write

from model_manager.app import App
from model_manager.base import volumes
from model_manager.base.volumes import Mount
from model_manager.catalog.rows import read_rows
from model_manager.jobs import Progress
from model_manager.library.labels import user_labels
from model_manager.library.listing.model_json import models_json
from model_manager.library.scan import watch
from model_manager.library.scan.last_uses import keeps_access_times

LORA = safetensors_bytes(
    {"lora_unet_a.lora_down.weight": ("F16", (8, 320)), "lora_unet_a.lora_up.weight": ("F16", (320, 8))}
)
COMFYUI = {"main.py": "", "folder_paths.py": "", "comfy/x.py": ""}


def ids_of(app: App) -> list[int]:
    with app.database.read() as tx:
        return [row.id for row in read_rows(tx)]


def used(app: App) -> dict[str, object]:
    app.scanner().run(Progress())
    return {model["name"]: model["last_used"] for model in models_json(app.database, ids_of(app))}


def touched(path: Path, days_ago: int) -> None:
    """Written long ago, read some days ago."""
    os.utime(path, (time.time() - days_ago * 86_400, 1.6e9))


def test_the_access_time_of_its_weights(app: App, home: Path) -> None:
    touched(write(home / "own/l.safetensors", LORA), 10)
    watch.add_root(app.database, str(home / "own"))
    found = used(app)["l"]
    assert isinstance(found, dict) and found["evidence"] == "access time"


def test_where_the_mount_keeps_none_nothing_is_claimed(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touched(write(home / "own/l.safetensors", LORA), 10)
    watch.add_root(app.database, str(home / "own"))
    seen = app.volumes.mounted()
    blind = [Mount(one.device, one.point, one.kind, one.source, one.read_only, False) for one in seen]
    monkeypatch.setattr(volumes, "read_mounts", lambda: blind)
    app.volumes.forget()
    assert used(app) == {"l": None}


@pytest.mark.parametrize(
    ("options", "kept"),
    [({}, True), ({"access_times": False}, False), ({"read_only": True}, False), ({"kind": "nfs4"}, False)],
)
def test_what_a_mount_keeps(app: App, options: dict[str, object], kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    mount = Mount(**{"device": 1, "point": "/", "kind": "ext4", "source": "/dev/x", "read_only": False, **options})  # type: ignore[arg-type]
    monkeypatch.setattr(app.volumes, "_mounts", [mount])
    assert keeps_access_times("/home", app.volumes) is kept


def test_a_tools_record_counts_when_it_is_later(app: App, home: Path) -> None:
    top = tree(
        home / "ComfyUI",
        {**COMFYUI, "models/loras/l.safetensors": LORA, "models/loras/old.safetensors": LORA[:-8] + b"12345678"},
    )
    digest = sha256(LORA)
    told = {"sha256": digest, "size": len(LORA), "hash_status": "completed", "file_name": "l"}
    write(top / "models/loras/l.metadata.json", json.dumps(told))
    for name in ("l", "old"):
        touched(top / f"models/loras/{name}.safetensors", 400)
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 3 * 86_400))
    write(
        top / "models/loras/lora_manager_stats.json", json.dumps({"loras": {digest: {"total": 1, "history": {day: 1}}}})
    )
    found = used(app)
    ids = {model["name"]: int(model["id"][1:]) for model in models_json(app.database, ids_of(app))}
    lora = next(name for name in found if name.endswith("l"))
    assert found[lora] == {"at": f"{day}T12:00:00Z", "evidence": "LoRA Manager's statistics"}
    user_labels.set_category(app.database, ids[lora], "diffusion/other")  # understood anew
    assert used(app)[lora] == found[lora]
    assert next(use for name, use in found.items() if name.endswith("old"))["evidence"] == "access time"  # type: ignore[index]
