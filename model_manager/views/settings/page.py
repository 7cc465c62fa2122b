"""What every page of the settings is made of: headings, choices, ticks, words and buttons, in two columns."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence

import ttkbootstrap as ttk

from model_manager.base.text import _
from model_manager.controllers.settings import SettingsController
from model_manager.views import theme
from model_manager.views.widgets.flow import Flow
from model_manager.views.widgets.scrolled import Scrolled
from model_manager.views.widgets.wrapped import wrapped

Choices = Sequence[tuple[str, object]]


class Page(Scrolled):
    """`changed` is called after every choice, which applies at once and is remembered."""

    def __init__(self, parent: tk.Misc, settings: SettingsController, changed: Callable[[], None]) -> None:
        self.gap = theme.px(parent, 8)
        super().__init__(parent, (2 * self.gap, self.gap // 2), theme.px(parent, 760))
        self.settings, self._changed = settings, changed
        self.boxes: dict[str, tuple[ttk.Combobox, Choices]] = {}
        self.ticks: dict[str, tuple[tk.BooleanVar, Callable[[], bool]]] = {}
        self._quiet: list[ttk.Label] = []
        self._row = 0
        self.body.columnconfigure(1, weight=1)

    def show_values(self) -> None:
        for name, (box, choices) in self.boxes.items():
            now = self.settings.value(name)
            box.set(next((_(text) for text, value in choices if value == now), _(choices[0][0])))
        for state, now_set in self.ticks.values():
            state.set(now_set())

    def restyle(self) -> None:
        for label in self._quiet:
            label.configure(foreground=theme.muted(ttk.Style()))

    def head(self, text: str) -> None:
        label = ttk.Label(self.body, text=text, font=theme.bold(self, 1))
        label.grid(
            row=self._row, column=0, columnspan=2, sticky="w", pady=(self.gap if self._row else 0, self.gap // 2)
        )
        self._row += 1

    def say(self, text: str, quiet: bool = True) -> ttk.Label:
        """Words over the whole width; the quiet ones explain what stands above them."""
        label = wrapped(ttk.Label(self.body, text=text))
        label.grid(row=self._row, column=0, columnspan=2, sticky="ew", pady=(0, self.gap))
        self._row += 1
        if quiet:
            self._quiet.append(label)
            label.configure(foreground=theme.muted(ttk.Style()))
        return label

    def choice(self, title: str, choices: Choices, name: str) -> None:
        label = ttk.Label(self.body, text=title)
        label.grid(row=self._row, column=0, sticky="w", padx=(0, 2 * self.gap), pady=self.gap // 2)
        box = ttk.Combobox(self.body, values=[_(text) for text, _value in choices], state="readonly", width=28)
        box.grid(row=self._row, column=1, sticky="w", pady=self.gap // 2)
        box.bind("<<ComboboxSelected>>", lambda event: self._choose(name, choices[box.current()][1]))
        self.boxes[name] = box, choices
        self._row += 1

    def tick(self, text: str, name: str, now: Callable[[], bool], choose: Callable[[bool], None]) -> None:
        state = tk.BooleanVar(self, now())
        box = ttk.Checkbutton(self.body, text=text, variable=state, command=lambda: choose(state.get()))
        box.grid(row=self._row, column=0, columnspan=2, sticky="w", pady=self.gap // 2)
        self.ticks[name] = state, now
        self._row += 1

    def buttons(self, *buttons: tuple[str, Callable[[], None]]) -> None:
        line = Flow(self.body, self.gap)
        line.grid(row=self._row, column=0, columnspan=2, sticky="ew", pady=(0, self.gap))
        for text, command in buttons:
            line.add(ttk.Button(line, text=text, command=command))
        self._row += 1

    def put(self, widget: tk.Widget) -> None:
        """A widget made in `body`, over the whole width."""
        widget.grid(row=self._row, column=0, columnspan=2, sticky="ew", pady=(0, self.gap))
        self._row += 1

    def destroy(self) -> None:
        self.ticks.clear()  # here and now: collected later, by another thread, they could not tell Tk
        super().destroy()

    def _choose(self, name: str, value: object) -> None:
        self.settings.choose(name, value)
        self._changed()
