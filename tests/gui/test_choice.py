"""What is acted on is what is seen and chosen, and what is there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, tree
from gui.waiting import turn, wait
from gui.window_over import window_over

pytestmark = pytest.mark.gui
NAMES = ["alpha", "beta", "gamma", "delta", "epsilon"]


@pytest.fixture
def window(display: str, home: Path) -> Iterator[Any]:
    from model_manager.app import build
    from model_manager.library.scan import watch

    tree(home / "models", {f"{name}.gguf": gguf_bytes(seed=90 + n) for n, name in enumerate(NAMES)})
    tree(home / "drive", {"far.gguf": gguf_bytes(seed=99)})
    app = build()
    for folder in ("models", "drive"):
        watch.add_root(app.database, str(home / folder))
    with window_over(app) as found:
        wait(found, lambda: len(found.library.controller.rows) == 6 and not found.scanning.is_running)
        yield found


def reviews(window: Any) -> list[Any]:
    from model_manager.views.review import Review

    return [child for child in window.root.winfo_children() if isinstance(child, Review)]


def press(window: Any, widget: Any, key: str) -> None:
    widget.focus_force()
    window.root.update()
    widget.event_generate(key)


def words(widget: Any) -> str:
    found = [str(widget.cget("text"))] if "text" in list(widget.keys()) else []
    return "\n".join([*found, *(words(child) for child in widget.winfo_children())])


def messages(window: Any) -> str:
    return "\n".join(words(toast) for toast in window.toasts.open)


def named(window: Any, name: str) -> Any:
    return next(row for row in window.library.controller.rows if row.name == name)


def test_delete_offers_what_is_left_of_the_choice_by_a_search(window: Any, home: Path) -> None:
    library = window.library
    press(window, library.table.tree, "<Control-a>")
    assert len(library.table.selected) == 6
    library.text.set("gamma")
    wait(window, lambda: [row.name for row in library.table.rows] == ["gamma"])
    wait(window, lambda: library.details._model is not None and library.details._model["name"] == "gamma")
    press(window, library.table.tree, "<Delete>")
    wait(window, lambda: bool(reviews(window)))
    (review,) = reviews(window)
    plan = review._planned.plan
    assert [Path(step.path).name for step in plan.steps] == ["gamma.gguf"]
    assert "gamma" in plan.title and "5" not in plan.title and "6" not in review.apply_button.cget("text")
    press(window, review, "<Escape>")
    library.clear_search()
    wait(window, lambda: len(library.table.rows) == 6)
    assert len(library.table.chosen()) == 6


def test_a_choice_that_a_place_hides_is_none(window: Any) -> None:
    library = window.library
    library.table.select({named(window, "beta").id})
    window.choose("tool", "ollama")
    wait(window, lambda: not library.table.rows)
    assert library.table.chosen() == [] and library.controller.selected == set()
    press(window, library.table.tree, "<Delete>")
    turn(window, 0.5)
    assert reviews(window) == []


def test_the_card_of_a_deleted_model_closes_and_the_next_is_chosen(window: Any, home: Path) -> None:
    library = window.library
    order = [row.name for row in library.table.rows]
    library.table.select({named(window, order[1]).id})
    wait(window, lambda: library.details._model is not None and library.details._model["name"] == order[1])
    library.clear_away()
    wait(window, lambda: bool(reviews(window)))
    reviews(window)[0]._apply()
    wait(window, lambda: order[1] not in [row.name for row in library.controller.rows])
    wait(window, lambda: library.details._model is not None and library.details._model["name"] == order[2])
    assert [row.name for row in library.table.chosen()] == [order[2]]


def test_an_action_on_what_has_gone_says_so(window: Any, home: Path) -> None:
    """Another program has deleted it, and the catalogue knows already; the window does not yet."""
    from model_manager.jobs import Progress

    library = window.library
    id_ = named(window, "delta").id
    library.table.select({id_})
    (home / "models/delta.gguf").unlink()
    window.app.scanner().run(Progress())
    library.clear_away()
    wait(window, lambda: "not there any more" in messages(window))
    library.controller.select({id_})
    wait(window, lambda: messages(window).count("not there any more") >= 1)
    assert reviews(window) == []


def test_what_was_unplugged_is_shown_so_and_offers_no_trash(window: Any, home: Path) -> None:
    library = window.library
    assert "6 models" in library.totals
    (home / "drive").rename(home / "elsewhere")
    window.scan()
    wait(window, lambda: named(window, "far").away == "offline")
    assert "5 models" in library.totals and "1 not there now" in library.totals
    assert window.sidebar.tree.item("all", "values")[0] in ("5", 5)
    number = next(n for n, row in enumerate(library.table.rows) if row.name == "far")
    item = library.table.tree.get_children()[number]
    assert "away" in library.table.tree.item(item, "tags")
    assert library.table.tree.set(item, "name").startswith("⏏") and "not there" in library.table.tree.set(item, "tools")
    library.table.select({named(window, "far").id})
    wait(window, lambda: "unplugged" in words(library.details))
    library.text.set("drive")
    wait(window, lambda: [row.name for row in library.table.rows] == ["far"])
    assert "1 shown" in library.totals, "one number: that of the rows that are seen"
    library.clear_search()
    wait(window, lambda: len(library.table.rows) == 6)
    library.table.select({named(window, "far").id})
    wait(window, lambda: "unplugged" in words(library.details))
    assert "trash" not in words(library.details)
    press(window, library.table.tree, "<Delete>")
    wait(window, lambda: "not there now" in messages(window))
    press(window, library.table.tree, "<Control-a>")
    press(window, library.table.tree, "<Delete>")
    wait(window, lambda: bool(reviews(window)))
    assert len(reviews(window)[0]._planned.plan.steps) == 5
    press(window, reviews(window)[0], "<Escape>")
    (home / "elsewhere").rename(home / "drive")
    window.scan()
    wait(window, lambda: named(window, "far").away == "")
    wait(window, lambda: "6 models" in library.totals)


def test_the_card_that_is_open_while_its_drive_is_unplugged_offers_no_trash(window: Any, home: Path) -> None:
    library = window.library
    library.table.select({named(window, "far").id})
    wait(window, lambda: "Move to the trash" in words(library.details))
    (home / "drive").rename(home / "elsewhere")
    window.scan()
    wait(window, lambda: "unplugged" in words(library.details))
    assert "trash" not in words(library.details)
    (home / "elsewhere").rename(home / "drive")
    window.scan()
    wait(window, lambda: "Move to the trash" in words(library.details))


def test_what_is_chosen_in_the_trash_stays_chosen_when_the_history_is_read_again(window: Any, home: Path) -> None:
    library = window.library
    for name in ("alpha", "beta"):
        library.table.select({named(window, name).id})
        library.clear_away()
        wait(window, lambda: bool(reviews(window)))
        reviews(window)[0]._apply()
        wait(window, lambda name=name: name not in [row.name for row in library.controller.rows])
    window.open("history")
    history = window.screens["history"]
    wait(window, lambda: len(history.trash.get_children()) == 2)
    first = next(row for row in history.trash.get_children() if history.trash.item(row, "text") == "alpha")
    history.trash.selection_set(first)
    turn(window)
    label = history.empty_button.cget("text")
    history.start()
    turn(window, 1.0)
    assert [history.trash.item(row, "text") for row in history.trash.selection()] == ["alpha"]
    assert history.empty_button.cget("text") == label


def test_ticks_stay_with_their_copies_when_another_one_goes(window: Any, home: Path) -> None:
    """The second of four goes: the tick of the third must not pass to what is third then."""
    tree(home / "models", {f"copy-{letter}.gguf": gguf_bytes(seed=120) for letter in "abcd"})
    window.scan()
    wait(window, lambda: len(window.library.controller.rows) == 10 and not window.scanning.is_running)
    window.open("duplicates")
    screen = window.screens["duplicates"]

    def paths() -> dict[str, str]:
        return {Path(screen.table.tree.set(row, "path")).name: row for head in screen.table.tree.get_children()
                for row in screen.table.tree.get_children(head)}  # fmt: skip

    wait(window, lambda: len(paths()) == 4)
    boxed = sorted(name for name, row in paths().items() if row in screen.table.boxed())
    screen.table.tick([paths()[boxed[1]]])
    (home / "models" / boxed[0]).unlink()
    window.scan()
    wait(window, lambda: len(paths()) == 3)
    assert [name for name, row in paths().items() if row in screen.table.ticked] == [boxed[1]]
