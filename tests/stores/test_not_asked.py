"""A tool whose service is not to be asked is not asked; what then cannot be known or done is told in words."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest
from conformance import facts
from looking import env_of

from model_manager.stores.discovered import FoundRoot
from model_manager.stores.invokeai import removal as invokeai_removal
from model_manager.stores.ollama import service as ollama_service
from model_manager.stores.parts import CannotRemove, Placed
from model_manager.stores.walk.store_reader import StoreReader


class Service(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    record: ClassVar[dict[str, str]] = {"key": "k", "path": "m.safetensors", "hash": "blake3:1"}

    def do_GET(self) -> None:
        self.asked.append(self.path)
        answer = {"models": [{"name": "some:7b", "size": 9}]} if self.path == "/api/tags" else self.record
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *_arguments: object) -> None:
        """Silent."""


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Service)
    Service.asked = []
    Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{server.server_port}")
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_ollama(service: str, home: Path) -> None:
    root = FoundRoot("ollama", str(home))
    reader = StoreReader(facts)
    assert [found.name for found in ollama_service.describe(root, reader)] == ["some:7b"] and Service.asked == [
        "/api/tags"
    ]
    reader = StoreReader(facts, not_asked=frozenset({"ollama"}))
    assert list(ollama_service.describe(root, reader)) == [] and len(Service.asked) == 1
    assert reader.unread == [str(home)] and reader.problems, "nothing of it is taken for gone"


def invoke(service: str, home: Path) -> FoundRoot:
    """InvokeAI's folder with a database of one model."""
    database = sqlite3.connect(home / "invokeai.db")
    database.execute("CREATE TABLE models (id TEXT, config TEXT)")
    record = {"path": "m.safetensors", "hash": "blake3:1"}
    database.execute("INSERT INTO models VALUES ('k', ?)", (json.dumps(record),))
    database.commit()
    database.close()
    return FoundRoot("invokeai", str(home), details={"service": service, "database": str(home / "invokeai.db")})


def test_invokeai(service: str, home: Path) -> None:
    root = invoke(service, home)
    place = Placed("k", str(home / "m.safetensors"), ())
    (part,) = invokeai_removal.remove(root, [place], env_of(home))
    assert part.url.endswith("/models/i/k") and len(Service.asked) == 1  # type: ignore[union-attr]
    env = dataclasses.replace(env_of(home), not_asked=frozenset({"invokeai"}))
    with pytest.raises(CannotRemove, match="Settings, Privacy"):
        list(invokeai_removal.remove(root, [place], env))
    assert len(Service.asked) == 1


@pytest.mark.parametrize("other", [{"path": "n.safetensors"}, {"hash": "blake3:2"}, {"path": None}])
def test_another_invokeai_that_knows_the_key_is_not_asked(
    other: dict[str, str], service: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container or a tunnel answers on the port: its answer is held against the database of this folder."""
    monkeypatch.setattr(Service, "record", {**Service.record, **other})
    with pytest.raises(CannotRemove, match="not the one of this folder"):
        list(
            invokeai_removal.remove(invoke(service, home), [Placed("k", str(home / "m.safetensors"), ())], env_of(home))
        )
