"""Models that went behind the program's back, or whose drive did, while their row and card are open."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, ollama_model, tree
from gui.waiting import turn, wait
from gui.window_over import window_over

from model_manager.library.scan import watch
from model_manager.views.review import Review

pytestmark = pytest.mark.gui
SAME = gguf_bytes(seed=9)


@pytest.fixture
def window(display: str, home: Path) -> Iterator[Any]:
    from model_manager.app import build

    tree(home / "models", {f"{name}.gguf": gguf_bytes(seed=number) for number, name in enumerate("abc")})
    tree(home / "models", {"twice.gguf": SAME})
    tree(home / "drive", {"far.gguf": gguf_bytes(seed=5)})
    for name in ("one", "two"):
        ollama_model(home / ".ollama/models", f"registry.ollama.ai/library/{name}/7b", {"model": gguf_bytes(seed=8)})
    app = build()
    for folder in ("models", "drive"):
        watch.add_root(app.database, str(home / folder))
    with window_over(app) as found:
        wait(found, lambda: len(found.library.controller.rows) == 6)
        wait(found, lambda: not app.jobs.live())
        yield found


def choose(window: Any, *names: str) -> None:
    window.library.table.select({row.id for row in window.library.table.rows if row.name in names})
    if len(names) == 1:
        wait(window, lambda: card(window).get("name") == names[0])


def card(window: Any) -> dict[str, Any]:
    found: dict[str, Any] = window.library.details._model or {}
    return found


def names(window: Any) -> set[str]:
    return {row.name for row in window.library.table.rows}


def words(window: Any) -> str:
    return "\n".join(
        str(one.cget("text")) for toast in window.toasts.open for one in toast.winfo_children()
        if one.winfo_class() == "TLabel"
    )  # fmt: skip


def reviews(window: Any) -> list[Review]:
    return [one for one in window.root.winfo_children() if isinstance(one, Review)]


def test_its_row_and_card_go_and_it_is_said_that_it_is_gone(window: Any, home: Path) -> None:
    choose(window, "a")
    (home / "models/a.gguf").unlink()
    window.library.clear_away()
    wait(window, lambda: "gone already" in words(window))
    assert "a is gone already: another program deleted or moved it" in words(window) and "could not" not in words(
        window
    )
    wait(window, lambda: "a" not in names(window) and not card(window))
    assert not reviews(window) and window.library.table.chosen() == []


def test_of_several_the_others_are_planned(window: Any, home: Path) -> None:
    choose(window, "a", "b")
    (home / "models/a.gguf").unlink()
    window.library.clear_away()
    wait(window, lambda: bool(reviews(window)))
    assert reviews(window)[-1]._planned.plan.title == "Move to the trash: b"
    assert "a is gone already" in words(window)
    wait(window, lambda: "a" not in names(window))
    assert "b" in names(window)


def test_opening_the_card_notices_it(window: Any, home: Path) -> None:
    (home / "models/a.gguf").unlink()
    window.library.table.select({row.id for row in window.library.table.rows if row.name == "a"})
    wait(window, lambda: "a" not in names(window))
    wait(window, lambda: words(window) == "a is not in the library any more.")
    assert window.library.table.chosen() == []


def test_a_tag_that_its_tool_removed_while_another_keeps_the_bytes(window: Any, home: Path) -> None:
    """The blobs are still there: only the manifest tells."""
    (row,) = [row for row in window.library.table.rows if "ollama" in row.tools]
    window.library.table.select({row.id})
    wait(window, lambda: card(window).get("id") == f"m{row.id}")
    places = {place["name"]: int(place["id"][1:]) for place in card(window)["places"]}
    (home / ".ollama/models/manifests/registry.ollama.ai/library/two/7b").unlink()
    window.library.clear_away((places["two:7b"],))
    wait(window, lambda: "two:7b is gone already" in words(window))
    wait(window, lambda: [place["name"] for place in card(window).get("places", ())] == ["one:7b"])


def test_other_screens_say_it_too(window: Any, home: Path) -> None:
    from model_manager.controllers.health import HealthLine

    window.open("health")
    (row,) = [row for row in window.library.controller.rows if row.name == "c"]
    (home / "models/c.gguf").unlink()
    window.screens["health"].controller.clear_away([HealthLine("c", "", "", "", row.id)])
    wait(window, lambda: "c is gone already" in words(window))
    wait(window, lambda: "c" not in {row.name for row in window.library.controller.rows})


@pytest.mark.parametrize("first", ["card", "plan"])
def test_a_drive_that_was_unplugged(window: Any, home: Path, first: str) -> None:
    if first == "plan":
        choose(window, "far")
    (home / "drive").rename(home / "unplugged")
    if first == "plan":
        window.library.clear_away()
        wait(window, lambda: "far stays as it is: its drive is not there" in words(window))
    else:
        window.library.table.select({row.id for row in window.library.table.rows if row.name == "far"})
    wait(window, lambda: any("its drive is not there" in text for text in texts(window.library.details)))
    wait(window, lambda: [row.away for row in window.library.table.rows if row.name == "far"] == ["offline"])
    assert not any("trash" in text for text in texts(window.library.details)) and not reviews(window)
    (home / "unplugged").rename(home / "drive")
    window.scan()
    wait(window, lambda: [row.away for row in window.library.table.rows if row.name == "far"] == [""])


def test_a_drive_that_goes_and_comes_is_noticed_without_a_scan(window: Any, home: Path) -> None:
    """Nobody presses Scan: the row, the card and a message say it within seconds, both ways."""
    choose(window, "far")
    assert any("trash" in text for text in texts(window.library.details))
    (home / "drive").rename(home / "unplugged")
    wait(window, lambda: [row.away for row in window.library.table.rows if row.name == "far"] == ["offline"], 6)
    wait(window, lambda: any("its drive is not there" in text for text in texts(window.library.details)))
    assert "~/drive: not there now (unplugged?)." in words(window)
    assert not any("trash" in text for text in texts(window.library.details))
    (home / "unplugged").rename(home / "drive")
    wait(window, lambda: [row.away for row in window.library.table.rows if row.name == "far"] == [""], 6)
    wait(window, lambda: any("trash" in text for text in texts(window.library.details)))
    assert not any("its drive is not there" in text for text in texts(window.library.details))
    assert "~/drive: there again." in words(window)
    assert [row.name for row in window.library.table.chosen()] == ["far"]


def test_a_mount_point_that_is_empty_without_its_drive(window: Any, home: Path) -> None:
    """The folder stays, on another volume and with nothing in it."""
    (home / "stick").mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "none", str(home / "stick")], check=False).returncode:
        pytest.skip("mounting takes root")
    try:
        tree(home / "stick", {"on-stick.gguf": gguf_bytes(seed=70)})
        watch.add_root(window.app.database, str(home / "stick"))
        window.scan()
        wait(window, lambda: "on-stick" in names(window) and not window.scanning.is_running)
        turn(window, 3)
    finally:
        subprocess.run(["umount", "-l", str(home / "stick")], check=True)
    wait(window, lambda: [row.away for row in window.library.table.rows if row.name == "on-stick"] == ["offline"], 6)


def test_one_number_of_what_is_shown(window: Any, home: Path) -> None:
    (home / "drive").rename(home / "unplugged")
    window.scan()
    wait(window, lambda: [row.away for row in window.library.table.rows if row.name == "far"] == ["offline"])
    window.library.text.set("far")
    wait(window, lambda: len(window.library.table.rows) == 1)
    turn(window, 0.1)
    assert "1 shown" in window.library.totals and "0 shown" not in window.library.totals


def texts(widget: Any) -> set[str]:
    found = set()
    for child in widget.winfo_children():
        if "text" in list(child.keys()):
            found.add(str(child.cget("text")))
        found |= texts(child)
    return found
