"""A list that is cut says so: how many are not shown, and how a person comes to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from gui.waiting import wait
from gui.window_over import window_over

pytestmark = pytest.mark.gui
LOW = gguf_bytes({}, {"token_embd.weight": ("F16", (256, 64)), "blk.0.attn_q.weight": ("Q4_0", (256, 256))}, seed=70)
HIGH = gguf_bytes({}, {"token_embd.weight": ("F16", (256, 64)), "blk.0.attn_q.weight": ("Q8_0", (256, 256))}, seed=71)


@pytest.fixture
def window(display: str, home: Path) -> Iterator[object]:
    from model_manager.app import build
    from model_manager.library.scan import watch

    for name, seed in (("some", 0), ("other", 1), ("third", 2)):
        low, high = LOW[:-1] + bytes([seed]), HIGH[:-1] + bytes([seed])
        tree(
            home / "models",
            {f"{name}-7B-Q4_0.gguf": low, f"{name}-7B-Q8_0.gguf": high, f"again/{name}-7B-Q8_0.gguf": high},
        )
        (home / f"models/{name}-cut.gguf").write_bytes(high[:-9000])
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app) as found:
        wait(found, lambda: len(found.library.controller.rows) == 12)
        yield found


SCREENS = [("clean", "suggestion", "`model-manager clean`"), ("duplicates", "group", "`model-manager duplicates`"),
           ("families", "famil", "`model-manager clean old-quant`")]  # fmt: skip


@pytest.mark.parametrize(("name", "noun", "command"), SCREENS, ids=[name for name, *_rest in SCREENS])
def test_what_is_not_shown_is_counted(
    window: object, monkeypatch: pytest.MonkeyPatch, name: str, noun: str, command: str
) -> None:
    import importlib

    screen_module = importlib.import_module(f"model_manager.views.{name}")
    monkeypatch.setattr(screen_module, "_MOST", 1)
    window.open(name)  # type: ignore[attr-defined]
    screen = window.screens[name]  # type: ignore[attr-defined]
    wait(window, lambda: "more" in screen.words.cget("text"))
    text = screen.words.cget("text")
    assert f"more {noun}" in text and "not shown" in text and command in text
    heads = len(screen.table.tree.get_children())
    assert heads == 1
    monkeypatch.setattr(screen_module, "_MOST", 1000)
    screen.start()
    wait(window, lambda: "not shown" not in screen.words.cget("text"))
    assert len(screen.table.tree.get_children()) > heads


def test_health_counts_the_lines_that_it_leaves_out(window: object, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_manager.views import health

    monkeypatch.setattr(health, "_MOST", 1)
    window.open("health")  # type: ignore[attr-defined]
    tree_ = window.screens["health"].tree  # type: ignore[attr-defined]

    def said() -> list[str]:
        return [tree_.item(line, "text") for top in tree_.get_children() for line in tree_.get_children(top)]

    wait(window, lambda: "… and 2 more" in said())
