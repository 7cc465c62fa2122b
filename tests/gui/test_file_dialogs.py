"""The toolkit's own file dialogs, opened and answered with keys: their widgets are Tcl's, and Python knows none of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from factory import gguf_bytes, write
from gui.waiting import turn, wait
from gui.window_over import empty_home, window_over

from model_manager.library.listing.model_json import roots_json
from model_manager.views import theme
from model_manager.views.question import QuestionDialog

pytestmark = pytest.mark.gui


@pytest.fixture(scope="module")
def window(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Tk root lives in one process: the module shares it."""
    with window_over(empty_home(tmp_path_factory.mktemp("dialogs"))) as found:
        wait(found, lambda: found.scanning.job is not None and found.scanning.job.state == "done")
        yield found


@pytest.fixture(autouse=True)
def no_failure(window: Any) -> Iterator[None]:
    """What any callback raises while a dialog is open fails the test, whether the window survived it or not."""
    failures: list[str] = []
    kept = window.root.report_callback_exception
    window.root.report_callback_exception = lambda kind, error, trace: (
        failures.append(repr(error)), kept(kind, error, trace)
    )  # fmt: skip
    yield
    turn(window)
    window.root.report_callback_exception = kept
    assert failures == []
    assert window.root.winfo_exists() and _dialogs(window) == []


def _dialogs(window: Any) -> list[str]:
    """The dialogs that are seen; Tcl keeps them, unseen, for the next time."""
    found, waiting = [], ["."]
    while waiting:
        for child in window.root.tk.splitlist(window.root.tk.call("winfo", "children", waiting.pop())):
            path = str(child)
            waiting.append(path)
            name = path.rpartition(".")[2]
            if name in ("__tk_choosedir", "__tk_filedialog") and int(window.root.tk.call("winfo", "viewable", path)):
                found.append(path)
    return found


class Person:
    """Presses keys in whatever dialog comes up while the program waits for it."""

    def __init__(self, window: Any, *steps: Callable[[str], None]) -> None:
        self._window, self._steps, self._end = window, list(steps), time.monotonic() + 15
        self.met = 0
        window.person = self  # one at a time: who waits for a dialog that never came is gone
        window.root.after(50, self._look)

    def _look(self) -> None:
        if self._window.person is not self:
            return
        dialogs = _dialogs(self._window)
        try:
            if dialogs and self._steps and _field(self._window.root.tk, dialogs[0]):
                self._steps.pop(0)(dialogs[0])
                self.met += 1
        except BaseException:
            self._end = 0.0
            raise
        finally:
            if time.monotonic() > self._end:  # nobody else would ever close it
                self._window.root.tk.eval("set ::tk::Priv(selectFilePath) {}")
            elif dialogs or not self.met:
                self._window.root.after(60, self._look)


def _below(tcl: Any, path: str) -> Iterator[str]:
    for child in tcl.splitlist(tcl.call("winfo", "children", path)):
        yield str(child)
        yield from _below(tcl, str(child))


def _field(tcl: Any, dialog: str) -> str:
    """Where the name is typed, wherever this Tk has it; empty until it is to be seen."""
    return next((
        path for path in _below(tcl, dialog)
        if path.endswith(".ent") and int(tcl.call("winfo", "viewable", path))
    ), "")  # fmt: skip


def press(window: Any, key: str, on: str = "") -> Callable[[str], None]:
    """A key in the field for the name, or on the button with these words."""

    def step(dialog: str) -> None:
        tcl = window.root.tk
        where = _field(tcl, dialog) if not on else next(
            path for path in _below(tcl, dialog)
            if str(tcl.call("winfo", "class", path)) == "TButton" and str(tcl.call(path, "cget", "-text")) == on
        )  # fmt: skip
        tcl.call("focus", "-force", where)
        tcl.call("event", "generate", where, key)

    return step


def type_in(window: Any, text: str) -> Callable[[str], None]:
    def step(dialog: str) -> None:
        tcl = window.root.tk
        field = _field(tcl, dialog)
        tcl.call(field, "delete", 0, "end")
        tcl.call(field, "insert", 0, text)

    return step


