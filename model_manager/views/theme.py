"""Theme, scale and what ttkbootstrap 2.2 leaves to us: row height, selection, the arrows of trees."""

from __future__ import annotations

import os
import tkinter as tk
import tkinter.font as tkfont
from typing import Any

import ttkbootstrap as ttk

from model_manager.base.settings import Settings

FAMILIES = ("bootstrap", "nord", "one", "solarized", "catppuccin", "gruvbox", "tokyo-night", "everforest", "pydata",
            "dracula", "minty", "sandstone", "united", "pulse", "vapor")  # fmt: skip
CELL = 4
"""Room at the sides of a table's cell at 96 dpi: figures on the right do not touch the words behind them."""
READABLE = 4.5
"""The least contrast of text on its background: WCAG AA."""
_ROW = 1.45  # of the font's line: denser is hard to hit, looser shows too little


def theme_of(settings: Settings, system: str = "light") -> str:
    """The theme's name: the user's family in the user's or the system's appearance."""
    family = settings.theme if settings.theme in FAMILIES else FAMILIES[0]
    appearance = settings.appearance if settings.appearance in ("light", "dark") else system
    return f"{family}-{appearance}"


def system_appearance() -> str:
    """What the desktop asks for, from its environment alone: nothing is waited for at start."""
    words = f"{os.environ.get('GTK_THEME', '')} {os.environ.get('COLORFGBG', '')}".lower()
    return "dark" if "dark" in words or words.rstrip().endswith(";0") else "light"


def px(widget: tk.Misc, size: int) -> int:
    """A length that was measured at 96 dots per inch, for this screen."""
    return int(ttk.scale_size(widget, size))


def on_screen(widget: tk.Misc, width: int, height: int) -> tuple[int, int]:
    """These pixels at 96 dpi as the widget's screen has them, but never more than it has room for."""
    frame = px(widget, 40)  # the title bar and a panel
    return min(px(widget, width), widget.winfo_screenwidth()), min(
        px(widget, height), widget.winfo_screenheight() - frame
    )


