"""The main window: sidebar, screens, status bar; wires the screens to what happens in the background."""

from __future__ import annotations

import logging
import os
import threading
import tkinter as tk
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk

from model_manager.actions.undoing import ToUndo
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.errors import ModelManagerError
from model_manager.base.events import ChangedElsewhere, ModelsChanged, OperationChanged, RootsChanged, ScanFinished
from model_manager.base.localised import localised
from model_manager.base.text import _
from model_manager.controllers.changes import Applied, ChangesController, Planned
from model_manager.controllers.drives import DriveWatch
from model_manager.controllers.messages import (
    DetailsStale,
    FilesRead,
    LookAgain,
    Noticed,
    OpenWanted,
    RemovedHere,
    ScanWanted,
    StatusMessage,
    failure,
)
from model_manager.controllers.outside_changes import OutsideChangesWatch
from model_manager.controllers.reminder import ReminderController
from model_manager.controllers.scanning import Scanning
from model_manager.jobs import Job, JobChanged
from model_manager.views import theme
from model_manager.views.jobs import JobsBar
from model_manager.views.keys import Keys
from model_manager.views.library import LibraryScreen
from model_manager.views.notices import Notices
from model_manager.views.pump import Pump
from model_manager.views.sidebar import Sidebar
from model_manager.views.toast import Toasts
from model_manager.views.widgets.fair_panes import FairPanes
from model_manager.views.widgets.lowest_list import lowest_list

if TYPE_CHECKING:
    from collections.abc import Collection

    from model_manager.actions.planning import Way

log = logging.getLogger(__name__)

_LASTING_MS = 24 * 3600 * 1000
"""What was damaged is told until somebody closes it."""
_REMINDER_MS = 20_000
_REMINDER = "the trash"
"""What the reminder tells of."""
_MOST_SAID = 6
"""Lines of a question: it has to fit the screen."""
_PAINT_MS, _LATEST_MS = 5, 300
"""The first scan begins so long after the painting, or after the start where nothing is painted (as an icon): loading
the adapters beside it made the painting 50 to 100 ms later."""


def _icon() -> tk.PhotoImage:
    """The picture for the task bar. Read here: Tk itself finds no file below a path with letters that its locale lacks."""
    with open(os.path.join(os.path.dirname(__file__), "icon.png"), "rb") as file:
        return tk.PhotoImage(data=file.read())


