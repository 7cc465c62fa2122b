"""What the review tells before anything goes: whole file names, every name, one number; and what undo must copy first."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, ollama_model, tree
from gui.waiting import turn, wait
from gui.window_over import window_over

pytestmark = pytest.mark.gui
TUNED, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)
LARGE = gguf_bytes(
    {}, {"token_embd.weight": ("F16", (4096, 1024)), "blk.0.attn_q.weight": ("F16", (4096, 1024)),
         "output.weight": ("F16", (4096, 1024))}, seed=33,
)  # fmt: skip


@pytest.fixture
def window(display: str, home: Path) -> Iterator[Any]:
    from model_manager.app import build
    from model_manager.library.scan import watch

    ollama = home / ".ollama/models"
    for name in (
        "registry.ollama.ai/library/llama3.2-tuned/latest",
        "hf.co/bartowski/Llama-3.2-3B-Instruct-GGUF/latest",
    ):
        ollama_model(ollama, name, {"model": TUNED})
    tree(home / "models", {"twice.gguf": OTHER, "large.gguf": LARGE, "deep/down/below/large-copy.gguf": LARGE})
    os.link(home / "models/twice.gguf", home / "models/again.gguf")
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app, "960x600") as found:
        wait(found, lambda: len(found.library.controller.rows) == 4 and not found.scanning.is_running)
        yield found


def reviews(window: Any) -> list[Any]:
    from model_manager.views.review import Review

    return [child for child in window.root.winfo_children() if isinstance(child, Review)]


def review(window: Any) -> Any:
    wait(window, lambda: bool(reviews(window)))
    turn(window)
    return reviews(window)[-1]


def below(widget: Any) -> list[Any]:
    return [widget, *(one for child in widget.winfo_children() for one in below(child))]


def words(widget: Any) -> str:
    return "\n".join(str(one.cget("text")) for one in below(widget) if one.winfo_class() in ("TLabel", "TButton"))


def list_of(shown: Any) -> Any:
    return next(one for one in below(shown) if one.winfo_class() == "Treeview")


def cells(tree_: Any, row: str, column: str) -> str:
    return str(tree_.tk.call(tree_, "set", row, column))


def choose(window: Any, *tools: str) -> None:
    rows = [row for row in window.library.controller.rows if row.tools in tools]
    assert rows
    window.library.table.select({row.id for row in rows})
    wait(window, lambda: len(rows) > 1 or (window.library.details._model is not None
         and window.library.details._model["id"] == f"m{rows[0].id}"))  # fmt: skip
    turn(window)


def test_every_file_name_is_seen_whole_before_anything_moves(window: Any) -> None:
    choose(window, "ollama")
    window.library.clear_away()
    shown = review(window)
    table = list_of(shown)
    for top in table.get_children():
        for row in table.get_children(top):
            whole = table.set(row, "path")
            assert cells(table, row, "path").endswith(os.path.basename(whole)), (cells(table, row, "path"), whole)


def test_title_list_and_button_say_one_number_for_a_model_of_two_names(window: Any, home: Path) -> None:
    choose(window, "ollama")
    window.library.clear_away()
    shown = review(window)
    plan, table = shown._planned.plan, list_of(shown)
    names = [table.item(row, "text") for row in table.get_children()]
    assert (
        len(names) == 2
        and any("llama3.2-tuned" in name for name in names)
        and any("bartowski" in name for name in names)
    )
    assert "and 1 other name (2 items)" in plan.title and plan.title in words(shown)
    assert shown.apply_button.cget("text").startswith("Move 2 items")
    listed = [table.set(row, "path") for top in table.get_children() for row in table.get_children(top)]
    assert sorted(listed) == sorted(step.path for step in plan.steps)


def test_the_review_offers_one_name_alone_and_says_what_stays(window: Any, home: Path) -> None:
    choose(window, "ollama")
    window.library.clear_away()
    shown = review(window)
    offered = list(shown.choice.cget("values"))
    assert len(offered) == 3 and "all 2 places" in offered[0] and shown.choice.current() == 0
    number = next(n for n, text in enumerate(offered) if text.startswith("only") and "bartowski" in text)
    shown.choice.current(number)
    shown.choice.event_generate("<<ComboboxSelected>>")
    wait(window, lambda: not shown.winfo_exists())
    alone = review(window)
    assert alone.choice.current() == number and "bartowski" in alone._planned.plan.title
    assert "Move 1 item" in alone.apply_button.cget("text") and len(list_of(alone).get_children()) == 1
    assert "llama3.2-tuned:latest stays, it is the same model" in words(alone)
    alone.way.set("aside")
    alone._change_way()
    wait(window, lambda: not alone.winfo_exists())
    aside = review(window)
    assert aside.choice.current() == number and "aside" in aside.apply_button.cget("text")
    aside._apply()
    manifests = home / ".ollama/models/manifests"
    wait(window, lambda: not list(manifests.glob("hf.co/**/latest")))
    assert (manifests / "registry.ollama.ai/library/llama3.2-tuned/latest").exists()
    assert any(one.read_bytes() == TUNED for one in (home / ".ollama/models/blobs").iterdir())


def test_card_and_menu_offer_the_whole_model_and_each_place(window: Any) -> None:
    choose(window, "ollama")
    said = words(window.library.details)
    assert "Move all 2 places to the trash…" in said and said.count("Remove only here…") == 2
    import ttkbootstrap as ttk

    menu = ttk.Menu(window.root, tearoff=False)
    (id_,) = window.library.table.selected
    window.library._add_actions(menu, {id_})
    labels = [str(menu.entrycget(n, "label")) for n in range(menu.index("end") + 1) if menu.type(n) != "separator"]
    assert "Move all 2 places to the trash…" in labels and "Remove only one place" in labels
    only = menu.nametowidget(menu.entrycget(labels_at(menu, "Remove only one place"), "menu"))
    assert "llama3.2-tuned:latest" in only.entrycget(0, "label") + only.entrycget(1, "label")
    only.invoke(1)
    shown = review(window)
    assert shown.choice.current() == 2 and "Move 1 item" in shown.apply_button.cget("text")
    menu.destroy()


def labels_at(menu: Any, label: str) -> int:
    return next(
        n for n in range(menu.index("end") + 1) if menu.type(n) == "cascade" and menu.entrycget(n, "label") == label
    )


def test_several_models_say_how_many_names_go_and_offer_no_choice(window: Any) -> None:
    choose(window, "folder")
    assert sorted(row.places for row in window.library.table.chosen()) == [1, 1, 2]
    window.library.clear_away()
    shown = review(window)
    assert not shown._planned.choices.all and len(list_of(shown).get_children()) == 4
    assert "4 items" in shown._planned.plan.title and "Move 4 items" in shown.apply_button.cget("text")


def shared(window: Any, home: Path) -> tuple[str, list[Path]]:
    """The large copies as two names of one file, by a plan that was applied."""
    from model_manager.jobs import Progress
    from model_manager.library.duplicates import search as duplicates
    from model_manager.library.duplicates.sharing import plan_sharing

    app = window.app
    found = duplicates.prove(app.database, app.volumes, Progress(), ())
    groups = [group for group in found.groups if group.size == len(LARGE)]
    plan = plan_sharing(app.database, app.volumes, app.env(), groups, "hardlink", (), (), ())
    done = app.operations.apply(plan)
    assert done.state == "applied"
    paths = [home / "models/large.gguf", home / "models/deep/down/below/large-copy.gguf"]
    assert os.path.samefile(*paths)
    return done.id, paths


def test_undo_that_copies_says_how_much_and_asks(window: Any, home: Path) -> None:
    id_, paths = shared(window, home)
    window.undo(id_)
    window.undo(id_)  # the key was pressed twice
    wait(window, lambda: getattr(window, "question", None) is not None)
    turn(window)
    from model_manager.views.question import QuestionDialog

    assert len([child for child in window.root.winfo_children() if isinstance(child, QuestionDialog)]) == 1
    said = words(window.question)
    assert "are copied to" in said and "are free" in said and "25.2 MB" in window.question.yes_button.cget("text")
    window.question.event_generate("<Escape>")
    window.question.destroy()
    turn(window, 0.5)
    assert os.path.samefile(*paths)
    window.undo(id_)
    wait(window, lambda: window.question.winfo_exists())
    window.question.yes_button.invoke()
    wait(window, lambda: not os.path.samefile(*paths))
    assert [path.read_bytes() == LARGE for path in paths] == [True, True]


def test_undo_shows_bytes_and_is_stopped_from_the_list_of_jobs(
    window: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model_manager.operations import disk

    id_, paths = shared(window, home)
    reached, go = threading.Event(), threading.Event()
    real = disk.Disk.copy

    def slow(self: Any, source: str, target: str, worked: Any, *more: Any) -> Any:
        def step(size: int) -> None:
            worked(size)
            reached.set()
            assert go.wait(20)
            worked(0)

        return real(self, source, target, step, *more)

    monkeypatch.setattr(disk.Disk, "copy", slow)
    window.undo(id_)
    wait(window, lambda: getattr(window, "question", None) is not None)
    window.question.yes_button.invoke()
    wait(window, reached.is_set)
    window.status.toggle()
    turn(window, 0.4)
    (line,) = [one.master for one in below(window.status._list)
               if one.winfo_class() == "TLabel" and one.cget("text") == "Undoing"]  # fmt: skip
    assert "MB / 25.2 MB" in words(line)
    next(one for one in below(line) if one.winfo_class() == "TButton" and one.cget("text") == "Cancel").invoke()
    go.set()
    wait(window, lambda: "stopped" in words(line))
    wait(window, lambda: any("Stopped." in words(toast) for toast in window.toasts.open))
    assert os.path.samefile(*paths) and paths[0].read_bytes() == LARGE
    assert sorted(one.name for one in paths[1].parent.iterdir()) == ["large-copy.gguf"]
    monkeypatch.undo()
    assert window.app.operations.get(id_).undoable
