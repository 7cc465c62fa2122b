"""Duplicates: groups of copies; one stays and can never be ticked."""

from __future__ import annotations

import os
import tkinter as tk

import ttkbootstrap as ttk

from model_manager.actions.sharing import By, CopyGroup
from model_manager.actions.sharing import Duplicates as Found
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.text import _, ngettext, short_path, shown
from model_manager.controllers.changes import ChangesController
from model_manager.controllers.duplicates import DuplicatesController
from model_manager.library.scan import watch
from model_manager.views import theme
from model_manager.views.empty_states import first_words
from model_manager.views.ticked_screen import TickedScreen
from model_manager.views.widgets.flow import Flow
from model_manager.views.widgets.head import Head
from model_manager.views.widgets.plain_tree import Column
from model_manager.views.widgets.tick_tree import TickTree
from model_manager.views.widgets.wrapped import wrapped

_MOST = 1500


def _ways() -> dict[str, By]:
    return {_("Hard links: one file, many names"): "hardlink", _("Shared blocks: files stay apart"): "reflink",
            _("Symbolic links"): "symlink", _("Trash the ticked copies"): "trash"}  # fmt: skip


def _cut(count: int) -> str:
    """That not all groups stand in the table, and where the others are; empty where all do."""
    if count <= _MOST:
        return ""
    return ngettext(
        "{n} more group is not shown: it follows when larger ones are settled, or `{command}` in a terminal lists all.",
        "{n} more groups are not shown: they follow when larger ones are settled, or `{command}` in a terminal lists all.",
        count - _MOST, command="model-manager duplicates",
    )  # fmt: skip