def centre(window: tk.Toplevel, over: tk.Misc) -> None:
    """Puts a window that is as large as what it holds in the upper middle of another one."""
    window.update_idletasks()
    top = over.winfo_toplevel()
    x = top.winfo_rootx() + max(0, (top.winfo_width() - window.winfo_reqwidth()) // 2)
    y = top.winfo_rooty() + max(0, (top.winfo_height() - window.winfo_reqheight()) // 3)
    window.geometry(f"+{x}+{y}")


def set_fonts(root: tk.Tk, size: int) -> None:
    """The user's font size in points; 0 leaves the system's."""
    if not size:
        return
    for name in ("TkDefaultFont", "TkTextFont", "TkMenuFont", "TkHeadingFont", "TkFixedFont", "TkTooltipFont"):
        tkfont.nametofont(name, root=root).configure(size=size)


def bold(root: tk.Misc, plus: int = 0) -> tkfont.Font:
    """The default font in bold, `plus` points larger."""
    actual = tkfont.nametofont("TkDefaultFont", root=root).actual()
    return tkfont.Font(root=root, family=actual["family"], size=actual["size"] + plus, weight="bold")


def mend(root: tk.Tk) -> None:
    """Call after every change of theme or font."""
    style = ttk.Style()
    colours = style.colors
    chosen = readable(colours.selectfg, colours.primary)
    line = tkfont.nametofont("TkDefaultFont", root=root).metrics("linespace")
    for name in ("Treeview", "@chrome.Treeview", "Sidebar.Treeview"):
        style.configure(name, rowheight=round(line * _ROW), indent=round(line * 0.9))
        style.map(name, background=[("selected", colours.primary), ("focus", marked(style))],
                  foreground=[("selected", chosen)])  # fmt: skip
    _arrows(root, style, round(line * 0.62), chosen)
    style.configure("Treeview.Heading", padding=(px(root, CELL) + 2, round(line * 0.25)))
    style.configure("Treeview.Cell", padding=(px(root, CELL), 0))


def mend_inks(root: tk.Tk) -> None:
    """Once for a root: the words of buttons and labels can be read in every theme, and those of a button before it can
    be pressed too (the theme's own ink is 1.3:1 there)."""

    def legible(event: tk.Event[Any]) -> None:
        # By its path: the widgets of Tk's own dialogs are Tcl's, and tkinter has no object for them.
        path, style = str(event.widget), ttk.Style()
        try:
            kind = str(root.tk.call("winfo", "class", path))
            name = str(root.tk.call(path, "cget", "-style")) or kind
        except tk.TclError:
            return  # it went before it was told of
        ink, back = (str(style.lookup(name, what)) for what in ("foreground", "background"))
        if _known(ink) and _known(back) and contrast(ink, back) < READABLE:
            style.configure(name, foreground=readable(ink, back))
        dull = str(style.lookup(name, "background", ("disabled",)))
        if kind == "TButton" and _known(dull):
            quiet = readable(mixed(style.colors.fg, dull, 0.55), dull)
            others: list[Any] = [one for one in style.map(name, "foreground") if "disabled" not in one[:-1]]
            style.map(name, foreground=[("disabled", quiet), *others])

    for of in ("TButton", "TLabel"):
        for when in ("<Map>", "<<ThemeChanged>>"):
            root.bind_class(of, when, legible, add=True)


def _known(colour: str) -> bool:
    return len(colour) == 7 and colour[0] == "#"


def _arrows(root: tk.Misc, style: ttk.Style, side: int, selected: str) -> None:
    """What opens a tree's rows. The theme's own are boxes that do not scale: half as large as the text at 200 %."""
    name = f"Arrow{str(style.theme_use()).replace('-', '')}{side}.indicator"
    if name not in style.element_names():
        size = round(side * 1000 / px(root, 1000))
        closed, opened = (str(ttk.Icon(f"chevron-{way}", size=size, color=muted(style))) for way in ("right", "down"))
        chosen = [str(ttk.Icon(f"chevron-{way}", size=size, color=selected)) for way in ("right", "down")]
        blank = f"blank{side}"
        if blank not in root.image_names():
            root.tk.call("image", "create", "photo", blank, "-width", side, "-height", side)
        # Tk calls an open row user1 and one with nothing below it user2.
        states = (("user2", blank), ("user1", "selected", chosen[1]), ("user1", opened), ("selected", chosen[0]))
        style.element_create(name, "image", closed, *states, width=round(side * 1.5), sticky="w")
    # The theme fills the empty part of a tree with the colour of a row: with that of the marked one, too.
    area: list[Any] = [("Treeview.treearea", {"sticky": "nswe"})]
    whole: list[Any] = [("Treeview.field", {"sticky": "nswe", "border": 1, "children": area})]
    style.layout("Treeview", whole)
    inside: list[Any] = [(one, {"side": "left", "sticky": ""}) for one in (name, "Treeitem.image", "Treeitem.text")]
    style.layout("Treeview.Item", [("Treeitem.padding", {"sticky": "nswe", "children": inside})])


def muted(style: ttk.Style) -> str:
    """A quieter text colour that can still be read on the theme's background."""
    colours = style.colors
    return readable(readable(mixed(colours.fg, colours.bg, 0.72), colours.bg), marked(style))


def marked(style: ttk.Style) -> str:
    """The background of the row that the keyboard is at, when it is not chosen."""
    colours = style.colors
    return mixed(colours.primary, colours.bg, 0.18)


def readable(ink: str, back: str) -> str:
    """The ink, or the nearest one towards black or white with a contrast of 4.5:1 (WCAG AA) on this background."""
    end = max(("#000000", "#ffffff"), key=lambda end: contrast(end, back))
    share = 1.0
    while contrast(found := mixed(ink, end, share), back) < READABLE and share > 0:
        share -= 0.05
    return found


def mixed(one: str, other: str, share: float) -> str:
    """A colour between two: `share` of the first."""
    left, right = (tuple(int(text[i : i + 2], 16) for i in (1, 3, 5)) for text in (one, other))
    values = (round(a * share + b * (1 - share)) for a, b in zip(left, right, strict=True))
    return "#{:02x}{:02x}{:02x}".format(*values)


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
