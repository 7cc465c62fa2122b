"""The review of a plan: every path, its size and why, before anything happens. What is applied is what was shown."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

import ttkbootstrap as ttk

from model_manager.actions.planning import Way
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, shown
from model_manager.controllers.changes import Planned
from model_manager.library.removal.plan_words import (
    VERBS,
    action_text,
    final_text,
    frees_text,
    is_final,
    things,
    undo_text,
)
from model_manager.operations import Plan, Step
from model_manager.views import theme
from model_manager.views.question import QuestionDialog
from model_manager.views.widgets.focus_back import gives_back
from model_manager.views.widgets.plain_tree import Column, PlainTree
from model_manager.views.widgets.wrapped import wrapped

_MOST_SHOWN = 5000
_OPENED = 3
"""So many things show their paths from the start; of more, the names are what is read first."""


def _ways() -> tuple[tuple[Way, str], ...]:
    return (
        ("trash", _("To the trash: can be put back, frees space once it is emptied")),
        ("aside", _("Set aside on the same volume: can be put back, frees nothing")),
        ("delete", _("Delete for good: frees space at once, cannot be undone")),
    )


class Review(ttk.Toplevel):
    """`on_apply(plan)` gets the very object that is shown, `on_way(way)` and `on_choice(number)` ask for another; Esc
    changes nothing.

    `asks_again`: whether what cannot be undone is asked about once more.
    """

    def __init__(
        self, parent: tk.Misc, planned: Planned, on_apply: Callable[[Plan], None], on_way: Callable[[Way], None],
        asks_again: bool = True, on_choice: Callable[[int], None] = lambda number: None,
    ) -> None:  # fmt: skip
        super().__init__(title=_("Review"), transient=parent.winfo_toplevel())
        self._planned, self._on_apply, self._on_way, self._on_choice = planned, on_apply, on_way, on_choice
        self._asks_again = asks_again
        self.question: QuestionDialog | None = None
        least = theme.on_screen(parent, 640, 420)
        self.minsize(*least)
        top = parent.winfo_toplevel()
        # Paths are what a person has to read here: all the room there is, as far as a line can be read.
        width = max(least[0], min(theme.px(parent, 1180), top.winfo_width() - theme.px(parent, 16)))
        height = max(least[1], min(theme.px(parent, 640), round(top.winfo_height() * 0.9)))
        width, height = (
            min(width, top.winfo_screenwidth()),
            min(height, top.winfo_screenheight() - theme.px(parent, 40)),
        )
        x = max(0, min(top.winfo_rootx() + (top.winfo_width() - width) // 2, top.winfo_screenwidth() - width))
        y = max(0, min(top.winfo_rooty() + (top.winfo_height() - height) // 3, top.winfo_screenheight() - height))
        self.geometry(f"{width}x{height}+{x}+{y}")
        self._gap = theme.px(parent, 8)
        self.way: tk.StringVar | None = None
        self._ways: list[ttk.Radiobutton] = []
        frame = ttk.Frame(self, padding=2 * self._gap)
        frame.pack(fill="both", expand=True)
        foot = ttk.Frame(frame)
        foot.pack(side="bottom", fill="x", pady=(self._gap, 0))
        cancel = ttk.Button(foot, text=_("Cancel"), command=self.destroy)
        cancel.pack(side="right")
        if planned.choices.all:
            self._choose(frame)
        if planned.make is not None:
            self._choose_way(frame)
        if planned.plan is None:
            self._say(frame, planned.problem, danger=True)
        else:
            self._show(frame, foot, planned.plan)
        self.bind("<Escape>", lambda event: self.destroy())
        gives_back(self)
        cancel.focus_set()

    def focus_way(self) -> None:
        """The keyboard goes on where another way was chosen."""
        for button in self._ways:
            if self.way is not None and button.cget("value") == self.way.get():
                button.focus_set()

    def _show(self, frame: ttk.Frame, foot: ttk.Frame, plan: Plan) -> None:
        top = ttk.Label(frame, text=localised(plan.title), font=theme.bold(frame, 2))
        top.pack(side="top", anchor="w", before=frame.pack_slaves()[0])
        if plan.steps:
            self._say(frame, f"{frees_text(plan)} {undo_text(plan)}", danger=is_final(plan))
            label, style = action_text(plan), "danger" if is_final(plan) else "primary"
            self.apply_button = ttk.Button(foot, text=label, bootstyle=style, command=self._apply)
            self.apply_button.pack(side="right", padx=self._gap)
        else:
            self._say(frame, _("Everything is there already: nothing is to be done."))
        for warning in plan.warnings[:6]:
            self._say(frame, f"⚠ {localised(warning)}")
        if len(plan.warnings) > 6:
            self._say(frame, _("⚠ and {n} more").format(n=len(plan.warnings) - 6))
        self._list(frame, plan)

    def _say(self, frame: ttk.Frame, text: str, danger: bool = False) -> None:
        style = {"bootstyle": "danger"} if danger else {}
        label = ttk.Label(frame, text=text, justify="left", **style)
        label.pack(anchor="w", fill="x", pady=(self._gap // 2, 0))
        wrapped(label)

    def _choose(self, frame: ttk.Frame) -> None:
        """What is meant: the whole model, or one of its places."""
        line = ttk.Frame(frame)
        line.pack(fill="x", pady=(self._gap // 2, 0))
        ttk.Label(line, text=_("What goes:")).pack(side="left", padx=(0, self._gap))
        choices = self._planned.choices
        self.choice = ttk.Combobox(line, values=[one.text for one in choices.all], state="readonly")
        self.choice.current(choices.now)
        self.choice.pack(side="left", fill="x", expand=True)
        self.choice.bind("<<ComboboxSelected>>", lambda event: self._change_choice())

    def _change_choice(self) -> None:
        number = self.choice.current()
        if number != self._planned.choices.now:
            self.destroy()
            self._on_choice(number)

    def _choose_way(self, frame: ttk.Frame) -> None:
        self.way = tk.StringVar(self, self._planned.way)
        for way, text in _ways():
            button = ttk.Radiobutton(frame, text=text, value=way, variable=self.way, command=self._change_way)
            button.pack(anchor="w", pady=(self._gap // 2, 0))
            self._ways.append(button)

    def destroy(self) -> None:
        self.way = None  # here and now: collected later, by another thread, it could not tell Tk
        if self.question is not None:
            self.question.destroy()
        super().destroy()

    def _change_way(self) -> None:
        chosen = self.way.get() if self.way is not None else ""
        way: Way = "delete" if chosen == "delete" else "aside" if chosen == "aside" else "trash"
        self.destroy()
        self._on_way(way)

    def _list(self, frame: ttk.Frame, plan: Plan) -> None:
        box = ttk.Frame(frame)
        box.pack(fill="both", expand=True, pady=(self._gap, 0))
        columns = (
            Column("#0", _("What"), 220, loose=True), Column("size", _("Size"), 80, figure=True),
            Column("path", _("Where"), 320, loose=True, path=True, names=True), Column("why", _("Why"), 200, loose=True),
        )  # fmt: skip
        tree = PlainTree(box, columns).packed()
        going = things(plan)
        for name, steps in going[:_MOST_SHOWN]:
            self._insert(tree, name, steps, len(going) <= _OPENED)
        if len(going) > _MOST_SHOWN:
            tree.insert("", "end", text=_("… and {n} more").format(n=len(going) - _MOST_SHOWN))
        self.whole = ttk.Label(frame, justify="left")
        self.whole.pack(side="bottom", fill="x")
        wrapped(self.whole)
        tree.bind("<<TreeviewSelect>>", lambda event: self._tell(tree))
        tree.tells = False

    def _insert(self, tree: PlainTree, name: str, steps: tuple[Step, ...], opened: bool) -> None:
        """What belongs together under what a person calls it, with every path below."""
        top = ""
        if name:
            size = figures.size(sum(step.bytes for step in steps)) if steps else ""
            why = "" if steps else _("a name of the same files")
            top = tree.insert("", "end", text=shown(name), values=(size, "", why), open=opened or len(steps) == 1)
        for step in steps[:_MOST_SHOWN]:
            values = (figures.size(step.bytes), shown(step.path), localised(step.why))
            tree.insert(top, "end", text=_(VERBS[step.verb]), values=values)

    def _tell(self, tree: PlainTree) -> None:
        """The chosen line in full: a column is too narrow for a path."""
        values = tree.item(tree.focus(), "values") or ("",) * 3
        lines = [str(part) for part in values[1:] if part] or [tree.item(tree.focus(), "text")]
        self.whole.configure(text="\n".join(lines))

    def _apply(self) -> None:
        plan = self._planned.plan
        if plan is not None and self._asks_again and is_final(plan):
            if self.question is not None:
                self.question.destroy()
            self.question = QuestionDialog(self, _("For good?"), final_text(plan), action_text(plan), self._do)
        else:
            self._do()

    def _do(self) -> None:
        self.destroy()
        if self._planned.plan is not None:
            self._on_apply(self._planned.plan)
