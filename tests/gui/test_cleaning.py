"""Clearing away in the real window, over real files: the review shows it, the trash has it, undo brings it back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, ollama_model, tree, write
from gui.waiting import wait
from gui.window_over import window_over

pytestmark = pytest.mark.gui
TENSORS = {"token_embd.weight": ("F16", (256, 64)), "blk.0.attn_q.weight": ("Q4_0", (256, 256))}
BETTER = {"token_embd.weight": ("F16", (256, 64)), "blk.0.attn_q.weight": ("Q8_0", (256, 256))}
Q4, Q8 = gguf_bytes({}, TENSORS, seed=70), gguf_bytes({}, BETTER, seed=71)


@pytest.fixture
def window(display: str, home: Path) -> Iterator[object]:
    from model_manager.app import build
    from model_manager.library.scan import watch

    tree(home / "models", {"some-7B-Q4_0.gguf": Q4, "some-7B-Q8_0.gguf": Q8, "cut.gguf": Q8[:-9000]})
    ollama_model(home / ".ollama/models", "registry.ollama.ai/library/some/7b", {"model": Q4})
    hub = home / ".cache/huggingface/hub"
    hub_repo(hub, "org/m", {"m.gguf": gguf_bytes(seed=72)})
    old = write(hub / "models--org--m/blobs" / f"{'e' * 64}.incomplete", b"half" * 5000)
    os.utime(old, (1.7e9, 1.7e9))
    app = build()
    watch.add_root(app.database, str(home / "models"))
    with window_over(app) as found:
        wait(found, lambda: len(found.library.controller.rows) == 5)
        yield found


def review(window):
    from model_manager.views.review import Review

    def there() -> list[Review]:
        return [child for child in window.root.winfo_children() if isinstance(child, Review)]

    wait(window, lambda: bool(there()))
    return there()[-1]


def press(window, widget, key: str) -> None:
    widget.focus_force()
    window.root.update()
    widget.event_generate(key)


def rows(window, name: str) -> list[int]:
    return [row.id for row in window.library.controller.rows if row.name == name]


def test_delete_key_review_trash_and_undo(window, home: Path) -> None:
    (id_,) = rows(window, "cut")
    window.library.table.select({id_})
    press(window, window.library.table.tree, "<Delete>")
    shown = review(window)
    assert "to the trash" in shown.apply_button.cget("text") and (home / "models/cut.gguf").exists()
    shown._apply()
    wait(window, lambda: not rows(window, "cut"))
    assert not (home / "models/cut.gguf").exists()
    window.open("history")
    history = window.screens["history"]
    wait(window, lambda: len(history.trash.get_children()) == 1)
    wait(window, lambda: bool(buttons(window.root, "Undo")))
    press(window, history.operations, "<Control-z>")
    wait(window, lambda: bool(rows(window, "cut")))
    assert (home / "models/cut.gguf").read_bytes() == Q8[:-9000]


def test_another_way_is_planned_anew(window, home: Path) -> None:
    window.library.table.select(set(rows(window, "cut")))
    window.library.clear_away()
    first = review(window)
    first.way.set("delete")
    first._change_way()
    wait(window, lambda: not first.winfo_exists())
    second = review(window)
    assert "for good" in second.apply_button.cget("text")
    press(window, second, "<Escape>")
    wait(window, lambda: not second.winfo_exists())
    assert (home / "models/cut.gguf").exists()


def test_restore_one_thing_and_delete_the_other_for_good(window, home: Path) -> None:
    window.library.table.select({*rows(window, "cut"), *rows(window, "m")})
    window.library.clear_away()
    review(window)._apply()
    window.open("history")
    history = window.screens["history"]
    wait(window, lambda: len(history.trash.get_children()) == 2)
    names = {history.trash.item(row, "text"): row for row in history.trash.get_children()}
    history.trash.selection_set(names["cut"])
    history._restore()
    wait(window, lambda: (home / "models/cut.gguf").exists() and len(history.trash.get_children()) == 1)
    history._empty()
    shown = review(window)
    assert "Delete this one for good" in shown._planned.plan.title
    shown._apply()
    assert shown.winfo_exists() and "Delete 1 item" in shown.question.yes_button.cget("text")
    shown.question.yes_button.invoke()
    assert not shown.winfo_exists()
    wait(window, lambda: not history.trash.get_children())
    assert not list((home / ".cache/huggingface/hub/models--org--m").rglob("*.gguf"))


def test_copies_are_proved_then_shared(window, home: Path) -> None:
    window.open("duplicates")
    screen = window.screens["duplicates"]
    wait(window, lambda: len(screen._groups) == 1)
    (group,) = screen._groups.values()
    assert not group.proved
    screen._tick_all()
    assert not screen.table.ticked, "what was not read cannot be ticked by the button"
    screen.table.tick(screen.table.boxed())
    assert screen.table.ticked and str(screen.act.cget("state")) == "disabled"
    assert "Read them to be sure" in screen.whole.cget("text")
    screen.controller.prove()
    wait(window, lambda: any(group.proved for group in screen._groups.values()))
    screen._tick_all()
    assert len(screen.table.ticked) == 1 and "Share 1 copy" in screen.act.cget("text")
    screen._plan()
    review(window)._apply()
    blob = next((home / ".ollama/models/blobs").glob("sha256-*"))
    wait(window, lambda: not screen._groups)
    assert any(os.path.samefile(home / "models/some-7B-Q4_0.gguf", one) for one in blob.parent.iterdir())


def test_the_one_that_stays_can_be_chosen_and_never_ticked(window, home: Path) -> None:
    window.open("duplicates")
    screen = window.screens["duplicates"]
    wait(window, lambda: len(screen._groups) == 1)
    (group,) = screen._groups.values()
    stays, goes = f"{group.id}/{group.keeper}", f"{group.id}/{1 - group.keeper}"
    screen.table.tick([stays])
    assert stays not in screen.table.ticked
    screen.table.tree.focus(goes)
    screen._keep()
    screen.table.tick([goes, stays])
    assert screen.table.ticked == {stays}


def test_suggestions_say_why_and_go_to_the_trash(window, home: Path) -> None:
    window.open("clean")
    screen = window.screens["clean"]
    wait(window, lambda: len(screen._rows) >= 3)
    assert {one.rule for one in screen._rows.values()} >= {"old-quant", "partial", "broken"}
    screen._tick_certain()
    assert [screen._rows[row].rule for row in screen.table.ticked] == ["partial"]
    screen._plan()
    review(window)._apply()
    wait(window, lambda: "partial" not in {one.rule for one in screen._rows.values()})
    assert not list((home / ".cache/huggingface/hub").rglob("*.incomplete"))


def test_the_best_that_fits_stays(window, home: Path) -> None:
    window.open("families")
    screen = window.screens["families"]
    wait(window, lambda: bool(screen._old))
    screen._tick_best()
    screen._plan()
    review(window)._apply()
    wait(window, lambda: not screen._old)
    assert (home / "models/some-7B-Q8_0.gguf").exists() and not (home / "models/some-7B-Q4_0.gguf").exists()


def test_reading_every_byte(window, home: Path) -> None:
    window.open("health")
    screen = window.screens["health"]
    screen.controller.check_deep()
    wait(window, lambda: any("NaN" in line.why for line in screen._lines.values()), 30)
    wait(window, lambda: any(line.leftover for line in screen._lines.values()))
    lines = [row for row, line in screen._lines.items() if line.leftover]
    screen.tree.selection_set(lines[0])
    screen._clear_away()
    assert review(window)._planned.plan.steps


def buttons(widget, text: str) -> list[object]:
    found = [widget] if widget.winfo_class() == "TButton" and str(widget.cget("text")).startswith(text) else []
    return found + [one for child in widget.winfo_children() for one in buttons(child, text)]


def click(window, widget) -> None:
    """As a person does it: the button is seen and takes a press of the pointer."""
    window.root.update()
    assert widget.winfo_viewable()
    x, y = widget.winfo_width() // 2, widget.winfo_height() // 2
    widget.event_generate("<Enter>")
    widget.event_generate("<Button-1>", x=x, y=y)
    widget.event_generate("<ButtonRelease-1>", x=x, y=y)
    window.root.update()


def test_from_the_start_to_old_quants_in_the_trash_in_four_clicks(window, home: Path) -> None:
    screens = window.sidebar.screens
    x, y, _width, height = screens.bbox("screen:families")
    screens.event_generate("<Button-1>", x=x + 30, y=y + height // 2)  # 1
    screens.event_generate("<ButtonRelease-1>", x=x + 30, y=y + height // 2)
    wait(window, lambda: "families" in window.screens and bool(window.screens["families"]._old))
    screen = window.screens["families"]
    click(window, screen.best)  # 2
    click(window, screen.act)  # 3
    shown = review(window)
    click(window, shown.apply_button)  # 4
    wait(window, lambda: not (home / "models/some-7B-Q4_0.gguf").exists())
    assert (home / "models/some-7B-Q8_0.gguf").exists()


def test_the_toast_has_the_way_back_and_the_way_to_space(window, home: Path) -> None:
    window.library.table.select(set(rows(window, "cut")))
    window.library.clear_away()
    review(window)._apply()
    wait(window, lambda: bool(buttons(window.root, "Free the space")))
    assert buttons(window.root, "Undo")
    click(window, buttons(window.root, "Free the space")[0])
    shown = review(window)
    assert "Delete this one for good" in shown._planned.plan.title
    assert "danger" in str(shown.apply_button.cget("style")).lower()
    shown._apply()
    shown.question.yes_button.invoke()
    wait(window, lambda: not list((home / ".local/share/Trash/files").iterdir()))
    wait(window, lambda: not rows(window, "cut"))


def test_where_there_is_no_trash_it_says_so_and_offers_the_other_ways(
    window, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from model_manager.operations import plan_builder

    monkeypatch.setattr(plan_builder, "trash_for", lambda path, volumes: None)
    window.library.table.select(set(rows(window, "cut")))
    window.library.clear_away()
    first = review(window)
    assert first._planned.plan is None and "trash" in first._planned.problem
    first.way.set("aside")
    first._change_way()
    wait(window, lambda: not first.winfo_exists())
    second = review(window)
    second._apply()
    wait(window, lambda: not (home / "models/cut.gguf").exists())
    wait(window, lambda: not rows(window, "cut"))
    wait(window, lambda: bool(buttons(window.root, "Undo")))
    press(window, window.library.table.tree, "<Control-z>")
    wait(window, lambda: (home / "models/cut.gguf").exists())
    assert (home / "models/cut.gguf").read_bytes() == Q8[:-9000]


def test_what_a_review_proposes_first_can_be_chosen_and_reset(window, home: Path) -> None:
    from model_manager.base.settings import Settings

    window.open("settings")
    screen = window.screens["settings"]
    box, _choices = screen.page("safety").boxes["clear_way"]
    box.current(1)
    box.event_generate("<<ComboboxSelected>>")
    assert window.app.settings.values.clear_way == "aside"
    window.open("library")
    window.library.table.select(set(rows(window, "cut")))
    window.library.clear_away()
    first = review(window)
    assert first._planned.way == "aside" and "aside" in first.apply_button.cget("text")
    first.way.set("trash")
    first._change_way()
    wait(window, lambda: not first.winfo_exists())
    second = review(window)
    assert second._planned.way == "trash" and "trash" in second.apply_button.cget("text")
    second.destroy()
    screen.reset()
    assert window.app.settings.values.clear_way == Settings().clear_way and box.current() == 0
    screen.controller.diagnose()
    wait(window, lambda: "roots" in clipboard(window))


def clipboard(window) -> str:
    import tkinter

    try:
        return str(window.root.clipboard_get())
    except tkinter.TclError:  # nothing is in it
        return ""


def test_the_toast_goes_with_what_it_tells_of(window, home: Path) -> None:
    """The live “Undo” and “come back when the trash is emptied” of something that is back already would lie."""
    window.library.table.select(set(rows(window, "cut")))
    window.library.clear_away()
    review(window)._apply()
    wait(window, lambda: bool(buttons(window.root, "Free the space")))
    window.toasts._hold()  # it stays: the pointer is on it
    window.open("history")
    history = window.screens["history"]
    wait(window, lambda: len(history.trash.get_children()) == 1)
    history.trash.selection_set(history.trash.get_children()[0])
    history._restore()
    wait(window, lambda: (home / "models/cut.gguf").exists())
    wait(window, lambda: not buttons(window.root, "Free the space") and not buttons(window.root, "Undo"))
    assert window.toasts.open, "that it is back is told"
