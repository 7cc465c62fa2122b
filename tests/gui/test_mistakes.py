"""A mistake of the window's own: it is logged and said, and the window goes on."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from gui.waiting import turn, wait
from gui.window_over import empty_home, window_over

pytestmark = [pytest.mark.gui, pytest.mark.logs]


@pytest.fixture(scope="module")
def window(display: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Tk root lives in one process: the module shares it."""
    with window_over(empty_home(tmp_path_factory.mktemp("mistakes")), scans=False) as found:
        yield found


@pytest.fixture(autouse=True)
def no_messages_of_others(window: Any) -> Iterator[None]:
    yield
    for toast in list(window.toasts.open):
        window.toasts._close(toast)


def run(window: Any, milliseconds: int) -> bool:
    """The real main loop for a while; whether it was we who ended it."""
    ended: list[bool] = []
    window.root.after(milliseconds, lambda: (ended.append(True), window.root.quit()))
    window.root.mainloop()
    return bool(ended)


def words(window: Any) -> list[str]:
    return [str(one.cget("text")) for toast in window.toasts.open for one in toast.winfo_children()
            if one.winfo_class() == "TLabel"]  # fmt: skip


def test_ten_mistakes_in_a_row_leave_a_window_that_works(window: Any, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(10):
        window.root.after(10, lambda number=number: 1 / 0 if number % 2 else [][number])
        window.root.after_idle(lambda number=number: {}[f"key {number}"])
    assert run(window, 600), "the main loop ended by itself"
    assert len(window.toasts.open) == 3 and "Something went wrong" in words(window)[-1]
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 20
    window.open("health")
    window.toasts.show("still here")
    turn(window)
    assert window.current == "health" and "still here" in words(window)


def test_one_mistake_made_again_and_again_is_said_once(window: Any) -> None:
    for _time in range(10):
        window.root.after(1, lambda: {}["the same"])
    assert run(window, 300)
    assert len(window.toasts.open) == 1


def test_a_mistake_that_showing_a_message_makes_does_not_end_the_window(
    window: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """As when every label that is shown raises."""
    binding = window.root.bind_class("TLabel", "<Map>")
    window.root.bind_class("TLabel", "<Map>", lambda event: {}["of a label"], add=True)
    try:
        window.root.after(1, lambda: {}["first"])
        assert run(window, 400)
        assert len(window.toasts.open) <= 2
    finally:
        window.root.tk.call("bind", "TLabel", "<Map>", binding)


def test_a_mistake_that_cannot_be_told_is_logged(
    window: Any, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Untold(Exception):
        def __str__(self) -> str:
            raise ValueError("there are no words for it")

    def fail() -> None:
        raise Untold

    window.root.after(1, fail)
    assert run(window, 200)
    assert [record.message for record in caplog.records] == ["the window failed", "a mistake could not be told"]
    monkeypatch.setattr(window.toasts, "show", lambda text: 1 / 0)
    window.root.after(1, lambda: {}["x"])
    assert run(window, 200)
    assert caplog.records[-1].message == "a mistake could not be told"


def test_messages_come_and_go_while_others_are_placed(window: Any) -> None:
    for number in range(8):
        window.root.after_idle(lambda number=number: window.toasts.show(f"number {number}"))
        window.toasts.show(f"and {number}")
    turn(window)
    tops = [toast.winfo_y() for toast in window.toasts.open]
    heights = [toast.winfo_height() for toast in window.toasts.open]
    assert len(tops) == 3 and all(
        top + high <= under for top, high, under in zip(tops, heights, tops[1:], strict=False)
    )


def test_a_notice_stays_until_it_is_closed(window: Any) -> None:
    from model_manager.controllers.messages import Noticed

    for _time in range(2):
        window.app.jobs.post(Noticed("Read this. " * 30))
    wait(window, lambda: window.notices.winfo_ismapped())
    window.toasts.show("a toast", stay_ms=10)
    turn(window, 0.5)
    assert len(window.notices.winfo_children()) == 1 and window.notices.winfo_height() > 30
    (line,) = window.notices.winfo_children()
    next(one for one in line.winfo_children() if one.winfo_class() == "TButton").invoke()
    turn(window)
    assert not window.notices.winfo_ismapped()


def test_the_pump_and_the_clock_outlive_a_mistake(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_manager.controllers.messages import StatusMessage

    with monkeypatch.context() as patch:
        patch.setattr(window.library.controller, "tick", lambda: 1 / 0)
        patch.setattr(window.pump, "drain", lambda: 1 / 0)
        assert run(window, 400)
    window.app.jobs.post(StatusMessage("it goes on"))
    wait(window, lambda: "it goes on" in words(window))
    ticked: list[int] = []
    monkeypatch.setattr(window.library.controller, "tick", lambda: ticked.append(1))
    wait(window, lambda: bool(ticked))