class DuplicatesScreen(TickedScreen):
    """Implements DuplicatesView."""

    def __init__(self, parent: tk.Misc, app: App, changes: ChangesController) -> None:
        super().__init__(parent)
        self._app = app
        self.controller = DuplicatesController(app, self, changes)
        self._groups: dict[str, CopyGroup] = {}
        self._busy = False
        self._keepers: dict[str, int] = {}
        self._frees: dict[str, list[int]] = {}
        """Group -> what each copy frees while its keeper stays, in bytes."""
        self._chosen: dict[str, tuple[str, int]] = {}
        """Group -> volume and inode of the copy that the person wants to keep."""
        gap = theme.px(self, 8)
        head = Head(self, _("Duplicates"))
        self.by = ttk.Combobox(head, values=list(_ways()), state="readonly", width=32)
        self.by.current(0)
        self.by.bind("<<ComboboxSelected>>", lambda event: self._count())
        self.act = ttk.Button(head, bootstyle="primary", command=self._plan)
        head.add(self.by, self.act)
        self.words = ttk.Label(self, padding=(gap, 0), justify="left")
        self.words.pack(anchor="w", fill="x")
        wrapped(self.words, 2 * gap)
        line = Flow(self, gap)
        line.pack(fill="x", padx=gap, pady=(gap, 0))
        self.prove = ttk.Button(line, text=_("Read them to be sure"), icon="check2-all", command=self.controller.prove)
        self.all = ttk.Button(line, text=_("Tick all but the one that stays"), command=self._tick_all)
        line.add(self.prove)
        line.add(self.all)
        columns = (
            Column("#0", _("Copies"), 240, loose=True), Column("size", _("Size"), 90, figure=True),
            Column("frees", _("Frees"), 90, figure=True), Column("tool", _("Tool"), 120),
            Column("path", _("Where"), 260, loose=True, path=True),
        )  # fmt: skip
        self.table = TickTree(self, columns)
        self.table.pack(fill="both", expand=True, padx=gap, pady=gap)
        self.table.on_change = self._count
        self.table.on_choose = self._tell
        self.table.tree.tells = False
        self.table.on_refused = self._refuse
        foot = ttk.Frame(self, padding=(gap, 0, gap, gap))
        foot.pack(fill="x")
        self.keep = ttk.Button(foot, text=_("Keep this one"), command=self._keep, state="disabled")
        self.keep.pack(side="right")
        self.whole = ttk.Label(foot, justify="left")
        self.whole.pack(side="left", fill="x", expand=True)
        wrapped(self.whole)
        self._count()

    def show_busy(self, busy: bool) -> None:
        self._busy = busy
        self._enable()

    def _enable(self) -> None:
        """What would do nothing cannot be pressed: all is read, or nothing is, so that nothing can be ticked."""
        unread = any(not group.proved for group in self._groups.values())
        self.prove.configure(state="normal" if unread and not self._busy else "disabled")
        self.all.configure(state="normal" if self._all() else "disabled")

    def show_groups(self, found: Found) -> None:
        ticked = {self._copy_of(row) for row in self.table.ticked}  # by what they are: numbers change when one goes
        self.table.clear()
        self._groups = {group.id: group for group in found.groups}
        self._keepers = {group.id: self._keeper_of(group) for group in found.groups}
        self._frees = {id_: group.frees(self._keepers[id_]) for id_, group in self._groups.items()}
        home = os.path.expanduser("~")
        for group in found.groups[:_MOST]:
            name = shown(group.copies[0].names[0].model_name) or os.path.basename(group.copies[0].path)
            state = _("the same to the byte") if group.proved else _("looks the same: not read yet")
            if group.kind == "same-weights" and group.proved:
                state = _("the same weights in another wrapping")
            values = (figures.size(group.size), figures.size(group.reclaimable), f"{len(group.copies)} ×", state)
            self.table.add_head(group.id, name, values)
            for number, copy in enumerate(group.copies):
                tools = ", ".join(dict.fromkeys(watch.label_of(one.tool) for one in copy.names))
                self.table.add(
                    group.id, f"{group.id}/{number}", "", ("", "", tools, short_path(copy.path, home)),
                    fixed=number == self._keepers[group.id],
                )  # fmt: skip
                self._label(group, number)
        self.table.tick(row for row in self.table.boxed() if self._copy_of(row) in ticked)
        self._say(found)

    def _copy_of(self, row: str) -> tuple[str, int] | None:
        """The volume and inode of what a row stands for."""
        id_, _slash, number = row.partition("/")
        copy = self._groups[id_].copies[int(number)] if number else None
        return (copy.volume, copy.inode) if copy else None

    def _keeper_of(self, group: CopyGroup) -> int:
        chosen = self._chosen.get(group.id)
        numbers = (number for number, copy in enumerate(group.copies) if (copy.volume, copy.inode) == chosen)
        return next(numbers, group.keeper)

    def _say(self, found: Found) -> None:
        if not found.groups:
            text = first_words(
                self._app,
                _("Copies of the same bytes will stand here."),
                _("Nothing is there twice. Copies of the same bytes in different tools would stand here."),
            )
        else:
            text = ngettext("{n} group of copies, {size} could come back.", "{n} groups of copies, {size} could come back.",
                            len(found.groups), size=figures.size(found.reclaimable))  # fmt: skip
            unread = sum(1 for group in found.groups if not group.proved)
            if unread:
                text += " " + ngettext("{n} only looks the same: read it before anything is shared.",
                                       "{n} only look the same: read them before anything is shared.", unread)  # fmt: skip
        self.words.configure(text=" ".join(filter(None, (text, _cut(len(found.groups))))))
        self._count()

    def _label(self, group: CopyGroup, number: int) -> None:
        row, stays = f"{group.id}/{number}", number == self._keepers[group.id]
        names = len(group.copies[number].names)
        text = _("stays") if stays else _("may go")
        if names > 1:
            text += " · " + ngettext("{n} name", "{n} names", names)
        self.table.fix(row, stays, text)
        self.table.tree.set(row, "frees", "" if stays else figures.size(self._frees[group.id][number]))

    def _tick_all(self) -> None:
        self.table.tick(self._all())

    def _all(self) -> list[str]:
        """Every copy that may go and was read."""
        return [row for row in self.table.boxed() if self._groups[row.partition("/")[0]].proved]

    def _keep(self) -> None:
        id_, _slash, number = self.table.tree.focus().partition("/")
        self._keepers[id_] = int(number)
        copies = self._groups[id_].copies
        copy = copies[int(number)]
        self._chosen[id_] = (copy.volume, copy.inode)
        self._frees[id_] = self._groups[id_].frees(int(number))
        for one in range(len(copies)):
            self._label(self._groups[id_], one)
        self._tell(self.table.tree.focus())
        self._count()

    def _tell(self, row: str) -> None:
        id_, _slash, number = row.partition("/")
        group = self._groups.get(id_)
        if group is None or not number:
            self.whole.configure(text="")
            self.keep.configure(state="disabled")
            return
        copy = group.copies[int(number)]
        lines = [shown(name.path) for name in copy.names[:3]]
        if not copy.alone:
            lines.append(_("it has names that are not known here: removing this one frees nothing"))
        if not copy.writable:
            lines.append(_("its folder may not be changed by you"))
        self.whole.configure(text="\n".join(lines))
        self.keep.configure(state="disabled" if int(number) == self._keepers[id_] else "normal")

    def _refuse(self, row: str) -> None:
        self.whole.configure(
            text=_(
                "One copy of each group always stays, and this is it. To let it go, choose another one and keep that."
            )
        )

    def _ticked(self) -> list[tuple[CopyGroup, int]]:
        rows = [row.partition("/") for row in sorted(self.table.ticked)]
        return [(self._groups[id_], int(number)) for id_, _slash, number in rows if id_ in self._groups]

    def _count(self) -> None:
        ticked = self._ticked()
        size = figures.size(sum(self._frees[group.id][number] for group, number in ticked))
        if _ways()[self.by.get()] == "trash":
            text = ngettext("Trash {n} copy ({size})…", "Trash {n} copies ({size})…", len(ticked), size=size)
        else:
            text = ngettext("Share {n} copy ({size})…", "Share {n} copies ({size})…", len(ticked), size=size)
        unread = any(not group.proved for group, _number in ticked)
        self.act.configure(text=text, state="normal" if ticked and not unread else "disabled")
        self._enable()
        if unread:
            text = _("Something ticked only looks the same: “{read}” comes first.")
            self.whole.configure(text=text.format(read=self.prove.cget("text")))

    def _plan(self) -> None:
        ticked = self._ticked()
        groups = list({group.id: group for group, _number in ticked}.values())
        only = [name.real for group, number in ticked for name in group.copies[number].names]
        keep = [group.copies[self._keepers[group.id]].path for group in groups]
        self.controller.plan(groups, _ways()[self.by.get()], keep, only)
