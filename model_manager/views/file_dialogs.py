"""The toolkit's file dialogs. Each begins at home: Tk would begin where it was last, and complains when that has gone."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable
from tkinter import filedialog

from model_manager.base import reach
from model_manager.base.text import _, shown
from model_manager.views.question import QuestionDialog


def ask_folder(parent: tk.Misc, title: str, then: Callable[[str], None]) -> None:
    """`then(path)` with a folder that exists, unless the person chose none. A whole home folder is asked about first."""
    _take_what_is_highlighted(parent)
    path = filedialog.askdirectory(parent=parent, title=title, mustexist=True, initialdir=_home())
    if not path:
        return
    if not _holds_home(path):
        then(path)
        return
    text = _(
        "{path} holds your whole home folder. All of it is looked through then, which may take long, and files of other "
        "programs may stand among your models. A folder that holds only models is better."
    )
    QuestionDialog(
        parent, _("Take the whole home folder?"), text.format(path=shown(path)), _("Take all of it"),
        lambda: then(path), "primary",
    )  # fmt: skip


def ask_where_to_save(parent: tk.Misc, title: str, name: str) -> str:
    """A path for a file, `name` to begin with; empty when the person chose none. What is there already is written over."""
    return filedialog.asksaveasfilename(
        parent=parent, title=title, initialdir=_home(), initialfile=name, confirmoverwrite=False
    ) or ""  # fmt: skip


def _home() -> str:
    return os.path.expanduser("~")


def _holds_home(path: str) -> bool:
    """Whether a folder is the home folder, or one that this lies in."""
    home, inner = reach.realpath(_home()), reach.realpath(path).rstrip(os.sep) + os.sep
    return (home + os.sep).startswith(inner)


_TAKES_WHAT_IS_HIGHLIGHTED = """
    foreach name {ListBrowse JoinFile chooseDir::OkCmd chooseDir::Done} {
        auto_load ::tk::dialog::file::$name
        if {![llength [info commands ::tk::dialog::file::$name]]} return
    }
    namespace eval ::tk::dialog::file {
        proc NameHighlighted {w args} {
            upvar ::tk::dialog::file::[winfo name $w] data
            if {[winfo class $w] ne "TkChooseDir" || ![llength [$data(icons) selection get]]} return
            set data(named) [JoinFile $data(selectPath) [$data(icons) get [lindex [$data(icons) selection get] 0]]]
            $data(ent) delete 0 end
            $data(ent) insert 0 $data(named)
        }
        trace add execution ListBrowse leave {apply {{command args} {
            ::tk::dialog::file::NameHighlighted [lindex $command 1]
        }}}
        rename chooseDir::OkCmd chooseDir::OkCmdOfTk
        proc chooseDir::OkCmd {w} {
            upvar ::tk::dialog::file::[winfo name $w] data
            if {[info exists data(named)] && [$data(ent) get] eq $data(named)} {
                Done $w $data(named)
            } else {
                OkCmdOfTk $w
            }
        }
    }
"""
"""Tk's own dialog (8.6, on Linux) highlights the folder that is clicked, but forgets that as soon as a click on its button
takes the focus, and then takes what stands in its field: the folder that the dialog began in. Here what is highlighted
stands in the field, and what stands there is taken."""


def _take_what_is_highlighted(parent: tk.Misc) -> None:
    """Once for each root; systems with a dialog of their own have no such commands."""
    tcl = parent.tk
    if str(tcl.call("tk", "windowingsystem")) != "x11" or tcl.call(
        "info", "commands", "::tk::dialog::file::NameHighlighted"
    ):
        return
    tcl.eval(_TAKES_WHAT_IS_HIGHLIGHTED)
