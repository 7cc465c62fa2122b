"""Every theme offered can be read, and sizes follow the font."""

from __future__ import annotations

from typing import Any

import pytest

from model_manager.base.settings import Settings
from model_manager.views import theme


def test_the_settings_name_a_theme() -> None:
    assert theme.theme_of(Settings(theme="nord", appearance="system"), "dark") == "nord-dark"
    assert theme.theme_of(Settings(theme="no such", appearance="light"), "dark") == "bootstrap-light"


def test_contrast_is_that_of_wcag() -> None:
    assert theme.contrast("#ffffff", "#000000") == pytest.approx(21)
    assert theme.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.gui
@pytest.mark.parametrize("family", theme.FAMILIES)
@pytest.mark.parametrize("look", ["light", "dark"])
def test_every_theme_can_be_read(root: Any, frame: Any, family: str, look: str) -> None:
    import ttkbootstrap as ttk

    style = ttk.Style()
    before = style.theme_use()
    try:
        style.theme_use(f"{family}-{look}")
        theme.mend(root)
        colours = style.colors
        found = {
            "text": (colours.fg, colours.bg),
            "quiet text": (theme.muted(style), colours.bg),
            "list": (str(style.lookup("Treeview", "foreground")), str(style.lookup("Treeview", "background"))),
            "chosen row": tuple(
                str(style.lookup("Treeview", name, ("selected",))) for name in ("foreground", "background")
            ),
        }
        low = {name: pair for name, pair in found.items() if theme.contrast(*pair) < theme.READABLE}
        assert not low, low
    finally:
        style.theme_use(before)
        theme.mend(root)


@pytest.mark.gui
def test_rows_grow_with_the_font(root: Any, frame: Any) -> None:
    import tkinter.font as tkfont

    import ttkbootstrap as ttk

    font = tkfont.nametofont("TkDefaultFont", root=root)
    size = font.cget("size")
    before = int(ttk.Style().lookup("Treeview", "rowheight"))
    try:
        theme.set_fonts(root, 20)
        theme.mend(root)
        assert int(ttk.Style().lookup("Treeview", "rowheight")) == round(font.metrics("linespace") * 1.45) > before
        assert theme.bold(root, 3).cget("size") == 23
    finally:
        theme.set_fonts(root, size)
        theme.mend(root)
