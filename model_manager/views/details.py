"""The card of the chosen model: facts with their evidence, places, files, raw metadata, the user's own words."""

from __future__ import annotations

import os
import tkinter as tk
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import ttkbootstrap as ttk
from ttkbootstrap import ScrolledFrame

from model_manager.base import figures, units
from model_manager.base.localised import localised
from model_manager.base.text import _, ngettext, short_path, shown
from model_manager.library.labels.verdicts import AWAY, SOURCES, STATES, VERDICTS
from model_manager.library.listing.lines import CardLine, lines
from model_manager.library.listing.model_json import Json, found_tags
from model_manager.library.scan import watch
from model_manager.views import theme
from model_manager.views.open_folder import open_folder
from model_manager.views.widgets import traversal
from model_manager.views.widgets.flow import Flow
from model_manager.views.widgets.wrapped import wrapped

if TYPE_CHECKING:
    from model_manager.views.library import LibraryScreen

_WIDTH = 310
_MOST_FILES = 40


class Details(ttk.Frame):
    """Shows what `show` prints, for one model; a sum for several."""

    def __init__(self, parent: tk.Misc, screen: LibraryScreen) -> None:
        super().__init__(parent, width=theme.px(parent, _WIDTH))
        self.pack_propagate(False)
        self._screen = screen
        self._model: Json | None = None
        self._states: dict[str, str] = {}
        self._shown: tuple[Json | None, int, int] = (None, 0, 0)
        self._reasons = False
        """Whether the reasons stand in the card, which otherwise are at the pointer only."""
        self.scrolled = ScrolledFrame(self, padding=theme.px(self, 12), auto_hide=True)
        self.scrolled.pack(fill="both", expand=True)
        self.show(None, 0, 0)

    def show(self, details: Json | None, count: int, size: int) -> None:
        if self._shown == (details, count, size) and self.scrolled.winfo_children():
            return  # what is being typed here stays
        self._shown = (details, count, size)
        before = traversal.stops(self)
        now = str(self.tk.call("focus"))
        self._write(details, count, size)
        if now in before:
            self.after_idle(lambda: self._focus_again(before.index(now)))

    def _focus_again(self, number: int) -> None:
        """The keyboard stays at its place when the card is written anew."""
        self.update_idletasks()  # until then nothing of it is to be seen
        stops = traversal.stops(self)
        if stops:
            self.tk.call("focus", stops[min(number, len(stops) - 1)])
        else:
            self._screen.table.tree.focus_set()

    def _write(self, details: Json | None, count: int, size: int) -> None:
        body = self.scrolled
        for child in body.winfo_children():
            child.destroy()
        self._model = details["model"] if details else None
        self._states = details.get("states", {}) if details else {}
        if details is not None:
            self._one(body, details)
        elif count > 1:
            self._label(body, ngettext("{n} model chosen", "{n} models chosen", count), font=theme.bold(self, 2))
            self._label(body, _("{size} on disk").format(size=figures.size(size)))
            self._trash_button(body, _("Move them to the trash…"))
        else:
            self._label(
                body, _("Choose a model to see what it is, why we believe that, and where it lies."), quiet=True
            )

    def restyle(self) -> None:
        self._again()

    def _again(self) -> None:
        shown, self._shown = self._shown, (None, -1, 0)
        self.show(*shown)

    def _toggle_reasons(self) -> None:
        self._reasons = not self._reasons
        self._again()

    def actions(self) -> list[tuple[str, Callable[[], None]]]:
        """What can be done with the chosen model: also the context menu."""
        actions = [(_("Open folder"), self.open_folder), (_("Copy path"), self.copy_path)]
        if self._hash():
            actions.append((_("Copy SHA-256"), lambda: self._copy(self._hash())))
        return actions

    def trash_words(self, ids: set[Hashable]) -> str:
        """What clears these models away; of one model in several places, that it is all of them."""
        count = len(self.places_alone(ids))
        return _("Move all {n} places to the trash…").format(n=count) if count else _("Move to the trash…")

    def places_alone(self, ids: set[Hashable]) -> list[tuple[str, int]]:
        """The places of a model, in words and by id, if there are several, and its card is shown."""
        if not self._model or not self._model["id"] or ids != {_number(self._model)}:
            return []
        there = [
            (f"{watch.label_of(place['tool'])}: {shown(place['name'])}", _number(place))
            for place in self._model["places"]
            if self._states.get(place["id"], "online") == "online"
        ]
        return there if len(there) > 1 else []

    def open_folder(self) -> None:
        """Opens the system's file manager at the model."""
        if not self._model or not self._model["places"]:
            return
        path = self._model["places"][0]["path"]
        folder = path if not os.path.splitext(path)[1] else os.path.dirname(path)
        if why := open_folder(folder):
            self._screen.say(why)

    def copy_path(self) -> None:
        if self._model and self._model["places"]:
            self._copy(self._model["places"][0]["path"])

    def _copy(self, text: str) -> None:
        self.clipboard_clear()
        self.clipboard_append(text)
        self._screen.say(_("Copied: {text}").format(text=text[:80]))

    def _hash(self) -> str:
        files = self._model["files"] if self._model else ()
        return next((file["sha256"] for file in files if file["role"] == "weights" and file["sha256"]), "")

    def _one(self, body: ttk.Frame, details: Json) -> None:
        model = details["model"]
        states = [self._states.get(place["id"], "online") for place in model["places"]]
        self._label(body, model["name"], font=theme.bold(self, 2))
        self._buttons(body)
        self._way_out(body, model, states)
        self._facts(body, model, _reasons(details["evidence"]))
        self._section(body, _("Places"))
        for place, state in zip(model["places"], states, strict=True):
            self._place(body, model, place, state)
        self._section(body, ngettext("{n} file", "{n} files", len(model["files"])))
        self._files(body, model["files"])
        if model["id"]:
            self._words(body, model)
        self._section(body, _("From the header"))
        self._raw(body, details["metadata"])

    def _buttons(self, body: ttk.Frame) -> None:
        buttons = Flow(body, theme.px(self, 5))
        buttons.pack(fill="x", pady=theme.px(self, 6))
        reasons = _("Hide the reasons") if self._reasons else _("Show the reasons")
        for label, command in [*self.actions(), (reasons, self._toggle_reasons)]:
            buttons.add(ttk.Button(buttons, text=label, command=command))

    def _way_out(self, body: ttk.Frame, model: Json, states: list[str]) -> None:
        """What can be done with it, or why nothing can."""
        if model["id"] and states and "online" not in states:
            self._label(body, _("Nothing can be done with it now: {why}.").format(why=_(AWAY[states[0]])))
        elif model["id"]:
            self._trash_button(body, self.trash_words({_number(model)}))
        else:
            self._unlisted(body)

    def _place(self, body: ttk.Frame, model: Json, place: Json, state: str) -> None:
        if model["id"]:
            self._label(body, f"{watch.label_of(place['tool'])}: {place['name']}")
        self._label(body, short_path(place["path"], os.path.expanduser("~")), quiet=True)
        if state != "online":
            self._label(body, _(STATES[state]), quiet=True)
        elif len(model["places"]) > 1:
            only = (_number(place),)
            ttk.Button(body, text=_("Remove only here…"), command=lambda: self._screen.clear_away(only)).pack(
                anchor="w", pady=(0, theme.px(self, 4))
            )

    def _files(self, body: ttk.Frame, files: list[Json]) -> None:
        for file in files[:_MOST_FILES]:
            line = self._row(body, shown(os.path.basename(file["path"])), figures.size(file["size"]))
            ttk.ToolTip(line, text=_file_words(file))
            if self._reasons:
                self._label(body, _file_words(file), quiet=True)
        if len(files) > _MOST_FILES:
            self._label(body, _("… and {n} more").format(n=len(files) - _MOST_FILES), quiet=True)

    def _trash_button(self, body: ttk.Frame, text: str) -> None:
        ttk.Button(body, text=text, icon="trash3", command=self._screen.clear_away).pack(
            anchor="w", pady=theme.px(self, 4)
        )

    def _unlisted(self, body: ttk.Frame) -> None:
        """What is said of a file that was opened from outside, and the way to get it into the library."""
        self._label(body, _("Not in a folder that is watched: this is what its header says."), quiet=True)
        ttk.Button(
            body, text=_("Watch its folder"), icon="folder-plus",
            command=self._screen.controller.watch_folder_of_opened,
        ).pack(anchor="w", pady=theme.px(self, 4))  # fmt: skip

    def _facts(self, body: ttk.Frame, model: Json, why: dict[str, str]) -> None:
        health = model["health"]
        sick = health["verdict"] not in ("good", "unknown")
        if sick:
            self._label(body, f"⚠ {_(VERDICTS[health['verdict']])}: {localised(health['detail'])}", bootstyle="danger")
        elif health["detail"]:
            word = f"{_(VERDICTS['unknown'])}: " if health["verdict"] == "unknown" else ""
            self._label(body, word + localised(health["detail"]), quiet=True)
        if model["code"]:
            self._label(body, _("Names code: {names}").format(names=", ".join(model["code"])), bootstyle="danger")
        for line in self._lines(model):
            row = self._row(body, line.title, line.text, quiet=True)
            if line.field in why:
                ttk.ToolTip(row, text=why[line.field], delay=300)
                if self._reasons:
                    self._label(body, why[line.field], quiet=True)

    def _lines(self, model: Json) -> list[CardLine]:
        label = model["quant_label"] if model["quant_label"] != model["quant"] else None
        quant = [model["quant"], label and _("label {label}").format(label=label)]
        last = model["last_used"]
        own = {
            "quant": " · ".join(part for part in quant if part), "tags": ", ".join(found_tags(model)),
            "used_at": f"{figures.day(units.seconds_of(last['at']))} ({localised(last['evidence'])})" if last else "",
        }  # fmt: skip
        repository = model["source"]["repo"] if model["source"] else ""
        sha256 = f"{self._hash()[:12]}…" if self._hash() else ""
        more = [CardLine(120, _("Source"), repository, "source_repo"), CardLine(200, _("SHA-256"), sha256)]
        return lines(model, own, more)

    def _words(self, body: ttk.Frame, model: Json) -> None:
        self._section(body, _("Yours"))
        if model["user_tags"]:
            self._label(body, ", ".join(model["user_tags"]), quiet=True)
        id_ = int(model["id"][1:])
        line = ttk.Frame(body)
        line.pack(fill="x", pady=theme.px(self, 3))
        entry = ttk.Entry(line)
        add = ttk.Button(line, text=_("Add tag"), command=lambda: self._add_tag(id_, entry.get()))
        add.pack(side="right", padx=(theme.px(self, 5), 0))  # first: what is packed last is cut where it is narrow
        entry.pack(side="left", fill="x", expand=True)
        entry.bind("<Return>", lambda event: self._add_tag(id_, entry.get()))
        note = ttk.Text(body, height=3, width=10, wrap="word", undo=True)
        note.pack(fill="x", pady=theme.px(self, 3))
        note.insert("1.0", model["note"])
        note.edit_reset()  # undoing takes back what is typed, not what was there
        note.bind("<FocusOut>", lambda event: self._note(id_, model["note"], note.get("1.0", "end-1c")))
        pin = _("Unpin") if model["pinned"] else _("Pin")
        ttk.Button(body, text=pin, command=lambda: self._screen.controller.set_pinned({id_}, not model["pinned"])).pack(
            anchor="w"
        )

    def _add_tag(self, id_: int, text: str) -> None:
        if text.strip():
            self._screen.controller.tag({id_}, [text], [])

    def _note(self, id_: int, before: str, text: str) -> None:
        if text != before:
            self._screen.controller.set_note(id_, text)

    def _raw(self, body: ttk.Frame, metadata: dict[str, Any]) -> None:
        lines = []
        for path, keys in metadata.items():
            lines.append(os.path.basename(path))
            lines += [f"  {key} = {str(value)[:300]}" for key, value in list(keys.items())[:120]]
        text = ttk.Text(body, height=min(14, max(2, len(lines))), width=10, wrap="none")
        text.insert("1.0", "\n".join(lines) or _("nothing"))
        text.configure(state="disabled", takefocus=1)  # Tk passes over a text that cannot be written in
        text.pack(fill="x", pady=theme.px(self, 4))

    def _section(self, body: ttk.Frame, title: str) -> None:
        ttk.Label(body, text=title, font=theme.bold(self)).pack(
            anchor="w", pady=(theme.px(self, 12), theme.px(self, 2))
        )

    def _row(self, body: ttk.Frame, title: str, value: str, quiet: bool = False) -> ttk.Frame:
        """A long title or value takes more lines: neither pushes the other out of sight."""
        line = ttk.Frame(body)
        line.pack(fill="x")
        colour = theme.muted(ttk.Style())
        left = ttk.Label(line, text=title, foreground=colour if quiet else None, width=16 if quiet else 0, anchor="w")
        right = ttk.Label(line, text=value, anchor="w" if quiet else "e")
        first, other = (left, right) if quiet else (right, left)  # what is packed first is never cut
        first.pack(side="left" if quiet else "right", anchor="n", padx=0 if quiet else (theme.px(self, 8), 0))
        other.pack(side="left", anchor="n", fill="x", expand=True)
        wrapped(other)
        return line

    def _label(self, body: ttk.Frame, text: str, quiet: bool = False, **options: Any) -> None:
        colour = {"foreground": theme.muted(ttk.Style())} if quiet else {}
        label = ttk.Label(body, text=text, wraplength=theme.px(self, _WIDTH - 40), justify="left", **colour, **options)
        label.pack(anchor="w", fill="x")
        wrapped(label)


def _number(shown_: Json) -> int:
    """The id of a model or place, of the `m3` or `p12` that the command line shows."""
    return int(shown_["id"][1:])


def _reasons(evidence: list[Json]) -> dict[str, str]:
    """Field -> why its value is believed: by what comes first."""
    why: dict[str, str] = {}
    for claim in evidence:
        source = _(SOURCES.get(claim["from"], claim["from"]))
        why.setdefault(claim["field"], f"{source}: {localised(claim['detail'])}")
    return why


def _file_words(file: Json) -> str:
    parts = [
        shown(file["path"]),
        _("{size} bytes, {bytes} on disk, {role}").format(
            size=figures.count(file["size"]), bytes=figures.count(file["bytes"]), role=file["role"]
        ),
    ]
    if file["links"] > 1:
        parts.append(_("{n} names for one file").format(n=file["links"]))
    if file["sha256"]:
        parts.append(f"sha256 {file['sha256'][:16]}… ({file['sha256_source']})")
    return "\n".join(parts)