def click_folder(window: Any, name: str) -> Callable[[str], None]:
    """One click on a folder of those that are shown."""

    def step(dialog: str) -> None:
        tcl = window.root.tk
        canvas = next(path for path in _below(tcl, dialog) if str(tcl.call("winfo", "class", path)) == "Canvas")
        item = next(
            item for item in tcl.splitlist(tcl.call(canvas, "find", "all"))
            if str(tcl.call(canvas, "type", item)) == "text" and str(tcl.call(canvas, "itemcget", item, "-text")) == name
        )  # fmt: skip
        left, top, right, bottom = (int(one) for one in tcl.splitlist(tcl.call(canvas, "bbox", item)))
        _click(tcl, canvas, (left + right) // 2, (top + bottom) // 2)

    return step


def click_button(window: Any, words: str) -> Callable[[str], None]:
    """With the mouse, which gives the button the focus and takes it from where it was."""

    def step(dialog: str) -> None:
        tcl = window.root.tk
        button = next(
            path for path in _below(tcl, dialog)
            if str(tcl.call("winfo", "class", path)) == "TButton" and str(tcl.call(path, "cget", "-text")) == words
        )  # fmt: skip
        _click(tcl, button, 5, 5)

    return step


def _click(tcl: Any, path: str, x: int, y: int) -> None:
    tcl.call("event", "generate", path, "<Enter>", "-x", x, "-y", y)
    tcl.call("event", "generate", path, "<Button-1>", "-x", x, "-y", y)
    tcl.call("update")  # the focus goes meanwhile, as it does between a person's press and letting go
    if int(tcl.call("winfo", "exists", path)):
        tcl.call("event", "generate", path, "<ButtonRelease-1>", "-x", x, "-y", y)


def restyle(window: Any, family: str, appearance: str) -> Callable[[str], None]:
    """What a change of the settings does, while the dialog is open."""

    def step(_dialog: str) -> None:
        values = window.app.settings.values
        values.theme, values.appearance, values.font_size = family, appearance, 12 if appearance == "dark" else 0
        window.restyle()

    return step


def _open_from_the_first_screen(window: Any) -> None:
    window.open("library")
    wait(window, window.library.begin.winfo_ismapped)
    window.library.begin.invoke()


def _open_from_folders(window: Any) -> None:
    window.open("folders")
    window.screens["folders"].add()


def _open_from_the_base_folder(window: Any) -> None:
    window.open("folders")
    window.screens["folders"].choose.invoke()


def _open_to_save_diagnostics(window: Any) -> None:
    from tkinter import ttk

    window.open("settings")
    screen = window.screens["settings"]
    waiting = [screen.page("advanced")]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ttk.Button) and str(one.cget("text")) == "Save diagnostics…":
            return one.invoke()
        waiting.extend(one.winfo_children())
    raise AssertionError("there is no such button")


PLACES = [_open_from_the_first_screen, _open_from_folders, _open_from_the_base_folder, _open_to_save_diagnostics]


@pytest.mark.parametrize("opened", PLACES)
def test_escape_and_cancel_leave_everything_as_it_is(window: Any, opened: Callable[[Any], None]) -> None:
    for leave in (press(window, "<Key-Escape>"), press(window, "<Key-Return>", "Cancel"),
                  press(window, "<Key-space>", "Cancel"), press(window, "<Key-Escape>")):  # fmt: skip
        person = Person(window, leave)
        opened(window)
        assert person.met == 1
    assert roots_json(window.app.database) == [] and not window.app.settings.values.base_path


@pytest.mark.parametrize("family", theme.FAMILIES)
def test_a_dialog_opens_in_each_theme_and_through_a_change_of_it(window: Any, family: str) -> None:
    restyle(window, family, "light")("")
    person = Person(window, restyle(window, family, "dark"), restyle(window, "bootstrap", "light"),
                    press(window, "<Key-Escape>"))  # fmt: skip
    window.open("folders")
    window.screens["folders"].choose.invoke()
    assert person.met == 3


