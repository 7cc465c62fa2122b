"""Every screen by keyboard alone: Tab reaches what the pointer can press, the focus is seen, nobody is caught."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from gui.waiting import turn, wait
from gui.window_over import generated_window

pytestmark = pytest.mark.gui
PRESSED = {"TButton", "TEntry", "TCombobox", "TCheckbutton", "TRadiobutton", "TSpinbox", "TScale", "TMenubutton", "TNotebook",
           "Treeview", "Text", "Listbox"}  # fmt: skip
"""Classes of widgets that a pointer can do something with. A canvas is one when it takes the focus."""
SCREENS = ("library", "disk_map", "duplicates", "clean", "families", "health", "history", "folders", "settings")


@pytest.fixture(scope="module")
def window(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from gui import staged

    with generated_window(tmp_path_factory.mktemp("keyboard")) as found:
        found.root.focus_force()
        for name, show, what in (("duplicates", "show_groups", staged.duplicates(found.app)), ("clean", "show_offer", staged.offer(found.app)),
                                 ("families", "show_offer", staged.offer(found.app)), ("history", "show_past", staged.past())):  # fmt: skip
            found.open(name)
            turn(found, 0.2)
            screen = found.screens[name]
            screen.handle = lambda message: None
            screen.start = lambda: None
            getattr(screen, show)(what)
        # A caret that blinks would look like a focus that is seen.
        found.root.option_add("*insertOffTime", 0)
        found.open("library")
        yield found


@pytest.fixture
def card(window: Any) -> Any:
    """The library with the card of a model."""
    window.go("library")
    table, details = window.library.table, window.library.details
    table.go_to(next(row.id for row in table.rows if row.category == "llm"))
    wait(window, lambda: details._model is not None and len(pressed(window, str(details))) > 6)
    table.tree.focus_set()
    turn(window, 0.1)
    return details


def focus(window: Any) -> str:
    return str(window.root.tk.call("focus"))


def press(window: Any, *keys: str) -> None:
    """Real events at what has the focus."""
    for key in keys:
        window.root.tk.call("event", "generate", focus(window), key)
        turn(window, 0.02)


def classes(window: Any, path: str) -> str:
    return str(window.root.tk.call("winfo", "class", path))


def pressed(window: Any, path: str) -> list[str]:
    """What can be pressed below a widget and is seen and enabled."""
    tcl, found = window.root.tk, []
    for child in tcl.splitlist(tcl.call("winfo", "children", path)):
        if not int(tcl.call("winfo", "viewable", child)) or str(tcl.call("winfo", "toplevel", child)) == str(child):
            continue
        name = classes(window, child)
        enabled = (
            not name.startswith("T") or name in ("Text", "Treeview") or int(tcl.call(child, "instate", "!disabled"))
        )
        if (name in PRESSED and enabled) or (name == "Canvas" and str(tcl.call(child, "cget", "-takefocus")) == "1"):
            found.append(str(child))
        found += pressed(window, str(child))
    return found


def round_trip(window: Any, key: str = "<Tab>") -> list[str]:
    """Every stop until the first comes again."""
    found = [focus(window)]
    for _step in range(120):
        window.root.tk.call("event", "generate", focus(window), key)
        window.root.update()
        if focus(window) in found:
            return found
        found.append(focus(window))
    raise AssertionError(f"the focus goes nowhere: {found[-3:]}")


def picture(window: Any, path: str) -> bytes:
    from PIL import ImageGrab

    window.root.update()
    x, y, width, height = (
        int(window.root.tk.call("winfo", what, path)) for what in ("rootx", "rooty", "width", "height")
    )
    box = (max(0, x), max(0, y), x + width, y + height)
    return bytes(ImageGrab.grab(box, xdisplay=os.environ["DISPLAY"]).convert("RGB").tobytes())


@pytest.mark.parametrize("name", SCREENS)
def test_tab_reaches_everything_and_everything_shows_its_focus(window: Any, card: Any, name: str) -> None:
    window.go(name)
    turn(window, 0.2)
    reached = round_trip(window)
    missed = [path for path in pressed(window, ".") if path not in reached]
    assert not missed, missed
    assert reached[1:] == round_trip(window, "<Shift-Tab>")[1:][::-1]
    for path in reached:
        if not path.startswith(str(window.screens[name])):
            continue
        window.root.tk.call("focus", path)
        turn(window, 0.02)
        seen = picture(window, path)
        window.root.tk.call("focus", str(window.status.button))
        turn(window, 0.02)
        hidden = picture(window, path)
        differing = sum(seen[i : i + 3] != hidden[i : i + 3] for i in range(0, len(seen), 3))
        assert differing >= 60, (path, classes(window, path), differing)


@pytest.mark.parametrize("look", ["light", "dark"])
def test_the_ring_is_seen_in_every_look(window: Any, look: str) -> None:
    import ttkbootstrap as ttk

    from model_manager.views import theme

    values = window.app.settings.values
    before = values.appearance
    values.appearance = look
    window.restyle()
    try:
        window.go("duplicates")
        for path in (str(window.screens["duplicates"].table.tree), str(window.screens["duplicates"].prove)):
            window.root.tk.call("focus", path)
            turn(window, 0.02)
            (side,) = {str(one.cget("background")) for one in window.keys.ring.sides}
            assert theme.contrast(side, str(ttk.Style().colors.bg)) >= 3
        values.appearance = "dark" if look == "light" else "light"
        window.restyle()
        (side,) = {str(one.cget("background")) for one in window.keys.ring.sides}
        assert theme.contrast(side, str(ttk.Style().colors.bg)) >= 3, "it follows the theme where the focus stays"
    finally:
        values.appearance = before
        window.restyle()


@pytest.mark.parametrize("family", ["bootstrap", "nord", "solarized"])
@pytest.mark.parametrize("look", ["light", "dark"])
def test_buttons_and_labels_can_be_read(window: Any, family: str, look: str) -> None:
    import ttkbootstrap as ttk

    from model_manager.views import theme

    values = window.app.settings.values
    before = values.theme, values.appearance
    values.theme, values.appearance = family, look
    window.restyle()
    try:
        for name in ("history", "folders", "duplicates"):
            window.open(name)
            turn(window, 0.1)
        style, low = ttk.Style(), {}
        for name, state in (("TButton", "disabled"), ("primary.TButton", ""), ("primary.TButton", "disabled"),
                            ("danger.Outline.TButton", ""), ("TLabel", "")):  # fmt: skip
            ink, back = (str(style.lookup(name, what, (state,))) for what in ("foreground", "background"))
            if theme.contrast(ink, back) < theme.READABLE:
                low[name, state] = ink, back
        assert not low
    finally:
        values.theme, values.appearance = before
        window.restyle()


def test_a_screen_that_is_opened_has_the_focus_and_gets_it_again(window: Any) -> None:
    window.go("library")
    for number, name in enumerate(SCREENS, 1):
        press(window, f"<Control-Key-{number}>")
        assert window.current == name and focus(window).startswith(f"{window.screens[name]}."), name
    press(window, f"<Control-Key-{list(SCREENS).index('folders') + 1}>", "<Tab>")
    left = focus(window)
    assert left.startswith(f"{window.screens['folders']}.")
    press(window, "<Control-Key-4>", f"<Control-Key-{list(SCREENS).index('folders') + 1}>")
    assert focus(window) == left
    window.root.tk.call("focus", str(window.sidebar.screens))
    press(window, "<Home>", "<Down>", "<Down>")
    assert window.current == "clean" and focus(window) == str(window.sidebar.screens), "arrows stay in the list"
    press(window, "<Return>")
    assert focus(window).startswith(f"{window.screens['clean']}.")


def test_f6_goes_round_the_parts_of_the_window(window: Any, card: Any) -> None:
    seen = []
    for _step in range(5):
        press(window, "<F6>")
        seen.append(focus(window))
    parts = (card, window.status, window.sidebar.tree, window.sidebar.screens, window.library)
    assert [path for path, part in zip(seen, parts, strict=True) if not path.startswith(str(part))] == []
    press(window, "<Shift-F6>")
    assert focus(window) == str(window.sidebar.screens)


def test_a_message_is_reached_stays_while_it_has_the_focus_and_gives_it_back(window: Any) -> None:
    window.go("health")
    before, done = focus(window), []
    window.toasts.show("Moved.", ("Undo", lambda: done.append(1)), stay_ms=150)
    press(window, "<F6>")
    turn(window, 0.4)
    assert len(window.toasts.open) == 1 and focus(window).startswith(str(window.toasts.open[0]))
    press(window, "<Escape>")
    assert not window.toasts.open and focus(window) == before and not done
    window.toasts.show("Moved.", ("Undo", lambda: done.append(1)), stay_ms=150)
    press(window, "<F6>", "<space>")
    assert done == [1] and focus(window) == before
    window.toasts.show("Moved.", stay_ms=150)
    wait(window, lambda: not window.toasts.open, 3)


def test_the_note_lets_the_tab_out_and_keeps_it_out_of_its_text(window: Any, card: Any) -> None:
    note = next(path for path in pressed(window, str(card)) if classes(window, path) == "Text")
    window.root.tk.call("focus", "-force", note)
    turn(window, 0.05)
    before = window.root.tk.call(note, "get", "1.0", "end")
    press(window, "<Tab>")
    assert focus(window) != note and window.root.tk.call(note, "get", "1.0", "end") == before


def test_undoing_in_a_field_does_not_undo_on_disk(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    undone: list[str] = []
    monkeypatch.setattr(window, "undo", lambda id_="": undone.append(id_))
    window.go("library")
    window.library.entry.focus_set()
    press(window, "<Control-z>")
    assert not undone
    window.library.table.tree.focus_set()
    press(window, "<Control-z>")
    assert undone == [""]


def test_the_card_stays_while_it_is_typed_into_and_keeps_the_focus_when_it_changes(window: Any, card: Any) -> None:
    details = card
    entry = next(path for path in pressed(window, str(details)) if classes(window, path) == "TEntry")
    window.root.tk.call(entry, "insert", 0, "mine")
    details.show(*details._shown)
    assert window.root.tk.call(entry, "get") == "mine"
    toggle = next(path for path in pressed(window, str(details)) if "reasons" in label(window, path))
    window.root.tk.call("focus", toggle)
    press(window, "<Return>")
    turn(window, 0.1)
    assert label(window, focus(window)) == "Hide the reasons"
    press(window, "<space>")
    turn(window, 0.2)
    assert label(window, focus(window)) == "Show the reasons"


def label(window: Any, path: str) -> str:
    return str(window.root.tk.call(path, "cget", "-text")) if classes(window, path) == "TButton" else ""


def test_sorting_and_columns_are_in_the_menu_of_the_table(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import ttkbootstrap as ttk

    opened: list[Any] = []
    monkeypatch.setattr(ttk.Menu, "tk_popup", lambda menu, x, y: opened.append(menu))
    window.go("library")
    table = window.library.table
    table.tree.focus_set()
    press(window, "<Home>", "<Shift-F10>")
    (menu,) = opened
    titles = [
        menu.entrycget(at, "label") if menu.type(at) != "separator" else "" for at in range(menu.index("end") + 1)
    ]
    sort = window.root.nametowidget(menu.entrycget(titles.index("Sort by"), "menu"))
    columns = window.root.nametowidget(menu.entrycget(titles.index("Columns"), "menu"))
    before, shown = table.sorted_by, list(table.wanted)
    sort.invoke(0)
    assert table.sorted_by[0] == "name"
    table.sort(before[0])
    columns.invoke(columns.index("end"))
    assert set(table.wanted) ^ set(shown) == {"added"}
    columns.invoke(columns.index("end"))
    assert table.wanted == shown
    turn(window, 0.2)


def test_rows_are_marked_and_chosen_one_by_one(window: Any) -> None:
    window.go("library")
    table = window.library.table
    table.tree.focus_set()
    press(window, "<Home>", "<Control-Down>", "<Control-Down>", "<space>")
    assert table.selected == {table.rows[0].id, table.rows[2].id}
    window.go("health")
    tree = window.screens["health"].tree
    wait(window, lambda: len(tree.get_children()) > 1)
    tree.focus_set()
    press(window, "<Home>", "<Down>", "<Shift-Down>", "<Control-Down>", "<space>")
    assert len(tree.selection()) == 3
    press(window, "<End>", "<Control-a>")
    assert len(tree.selection()) > 10


def test_a_tree_keeps_its_place_when_its_rows_are_made_anew(window: Any) -> None:
    from gui import staged

    window.go("clean")
    screen = window.screens["clean"]
    screen.table.tree.focus_set()
    press(window, "<Home>", "<Down>", "<Down>", "<space>")
    row = screen.table.tree.focus()
    assert row in screen.table.ticked
    screen.show_offer(staged.offer(window.app))
    turn(window, 0.1)
    assert screen.table.tree.focus() == row and row in screen.table.ticked
    press(window, "<space>", "<Home>", "<space>")
    head = screen.table.tree.focus()
    assert screen.table.ticked == set(screen.table.boxed(head)) and screen.table.tree.item(head, "open")
    press(window, "<space>")
    assert not screen.table.ticked


def test_the_disk_map_by_arrows(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    window.go("disk_map")
    screen = window.screens["disk_map"]
    wait(window, lambda: len(screen._tiles) > 100)
    opened: list[int] = []
    monkeypatch.setattr(screen, "_open_model", opened.append)
    window.root.tk.call("focus", str(screen.canvas))
    turn(window, 0.05)
    first = screen.marker.tile
    been = {(first.x, first.y)}
    for key in ("<Left>", "<Up>", "<Right>", "<Down>", "<Right>", "<Down>"):
        press(window, key)
        been.add((screen.marker.tile.x, screen.marker.tile.y))
        assert screen.words.cget("text") == screen.marker.tile.detail
    assert len(been) >= 4 and screen.canvas.find_withtag("key")
    press(window, "<Home>", "<Return>")
    turn(window, 0.2)
    assert screen.controller.inside == screen.marker.tile.key and not opened
    press(window, "<BackSpace>")
    assert not screen.controller.inside
    press(window, "<Return>", "<Home>", "<Right>", "<Return>")
    assert opened == [screen.marker.tile.id]
    press(window, "<Escape>")
    assert not screen.controller.inside


def test_windows_take_the_focus_and_give_it_back(window: Any) -> None:
    from gui import staged

    from model_manager.views.review import Review

    window.go("families")
    before = focus(window)
    for key, at in (("<F1>", ".!help"), ("<Control-j>", ".!jobsbar.!jobslist")):
        press(window, key)
        wait(window, lambda at=at: at.rsplit("!")[-1] in focus(window), 3)
        round_trip(window)
        press(window, "<Escape>")
        wait(window, lambda: focus(window) == before, 3)
    window.review(staged.planned())
    wait(window, lambda: "review" in focus(window), 3)
    (review,) = [child for child in window.root.winfo_children() if isinstance(child, Review)]
    assert label(window, focus(window)) == "Cancel", "Enter changes nothing by accident"
    assert not [path for path in pressed(window, str(review)) if path not in round_trip(window)]
    press(window, "<Return>")
    wait(window, lambda: focus(window) == before, 3)


def test_every_key_that_help_tells_is_live(window: Any) -> None:
    from model_manager.views.help import _KEYS

    names = {"Ctrl": "Control", "Esc": "Escape", "Space": "space", "Enter": "Return", "Del": "Delete", ",": "comma", "↑": "Up",
             "↓": "Down", "←": "Left", "→": "Right", "Backspace": "BackSpace"}  # fmt: skip
    tcl, tree = window.root.tk, str(window.library.table.tree)
    window.go("disk_map")
    tags = [
        str(window.screens["disk_map"].canvas),
        str(window.root),
        tree,
        str(window.library.entry),
        *tcl.splitlist(tcl.call("bindtags", tree)),
        "TButton",
    ]
    dead = []
    for text, _words in _KEYS:
        if "…" in text:
            text = ", ".join(f"Ctrl+{number}" for number in range(1, 10))
        for one in re.split(r", (?=\S)", text):
            before, _plus, arrows = one.rpartition("+")
            for key in arrows.split():
                parts = [*(part for part in before.split("+") if part), key]
                parts = [names.get(part, part.lower() if len(part) == 1 else part) for part in parts]
                sequence = f"<{'-'.join([*parts[:-1], 'Key-' + parts[-1]])}>"
                if parts[-1] == "Tab":
                    sequence = "<<PrevWindow>>" if "Shift" in parts else "<<NextWindow>>"
                if not any(tcl.call("bind", tag, sequence) for tag in tags):
                    dead.append(one)
    assert dead == []
