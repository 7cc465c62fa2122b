"""A narrow window, twice as large letters, German words: what matters is still to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, tree
from gui.waiting import turn, wait
from gui.window_over import window_over

from model_manager.base.text import use_language
from model_manager.library.scan import watch

pytestmark = pytest.mark.gui
LONG = "a-model-with-a-name-that-takes-more-room-than-its-card-has-Q4_K_M"


@pytest.fixture(params=[(0, "960x600", "en"), (18, "1400x900", "de")], ids=["small", "large-german"])
def window(request: pytest.FixtureRequest, display: str, home: Path) -> Iterator[Any]:
    from model_manager.app import build

    letters, size, language = request.param
    tree(home / "models", {f"{LONG}.gguf": gguf_bytes(seed=1), "b.gguf": gguf_bytes(seed=2)})
    app = build()
    app.settings.values.font_size = letters  # points; a scale of two would stay with Tk for the windows of other tests
    watch.add_root(app.database, str(home / "models"))
    use_language(language)
    try:
        with window_over(app, size) as found:
            wait(found, lambda: len(found.library.controller.rows) == 2 and not app.jobs.live())
            turn(found, 0.5)
            yield found
    finally:
        use_language("en")


def test_the_list_is_wider_than_a_strip(window: Any) -> None:
    library, whole = window.library, window.root.winfo_width()
    assert library.table.winfo_width() >= 0.3 * whole
    assert library.details.winfo_width() >= 0.2 * whole
    names = int(library.table.tree.column("name", "width"))
    assert names >= 0.1 * whole
    window.root.geometry("1900x900")
    turn(window, 0.5)
    assert library.table.winfo_width() >= 0.3 * 1900


def test_a_long_name_leaves_the_size_in_sight(window: Any) -> None:
    library = window.library
    (row,) = [row for row in library.table.rows if row.name == LONG]
    library.table.select({row.id})
    wait(window, lambda: library.details._model is not None)
    turn(window, 0.5)
    right = library.details.winfo_rootx() + library.details.winfo_width()
    labels = [one for one in _below(library.details.scrolled) if one.winfo_class() == "TLabel" and one.winfo_ismapped()]
    sizes = [one for one in labels if str(one.cget("text")).endswith((" kB", " B"))]
    assert len(sizes) >= 2
    for label in labels:
        assert label.winfo_rootx() + label.winfo_width() <= right, label.cget("text")
    assert all(one.winfo_width() >= one.winfo_reqwidth() for one in sizes)


@pytest.mark.parametrize("name", ["duplicates", "clean", "families", "health", "folders"])
def test_every_button_of_a_head_can_be_read(window: Any, name: str) -> None:
    window.open(name)
    turn(window, 0.6)
    screen = window.screens[name]
    right = screen.winfo_rootx() + screen.winfo_width()
    buttons = [one for one in _below(screen) if one.winfo_class() == "TButton" and one.winfo_ismapped()]
    assert buttons
    for button in buttons:
        assert button.winfo_width() >= button.winfo_reqwidth(), button.cget("text")
        assert button.winfo_rootx() + button.winfo_width() <= right, button.cget("text")
    for one in buttons:
        for other in buttons:
            assert one is other or not _overlap(one, other), (one.cget("text"), other.cget("text"))


def _overlap(one: Any, other: Any) -> bool:
    def apart(a: int, width: int, b: int, other_width: int) -> bool:
        return a + width <= b or b + other_width <= a

    return not (
        apart(one.winfo_rootx(), one.winfo_width(), other.winfo_rootx(), other.winfo_width())
        or apart(one.winfo_rooty(), one.winfo_height(), other.winfo_rooty(), other.winfo_height())
    )


def _below(widget: Any) -> Iterator[Any]:
    for child in widget.winfo_children():
        if child.winfo_class() == "Toplevel":  # the words that come up under the pointer
            continue
        yield child
        yield from _below(child)
