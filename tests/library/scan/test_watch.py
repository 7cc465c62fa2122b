"""An adapter that fails while it looks for its folders: said, and nothing that is known of its models is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from factory import gguf_bytes, ollama_model, tree, write

from model_manager.app import App
from model_manager.catalog import problems
from model_manager.catalog.rows import Row, read_rows
from model_manager.cli.main import main
from model_manager.jobs import Progress
from model_manager.library.scan import watch
from model_manager.library.scan.scan import Report
from model_manager.stores import adapters as stores
from model_manager.stores.contract import Store
from model_manager.stores.discovered import FoundRoot
from model_manager.stores.host.env import Env

pytestmark = pytest.mark.logs

MODEL = gguf_bytes(seed=91)


def scan(app: App) -> Report:
    return app.scanner().run(Progress())


def rows(app: App) -> list[Row]:
    with app.database.read() as tx:
        return read_rows(tx)


def told(app: App) -> list[tuple[str, str]]:
    with app.database.read() as tx:
        return problems.of_search(tx)


def break_find(patched: pytest.MonkeyPatch, *tools: str, after: int = 0) -> None:
    """These adapters find `after` folders, and then a mistake of their own."""

    def broken(store: Store, env: Env) -> Iterator[FoundRoot]:
        for number, root in enumerate(store.find(env)):
            if number < after:
                yield root
        raise ValueError("its settings are odd")

    patched.setattr(
        stores,
        "STORES",
        tuple(
            replace(store, find=lambda env, own=store: broken(own, env)) if store.tool in tools else store
            for store in stores.STORES
        ),
    )


def test_it_is_a_problem_until_the_next_scan(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        break_find(patched, "ollama")
        (problem,) = scan(app).problems
    why = "Looking for Ollama's folders failed: its settings are odd; its models are not shown"
    assert (problem.path, problem.kind, problem.why) == ("", "search", why)
    assert told(app) == [("ollama", why)], "kept for the window"
    assert scan(app).problems == [] and told(app) == []


def test_what_is_known_of_the_tool_stays(app: App, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/qwen3/4b", {"model": MODEL})
    scan(app)
    before = rows(app)
    break_find(monkeypatch, "ollama")
    (problem,) = scan(app).problems
    assert problem.why.endswith("; the folders known before are still read")
    assert rows(app) == before and before[0].tools == "ollama"


@pytest.mark.parametrize("after", [0, 1])
def test_no_other_tool_takes_its_folder_over(app: App, home: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """A folder that two tools name stays with the one that reads it, and with both their names."""
    tree(home / ".lmstudio/models", {"org/m/m.gguf": MODEL})
    second = replace(
        next(store for store in stores.STORES if store.tool == "jan"),
        find=lambda env: [FoundRoot("jan", str(home / ".lmstudio/models"))],
    )
    monkeypatch.setattr(stores, "STORES", (*(one for one in stores.STORES if one.tool != "jan"), second))
    scan(app)
    with app.database.read() as tx:
        before = [root for root in watch.roots.every(tx) if root.path.endswith(".lmstudio/models")]
    known = rows(app)
    assert [(root.tool, root.also) for root in before] == [("lm-studio", ("jan",))]
    for tools in (("lm-studio",), ("jan",), ("jan", "lm-studio")):
        with monkeypatch.context() as patched:
            break_find(patched, *tools, after=after)
            assert len(scan(app).problems) == len(tools)
        with app.database.read() as tx:
            after_ = [root for root in watch.roots.every(tx) if root.path.endswith(".lmstudio/models")]
        assert [(root.tool, root.also, root.found_by) for root in after_] == [
            ("lm-studio", ("jan",), before[0].found_by)
        ]
        assert rows(app) == known


def test_the_command_says_it(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    break_find(monkeypatch, "ollama")
    assert main(["scan", "--json"]) == 0
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert problem["path"] == "" and problem["kind"] == "search" and "its settings are odd" in problem["why"]
    assert main(["scan"]) == 0
    assert "\nLooking for Ollama's folders failed: its settings are odd" in "\n" + capsys.readouterr().err


def test_settings_that_cannot_be_read_are_said_and_lose_no_folder(app: App, home: Path) -> None:
    """What LM Studio's settings named stays watched while they are beyond reading."""
    settings = home / ".lmstudio/settings.json"
    write(settings, json.dumps({"downloadsFolder": str(home / "elsewhere")}))
    tree(home / "elsewhere", {"org/m/m.gguf": MODEL})
    assert scan(app).problems == [] and [row.tools for row in rows(app)] == ["lm-studio"]
    before = rows(app)
    write(settings, "[" * 100 + "]" * 100)
    (problem,) = scan(app).problems
    assert problem.kind == "search" and str(settings) in problem.why and "nested more than 64 deep" in problem.why
    assert problem.why.endswith("; the folders known before are still read") and rows(app) == before
    write(settings, "{}")
    assert scan(app).problems == []
