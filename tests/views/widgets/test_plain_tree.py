"""Plain trees: whole texts in, what fits on the screen, the rest in a tip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.gui
Until = Callable[..., None]
LONG = "/home/robin/.lmstudio/models/bartowski/Meta-Llama-3.1-8B-Instruct-GGUF/Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf"


@pytest.fixture
def tree(frame: Any, until: Until) -> Any:
    from model_manager.views.widgets.plain_tree import Column, PlainTree

    columns = (Column("#0", "What", 120, loose=True), Column("size", "Size", 40, figure=True),
               Column("path", "Where", 200, loose=True))  # fmt: skip
    made = PlainTree(frame, columns).packed()
    until()
    return made


def seen(tree: Any, row: str) -> tuple[str, str]:
    """What stands on the screen, as Tk has it."""
    return str(tree.tk.call(tree, "item", row, "-text")), str(tree.tk.call(tree, "set", row, "path"))


def test_long_texts_get_an_ellipsis_and_stay_whole(tree: Any, until: Until) -> None:
    row = tree.insert("", "end", "a", text="model", values=("4.92 GB", LONG * 2))
    until(lambda: seen(tree, row)[1].endswith("…"))
    assert LONG.startswith(seen(tree, row)[1][:-1])
    assert tree.set(row, "path") == LONG * 2 and tree.item(row, "values") == ("4.92 GB", LONG * 2)
    assert tree.item(row, "text") == "model" == seen(tree, row)[0]


def test_figures_are_never_cut(tree: Any, until: Until) -> None:
    import tkinter.font as tkfont

    row = tree.insert("", "end", text=LONG, values=("1,234,567.8 GB", LONG))
    until(lambda: seen(tree, row)[1].endswith("…"))
    need = tkfont.nametofont("TkDefaultFont", root=tree).measure("1,234,567.8 GB")
    assert int(tree.column("size", "width")) > need
    assert sum(int(tree.column(name, "width")) for name in ("#0", "size", "path")) <= tree.winfo_width()


def test_a_short_column_leaves_its_room_to_the_other(tree: Any, until: Until) -> None:
    tree.insert("", "end", text="x", values=("1 B", LONG))
    until(lambda: int(tree.column("path", "width")) > 500)
    assert int(tree.column("#0", "width")) < 150


def test_the_tip_is_the_whole_text_of_what_is_cut(tree: Any, until: Until) -> None:
    row = tree.insert("", "end", text="model", values=("1 B", LONG * 3))
    until(lambda: seen(tree, row)[1].endswith("…"))
    x, y, _width, height = tree.bbox(row, "path")
    assert tree.clipped(x + 5, y + height // 2) == LONG * 3
    x, y, _width, height = tree.bbox(row, "size")
    assert tree.clipped(x + 5, y + height // 2) == ""
    assert tree.clipped(x, 9999) == ""


def test_a_persons_widths_stay(tree: Any, until: Until) -> None:
    row = tree.insert("", "end", text="model", values=("1 B", LONG))
    until()
    edge = int(tree.column("#0", "width")) + 1
    assert tree.identify_region(edge, 8) == "separator"
    tree.event_generate("<Button-1>", x=edge, y=8)
    tree.event_generate("<B1-Motion>", x=edge + 150, y=8)
    tree.event_generate("<ButtonRelease-1>", x=edge + 150, y=8)
    until()
    width = int(tree.column("#0", "width"))
    assert width >= edge + 140
    tree.insert("", "end", text="another", values=("2 B", LONG * 3))
    until(lambda: seen(tree, row)[1].endswith("…"))
    assert int(tree.column("#0", "width")) == width


def test_rows_that_scroll_into_sight_are_cut_too(tree: Any, until: Until) -> None:
    rows = [tree.insert("", "end", text=f"{number}", values=("1 B", LONG * 2)) for number in range(300)]
    until(lambda: seen(tree, rows[0])[1].endswith("…"))
    assert seen(tree, rows[-1])[1] == LONG * 2
    tree.yview_moveto(1.0)
    until(lambda: seen(tree, rows[-1])[1].endswith("…"))


def test_what_goes_leaves_no_timer(tree: Any, frame: Any, until: Until) -> None:
    tree.insert("", "end", text="model", values=("1 B", LONG))
    tree.destroy()
    until()
    assert frame.winfo_toplevel().failures == []


def test_emptied_it_forgets_its_longest_words(tree: Any, until: Until) -> None:
    tree.insert("", "end", text=LONG, values=("9,999,999,999 GB", "x"))
    until(lambda: int(tree.column("size", "width")) > 110)
    tree.delete(*tree.get_children())
    tree.insert("", "end", text="a", values=("1 B", "x"))
    until(lambda: int(tree.column("size", "width")) < 80)


HOME = "/home/somebody/a-folder-with-a-long-name"
PATHS = (
    f"{HOME}/.ollama/models/manifests/registry.ollama.ai/library/llama3.2-tuned/latest",
    f"{HOME}/.ollama/models/blobs/sha256-2bada8a7450677000f678be90653b85d364de7db25eb5ea54136ada5f3933730",
    f"{HOME}/.cache/huggingface/hub/models--org--repo/snapshots/{'a' * 40}/model-00001-of-00004.safetensors",
    f"{HOME}/.cache/huggingface/hub/models--org--repo/snapshots/{'a' * 40}/model-00002-of-00004.safetensors",
    f"{HOME}/.cache/huggingface/hub/模型/{'深' * 12}.gguf",
)


@pytest.fixture
def paths(frame: Any, until: Until) -> Any:
    from model_manager.views.widgets.plain_tree import Column, PlainTree

    columns = (Column("#0", "What", 220, loose=True), Column("size", "Size", 80, figure=True),
               Column("path", "Where", 320, loose=True, path=True, names=True), Column("why", "Why", 200, loose=True))  # fmt: skip
    made = PlainTree(frame, columns).packed()
    for path in PATHS:
        made.insert(
            "", "end", path, text="to the trash", values=("4.43 GB", path, "no other model of Ollama names it " * 2)
        )
    made.insert("", "end", "said", text="a head", values=("", "words that are no path at all, " * 9, ""))
    until()
    return made


@pytest.mark.parametrize("width", [1500, 1140, 830])
def test_a_paths_middle_gives_way_to_the_column_and_file_names_stay_whole(
    paths: Any, frame: Any, until: Until, width: int
) -> None:
    import os
    import tkinter.font as tkfont

    from model_manager.views import theme

    font = tkfont.nametofont("TkDefaultFont", root=paths)
    frame.place_configure(width=width)
    until(lambda: abs(paths.winfo_width() - width) < 20)
    until()
    texts = [seen(paths, path)[1] for path in PATHS]
    room = int(paths.column("path", "width")) - 2 * theme.px(paths, theme.CELL)
    for path, text in zip(PATHS, texts, strict=True):
        assert text.endswith(os.path.basename(path)) and font.measure(text) <= room, (text, room)
        assert text == path or "…" in text
    assert len(set(texts)) == len(PATHS)
    assert sum(int(paths.column(name, "width")) for name in ("#0", "size", "path", "why")) <= paths.winfo_width()
    assert paths.set(PATHS[0], "path") == PATHS[0] and seen(paths, "said")[1].startswith("words that are")


def test_more_of_a_path_is_shown_where_the_window_grows(paths: Any, frame: Any, until: Until) -> None:
    frame.place_configure(width=900)
    until(lambda: "…" in seen(paths, PATHS[2])[1])
    narrow = seen(paths, PATHS[2])[1]
    frame.place_configure(width=2500)
    until(lambda: seen(paths, PATHS[2])[1] == PATHS[2])
    frame.place_configure(width=900)
    until(lambda: seen(paths, PATHS[2])[1] == narrow)


def test_a_name_wider_than_all_there_is_shows_both_its_ends(paths: Any, until: Until) -> None:
    name = "begins-here-" + "x" * 400 + "-Q4_K_M.gguf"
    row = paths.insert("", "end", text="a", values=("1 B", f"{HOME}/{name}", ""))
    until(lambda: "…" in seen(paths, row)[1])
    assert seen(paths, row)[1].startswith("begins-here-") and seen(paths, row)[1].endswith("-Q4_K_M.gguf")
    assert seen(paths, PATHS[3])[1].endswith("model-00002-of-00004.safetensors")


REASONS = ("its tensors end at byte 12,345,678, the file has 9,876,543 (2,469,135 missing): the download was stopped",
           "a web page saved under a model's name: download it again, often with a token")  # fmt: skip


@pytest.mark.parametrize("width", [600, 800, 1000, 1280])
def test_a_long_file_name_leaves_what_and_why_their_share(frame: Any, until: Until, width: int) -> None:
    from model_manager.views.widgets.plain_tree import Column, PlainTree

    columns = (Column("#0", "What", 250, loose=True), Column("size", "Size", 96, figure=True),
               Column("why", "Why", 380, loose=True), Column("path", "Where", 170, loose=True, path=True))  # fmt: skip
    made = PlainTree(frame, columns).packed()
    for number, why in enumerate(REASONS):
        made.insert(
            "", "end", str(number), text=f"Meta-Llama-3.1-{number}-8B-Instruct", values=("4.84 GB", why, PATHS[1])
        )
    frame.place_configure(width=width)
    until(lambda: abs(made.winfo_width() - width) < 20)
    until()
    widths = {column.id: int(made.column(column.id, "width")) for column in columns}
    assert sum(widths.values()) <= made.winfo_width()
    assert widths["#0"] >= min(250, 0.2 * width) and widths["why"] >= 0.2 * width and widths["path"] >= 0.2 * width, (
        widths
    )
    texts = [str(made.tk.call(made, "set", str(number), "why")) for number in range(2)]
    assert all(len(text) > 9 for text in texts), "some words of why can be read"


def test_words_of_a_few_kinds_give_way_before_what_a_row_is_about(frame: Any, until: Until) -> None:
    """As on the screen of duplicates: `stays` and `may go` are read, whatever the tool is called."""
    from model_manager.views.widgets.plain_tree import Column, PlainTree

    columns = (
        Column("#0", "Copies", 240, loose=True), Column("size", "Size", 90, figure=True),
        Column("frees", "Frees", 90, figure=True), Column("tool", "Tool", 120),
        Column("path", "Where", 260, loose=True, path=True),
    )  # fmt: skip
    made = PlainTree(frame, columns).packed()
    made.insert("", "end", "g", text="llama3.1:8b", values=("4.84 GB", "9.67 GB", "3 ×", ""), open=True)
    made.insert("g", "end", "r", text="● stays · 2 names", values=("", "", "Hugging Face cache, Ollama", PATHS[1]))
    frame.place_configure(width=700)
    until(lambda: abs(made.winfo_width() - 700) < 20)
    until()
    assert str(made.tk.call(made, "item", "r", "-text")) == "● stays · 2 names"


def test_headings_are_seen_before_there_are_rows(frame: Any, until: Until) -> None:
    from model_manager.views.widgets.plain_tree import Column, PlainTree

    columns = (
        Column("#0", "What", 240, loose=True),
        Column("when", "Since", 430),
        Column("path", "Was", 420, loose=True),
    )
    made = PlainTree(frame, columns).packed()
    frame.place_configure(width=500)
    until(lambda: sum(int(made.column(one.id, "width")) for one in columns) <= made.winfo_width() < 520)