class Window:
    """One per process. `root` is the Tk root; `start()` paints and begins the first scan."""

    def __init__(self, app: App) -> None:
        self.app = app
        values = app.settings.values
        scaling = values.scale * 4 / 3 if values.scale else None
        self.root = ttk.App(
            "Model Manager",
            theme.theme_of(values, theme.system_appearance()),
            className="model-manager",
            iconphoto=None,
            scaling=scaling,
        )
        self.root.iconphoto(True, _icon())  # Tk copies it: the image need not be kept
        self.root.minsize(*theme.on_screen(self.root, 860, 540))
        self.root.geometry(values.window or "{}x{}".format(*theme.on_screen(self.root, 1240, 760)))
        theme.set_fonts(self.root, values.font_size)
        theme.mend(self.root)
        theme.mend_inks(self.root)
        self.pump = Pump(self.root, app.jobs.messages)
        self.scanning = Scanning(app)
        self.elsewhere = OutsideChangesWatch(app)
        self.drives = DriveWatch(app)
        self._ticking = self._waiting = ""
        self._telling = False
        self._build()
        self._bind()
        self._listen()

    def _build(self) -> None:
        outer = ttk.Panedwindow(self.root, orient="horizontal")
        self.sidebar = Sidebar(outer, self.choose, lambda: self.go(self.current))
        self.body = ttk.Frame(outer)
        outer.add(self.sidebar, weight=0)
        outer.add(self.body, weight=1)
        FairPanes(outer, "left", 0.36)
        self.status = JobsBar(self.root)
        self.status.pack(side="bottom", fill="x")
        outer.pack(side="top", fill="both", expand=True)
        self.notices = Notices(self.root, outer)
        self.toasts = Toasts(self.root, lambda: self.go(self.current), self._foot)
        self.changes = ChangesController(self.app, self)
        self._other_way = False
        self.reminder = ReminderController(self.app, self)
        self.library = LibraryScreen(
            self.body, self.app, self.sidebar, self.toasts.show, self.scan, self.changes, self.add_folder
        )
        self.screens: dict[str, Any] = {"library": self.library}
        self.current = ""
        self.open("library")
        self.library.table.tree.focus_set()

    def _bind(self) -> None:
        root = self.root
        self.keys = Keys(self)
        root.protocol("WM_DELETE_WINDOW", self.close)
        if root.tk.call("tk", "windowingsystem") == "aqua":  # it hands files over by an event, not by an argument
            root.createcommand("::tk::mac::OpenDocument", lambda *paths: self.open_file(paths[0]) if paths else None)
        root.bind("<FocusIn>", self._on_focus)
        root.report_callback_exception = self._failed
        threading.excepthook = lambda args: log.error("a thread failed", exc_info=args.exc_value)

    def _listen(self) -> None:
        for kind in (
            ModelsChanged,
            RootsChanged,
            ScanFinished,
            OperationChanged,
            ChangedElsewhere,
            JobChanged,
            StatusMessage,
            Noticed,
            ScanWanted,
            LookAgain,
            RemovedHere,
            FilesRead,
            OpenWanted,
            DetailsStale,
            Applied,
        ):
            self.pump.on(kind, self._handle)

    def start(self) -> None:
        """Paints, loads what is known, and looks for what is new."""
        self.pump.start()
        self.library.start()
        self._waiting = self.root.after(_LATEST_MS, self._first_scan)
        self.library.table.tree.bind("<Expose>", self._painted, "+")
        self._ticking = self.root.after(250, self._tick)
        self._tell_notices()

    def _tell_notices(self) -> None:
        """What was damaged, until the person closes it: then it is not told at later starts either, but by `doctor`."""
        closed = self.app.settings.values.hints_closed
        notices = [(name, told) for name, told in self.app.named_notices() if name not in closed]
        for name, told in notices[-3:]:  # as many as stand beside each other
            close = partial(closed.append, name) if name else None
            self.toasts.show(localised(told), stay_ms=_LASTING_MS, on_closed=close)

    def _painted(self, _event: object) -> None:
        """The table is what is painted last: the first scan need not wait longer."""
        if self._waiting:
            self.root.after_cancel(self._waiting)
            self._waiting = self.root.after(_PAINT_MS, self._first_scan)

    def _first_scan(self) -> None:
        self._waiting = ""
        self.changes.settle()
        self.scan()

    def scan(self) -> None:
        """Looks at the disk in the background."""
        self.scanning.scan()

    def choose(self, kind: str, value: str) -> None:
        """A line of the sidebar: a screen, or a category or tool of the library."""
        if kind == "screen":
            self.open(value)
            return
        self.open("library")
        self.library.controller.choose_place(kind, value)

    def open(self, name: str) -> None:
        """Shows a screen, made at its first visit and kept."""
        if name not in self.screens:
            from model_manager.views.screens import made

            self.screens[name] = made(name, self)
        if self.current == name:
            return
        before = self.screens.get(self.current)
        had_focus = before is not None and str(self.root.tk.call("focus")).startswith(f"{before}.")
        if before is not None:
            before.pack_forget()
            if hasattr(before, "leave"):
                before.leave()
        self.current = name
        self.screens[name].pack(fill="both", expand=True)
        self.screens[name].start()
        self.sidebar.mark_screen(name)
        self.root.after_idle(self.toasts.place)
        if had_focus:
            self.go(name)

    def _foot(self) -> int:
        """How high the part below the lowest list of the screen is: buttons stand there."""
        screen = self.screens.get(self.current)
        bottom = lowest_list(screen) if screen is not None else 0
        return max(0, self.root.winfo_rooty() + self.root.winfo_height() - bottom) if bottom else 0

    def go(self, name: str) -> None:
        """Opens a screen and gives it the focus: where it was there, or at its table."""
        self.open(name)
        self.keys.focus_screen(name)

    def undo(self, id_: str = "") -> None:
        """Puts back an operation; when none is named, the newest that can be."""
        if id_:
            self.changes.undo(id_)
        else:
            self.changes.undo_last()

    def withdraw(self, ids: Collection[str]) -> None:
        """What was told of these operations is not so any more."""
        self.toasts.withdraw(ids)

    def review(self, planned: Planned) -> None:
        """Shows a plan; another way is planned anew."""

        def again(way: Way) -> None:
            if planned.make is not None:
                self._other_way = True
                self.changes.plan(planned.make, way, ways=True, another=True, choices=lambda: planned.choices)

        def choose(number: int) -> None:
            made = replace(planned.choices, now=number)
            self.changes.plan(made.all[number].make, planned.way, ways=True, another=True, choices=lambda: made)

        from model_manager.views.review import Review

        final = self.app.settings.values.confirm_final
        shown = Review(self.root, planned, self.changes.apply, again, final, choose)
        if self._other_way:
            self._other_way = False
            shown.focus_way()

    def ask_undo(self, asked: ToUndo) -> None:
        """What undo must copy, what room that takes and about how long."""
        from model_manager.views.question import QuestionDialog

        plan, size = asked.operation.plan, figures.size(sum(room.needs for room in asked.undoing.rooms))
        words = [localised(plan.title), *(localised(warning) for warning in asked.undoing.warnings[:_MOST_SAID])]
        if more := len(asked.undoing.warnings) - _MOST_SAID:
            words += [_("… and {n} more").format(n=more)] * (more > 0)
        self.question = QuestionDialog(
            self.root, _("Undo this?"), "\n\n".join(words), _("Undo, copy {size}").format(size=size),
            lambda: self.changes.put_back(plan.id, asked.units), "primary",
        )  # fmt: skip

    def remind(self, text: str) -> None:
        """Says what was cleared away long ago, and where it can be looked at."""
        show = (_("Show"), lambda: self.open("history"))
        self.toasts.show(text, show, stay_ms=_REMINDER_MS, about=_REMINDER)

    def reset_columns(self) -> None:
        """The library's columns as at the first start, at once."""
        self.library.reset_columns()
        self.toasts.show(_("The library's columns are as at the start."))

    def show_model(self, id_: int) -> None:
        """Opens the library at one model."""
        self.go("library")
        self.library.table.tree.focus_set()
        self.library.show_model(id_)

    def add_folder(self) -> None:
        """Asks for a folder of the person's own, where folders are shown."""
        self.open("folders")
        self.screens["folders"].add()

    def open_file(self, path: str) -> None:
        """Shows the card of a file, in the library when that has it."""
        self.open("library")
        self.library.controller.open_file(path)

    def come_to_front(self) -> None:
        """Where the window manager lets nobody take the focus, the window at least lies above the others."""
        self.root.deiconify()
        self.root.lift()
        self.root.attributes("-topmost", True)
        self.root.after(300, lambda: self.root.attributes("-topmost", False))
        self.root.tk.call("focus", "-force", self.root.tk.call("focus", "-lastfor", "."))

    def restyle(self) -> None:
        """After a change of theme, font or scale."""
        values = self.app.settings.values
        self.root.theme_use(theme.theme_of(values, theme.system_appearance()))
        theme.set_fonts(self.root, values.font_size)
        theme.mend(self.root)
        for screen in self.screens.values():
            screen.restyle()
        self.sidebar.restyle()
        self.keys.ring.restyle()

    def close(self) -> None:
        """Leaves; asks first while the disk is being changed."""
        busy = next((job for job in self.app.jobs.live() if job.lane == "files" and job.state == "running"), None)
        if busy is None or not busy.progress.phase:
            self.leave()
            return
        from model_manager.views.question import QuestionDialog

        words = [localised(busy.progress.phase),
                 _("This is not finished. What is done by now stays, what is in the middle goes back to how it was before, "
                   "and the rest is left as it is.")]  # fmt: skip
        self.question = QuestionDialog(
            self.root, _("Stop and close?"), "\n\n".join(words), _("Stop and close"), self.leave, "primary"
        )

    def leave(self) -> None:
        """Cancels, remembers, leaves within three seconds."""
        self.pump.stop()
        self.root.after_cancel(self._ticking)
        for job in self.app.jobs.live():
            job.cancel()
        self.app.settings.values.window = self.root.geometry()
        self.library.remember()
        try:
            self.app.settings.save()
        except ModelManagerError as error:
            log.info("the settings could not be saved: %s", error)
        self.root.destroy()

    def _handle(self, message: object) -> None:
        if isinstance(message, StatusMessage):
            self.toasts.show(message.text)
        elif isinstance(message, Noticed):
            self.notices.show(message.text)
        elif isinstance(message, Applied):
            self._tell_applied(message)
        elif isinstance(message, OperationChanged):
            self.toasts.withdraw({_REMINDER})  # what it says of the trash may not be so any more
        elif isinstance(message, OpenWanted):
            self.come_to_front()
            if message.path:
                self.open_file(message.path)
        elif isinstance(message, DetailsStale):
            self.library.controller.select(self.library.controller.selected)
        elif isinstance(message, ScanFinished) and message.problems:
            self.status.say(_("{n} things could not be read: see Health").format(n=message.problems))
        self.scanning.handle(message)
        self.changes.handle(message)
        self.reminder.handle(message)
        if isinstance(message, JobChanged):
            self.status.show_job(message.job)
            if message.state == "failed" and not message.job.dropped:
                self._tell_failed(message.job)
        for screen in self.screens.values():
            screen.handle(message)

    def _tell_applied(self, done: Applied) -> None:
        """With a way back and, where space comes only when the trash is emptied, the way to that."""
        actions = [(_("Undo"), lambda: self.undo(done.id))] if done.undoable else []
        if done.frees_later:
            actions.append((_("Free the space…"), lambda: self.changes.plan_emptying(done.id)))
        self.toasts.show(done.text, *actions, about=done.id)

    def _tell_failed(self, job: Job) -> None:
        """No job ends in silence: whatever its screen shows, why it failed is said, once."""
        text = failure(job)
        if not job.quiet and not self.toasts.says(text):
            self.toasts.show(text)

    def _tick(self) -> None:
        self._ticking = self.root.after(250, self._tick)  # first: a mistake in the rest must not be the last turn
        self.library.controller.tick()
        self.elsewhere.tick()
        self.drives.tick()

    def _on_focus(self, event: tk.Event[Any]) -> None:
        self.keys.note_focus(str(event.widget))
        if event.widget is self.root:
            self.scanning.came_back()

    def _failed(self, kind: type[BaseException], error: BaseException, trace: Any) -> None:
        """What a callback raised is logged and said. Never raises: that would end the main loop, and the window with it."""
        log.error("the window failed", exc_info=(kind, error, trace))
        if self._telling:  # the message itself fails, or is interrupted by the next mistake
            return
        self._telling = True
        try:
            text = _("Something went wrong: {error}. The log has the details.").format(error=localised(error)[:200])
            if not self.toasts.says(text):  # what goes wrong a hundred times is said once
                self.toasts.show(text)
        except Exception:
            log.exception("a mistake could not be told")
        finally:
            self._telling = False
