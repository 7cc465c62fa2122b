"""The window on a computer with no model on it: every screen says what will stand there and where to begin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, write
from gui.waiting import wait
from gui.window_over import empty_home, window_over

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def window(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """One Tk root lives in one process: the module shares it."""
    with window_over(empty_home(tmp_path_factory.mktemp("first"))) as found:
        wait(found, lambda: found.scanning.job is not None and found.scanning.job.state == "done")
        yield found


def _texts(widget) -> list[str]:
    """Every text that is seen in a screen; a canvas' too."""
    found = []
    for one in (widget, *_below(widget)):
        if not one.winfo_ismapped():
            continue
        if one.winfo_class() == "TLabel":
            found.append(str(one.cget("text")))
        elif one.winfo_class() == "Canvas":
            found += [one.itemcget(item, "text") for item in one.find_all() if one.type(item) == "text"]
    return found


def _below(widget) -> Iterator[object]:
    for child in widget.winfo_children():
        yield child
        yield from _below(child)


@pytest.mark.parametrize("name", ["library", "disk_map", "duplicates", "clean", "families", "health"])
def test_a_screen_without_models_says_where_to_begin(window, name: str) -> None:
    window.open(name)
    screen = window.screens[name]
    wait(window, lambda: any("No models yet" in text and "Folders" in text for text in _texts(screen)))
    assert not any("in order" in text or "Nothing is there twice" in text for text in _texts(screen))


def test_nothing_is_called_in_order_where_nothing_is(window) -> None:
    window.open("health")
    tree = window.screens["health"].tree
    wait(window, lambda: any("No models yet" in text for text in _texts(window.screens["health"])))
    assert not [item for item in tree.get_children() if "order" in tree.item(item, "text")]


def test_folders_and_history_say_what_would_stand_there(window) -> None:
    for name, words in (("folders", "No tool's folder was found"), ("history", "What it does stands here")):
        window.open(name)
        wait(window, lambda words=words, name=name: any(words in text for text in _texts(window.screens[name])))


def test_an_empty_table_has_no_scroll_bar(window) -> None:
    for name in ("duplicates", "clean", "health", "folders"):
        window.open(name)
        screen = window.screens[name]
        wait(window, lambda screen=screen: not [one for one in _below(screen) if one.winfo_class() == "TScrollbar"
                                                and one.winfo_ismapped()])  # fmt: skip


def test_the_words_of_the_empty_library_are_as_wide_as_their_pane(window) -> None:
    window.open("library")
    words, size = window.library.empty_words, window.root.geometry()
    for asked in ("1280x800", "960x600"):
        window.root.geometry(asked)
        wait(window, lambda asked=asked: window.root.winfo_width() == int(asked.split("x")[0]))
        wait(window, lambda: 100 < words.winfo_reqwidth() <= window.library.table.winfo_width())
    window.root.geometry(size)


def test_a_folder_of_ones_own_is_added_from_the_empty_library(
    window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model_manager.library.listing.model_json import roots_json

    write(tmp_path / "mine/one.gguf", gguf_bytes(seed=1))
    monkeypatch.setattr(
        "model_manager.views.folders.ask_folder", lambda parent, title, then: then(str(tmp_path / "mine"))
    )
    window.open("library")
    library = window.library
    wait(window, library.begin.winfo_ismapped)
    library.begin.invoke()
    wait(window, lambda: len(library.controller.rows) == 1)
    window.open("library")
    wait(window, lambda: not library.begin.winfo_ismapped())
    library.text.set("nothing like this")
    wait(window, lambda: any("No model matches" in text for text in _texts(library)))
    assert not library.begin.winfo_ismapped(), "a search that finds nothing has nothing to add"
    window.open("duplicates")
    wait(window, lambda: any("Nothing is there twice" in text for text in _texts(window.screens["duplicates"])))
    # The other tests are about no models.
    (root,) = [one for one in roots_json(window.app.database) if one["path"] == str(tmp_path / "mine")]
    window.screens["folders"].controller.remove(root["id"])
    library.text.set("")
    wait(window, lambda: not library.controller.rows and not window.scanning.is_running)
    window.open("library")
    wait(window, library.begin.winfo_ismapped)