@pytest.mark.parametrize("ok", ["<Key-Return>", "OK"])
def test_a_folder_is_added_from_the_first_screen(window: Any, tmp_path: Path, ok: str) -> None:
    write(tmp_path / "mine/one.gguf", gguf_bytes(seed=1))
    chosen = press(window, ok) if ok.startswith("<") else press(window, "<Key-space>", ok)
    person = Person(
        window, type_in(window, str(tmp_path / "mine")), chosen, chosen
    )  # once to go there, once to choose it
    _open_from_the_first_screen(window)
    assert person.met == 3
    wait(window, lambda: len(window.library.controller.rows) == 1)
    (root,) = [one for one in roots_json(window.app.database) if one["path"] == str(tmp_path / "mine")]
    window.screens["folders"].controller.remove(root["id"])  # the other tests are about an empty library
    wait(window, lambda: not window.library.controller.rows and not window.scanning.is_running)


@pytest.fixture
def taken(window: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The folders that the screen was given to watch."""
    paths: list[str] = []
    window.open("folders")
    monkeypatch.setattr(window.screens["folders"].controller, "add", paths.append)
    return paths


def test_the_folder_that_is_highlighted_is_the_one_that_is_taken(window: Any, taken: list[str]) -> None:
    home = Path(os.environ["HOME"])
    for name in ("AI", "Pictures ", "~odd"):
        (home / name / "inside").mkdir(parents=True)
    shown: list[str] = []

    def read(dialog: str) -> None:
        shown.append(str(window.root.tk.call(_field(window.root.tk, dialog), "get")))

    for name in ("AI", "Pictures ", "~odd"):
        person = Person(window, click_folder(window, name), read, click_button(window, "OK"))
        window.screens["folders"].add()
        assert person.met == 3 and taken.pop() == shown[-1] == str(home / name)


def test_a_folder_that_is_opened_by_a_double_click_is_taken_with_ok(window: Any, taken: list[str]) -> None:
    inner = Path(os.environ["HOME"]) / "deep/inner"
    inner.mkdir(parents=True)

    def go_into(dialog: str) -> None:
        click_folder(window, "deep")(dialog)
        tcl = window.root.tk
        tcl.call("::tk::dialog::file::chooseDir::DblClick", dialog)
        tcl.call("update")

    Person(window, go_into, click_folder(window, "inner"), click_button(window, "OK"))
    window.screens["folders"].add()
    assert taken == [str(inner)]


@pytest.mark.parametrize("whole", ["home", "/"])
def test_the_whole_home_folder_is_asked_about_first(window: Any, taken: list[str], whole: str) -> None:
    path = os.environ["HOME"] if whole == "home" else "/"
    for answer in ("cancel", "yes"):
        steps = [type_in(window, path), press(window, "<Key-Return>")] + [press(window, "<Key-Return>")] * (
            whole == "/"
        )
        Person(window, *steps)
        window.screens["folders"].add()
        assert taken == []
        (asked,) = [child for child in window.root.winfo_children() if isinstance(child, QuestionDialog)]
        asked.focus_force()
        asked.yes_button.invoke() if answer == "yes" else asked.event_generate("<Escape>")
        turn(window)
        assert not asked.winfo_exists()
    assert taken == [path]


def test_the_base_folder_is_chosen(window: Any, tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    chosen = press(window, "<Key-Return>")
    Person(window, type_in(window, str(tmp_path / "base")), chosen, chosen)
    _open_from_the_base_folder(window)
    wait(window, lambda: window.app.settings.values.base_path == str(tmp_path / "base"))
    window.app.settings.values.base_path = ""


def test_diagnostics_are_saved(window: Any, tmp_path: Path) -> None:
    for _time in range(2):  # the second time over the first
        Person(window, type_in(window, str(tmp_path / "about.txt")), press(window, "<Key-Return>"))
        _open_to_save_diagnostics(window)
        wait(window, (tmp_path / "about.txt").is_file)
        assert (tmp_path / "about.txt").read_text()
