"""What tools themselves recorded of the last use."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from factory import write
from looking import env_of

from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host import last_used
from model_manager.stores.host.last_used import Used

SHA = "ab" * 32
DAY = 1_767_268_800  # 2026-01-01 12:00 UTC


def base(path: Path, *statements: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(";".join(statements))
    connection.close()
    return path


@pytest.mark.parametrize("at", ["2026-01-01 12:00:00", "2026-01-01T12:00:00Z", "2026-01-01 12:00:00.123456789+00:00"])
def test_ollamas_app_remembers_its_chats(home: Path, at: str) -> None:
    env = env_of(home)
    object.__setattr__(env, "system", "macos")
    base(Path(last_used.desktop_database(env)), "CREATE TABLE messages (model_name TEXT, updated_at TIMESTAMP)",
         f"INSERT INTO messages VALUES ('llama3.1:8b', '{at}'), ('llama3.1:8b', '2025-05-05 01:00:00'), (NULL, '{at}'),"
         f" ('never', NULL), ('odd', 'yesterday'), ('future', '2126-01-01 00:00:00')")  # fmt: skip
    root = FoundRoot("ollama", str(home), "default")
    assert list(last_used.of_ollama(root, env)) == [Used(DAY, "Ollama's app", name="llama3.1:8b")]
    object.__setattr__(env, "system", "linux")
    assert list(last_used.of_ollama(root, env)) == []


def test_invokeais_images_name_their_models(home: Path) -> None:
    told = {"model": {"key": "k1"}, "loras": [{"model": {"key": "l1"}, "weight": 1}, {"model": 3}]}
    path = base(home / "invokeai.db", "CREATE TABLE images (metadata TEXT, created_at DATETIME)",
                f"INSERT INTO images VALUES ('{json.dumps(told)}', '2026-01-01 12:00:00'), ('not json', '2026-01-02 00:00:00'),"
                f" (NULL, '2026-01-02 00:00:00'), ('[1]', '2026-01-02 00:00:00'),"
                f" ('{json.dumps(told)}', '2025-01-01 12:00:00')")  # fmt: skip
    root = FoundRoot("invokeai", str(home), "default", {"database": str(path)})
    found = list(last_used.of_invokeai(root, env_of(home)))
    assert found == [Used(DAY, "InvokeAI's images", name="k1"), Used(DAY, "InvokeAI's images", name="l1")]


def test_lora_managers_statistics_go_by_hash(home: Path) -> None:
    stats = {"loras": {SHA: {"total": 3, "history": {"2025-11-30": 1, "2026-01-01": 2, "never": 1, "2126-01-01": 1}},
                       "../x": {"history": {"2026-01-01": 1}}, "cd" * 32: 7}, "checkpoints": [], "total_executions": 4}  # fmt: skip
    write(home / "models/loras/lora_manager_stats.json", json.dumps(stats))
    root = FoundRoot("comfyui", str(home / "models"), "default")
    assert list(last_used.of_comfyui(root, env_of(home))) == [Used(DAY, "LoRA Manager's statistics", sha256=SHA)]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"loras": 3}', '{"loras": {"a": {"history": 3}}}', "[" * 100_000])
def test_hostile_statistics_say_nothing(home: Path, text: str) -> None:
    write(home / "loras/lora_manager_stats.json", text)
    write(home / "invokeai.db", text)
    root = FoundRoot("comfyui", str(home), "default", {"database": str(home / "invokeai.db")})
    assert list(last_used.of_comfyui(root, env_of(home))) == list(last_used.of_invokeai(root, env_of(home))) == []
