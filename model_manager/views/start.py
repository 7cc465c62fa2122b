"""Opens the window, after looking whether this system can show one."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys

from model_manager.base.errors import MissingPart

_LINES = (("apt-get", "sudo apt install python3-tk"), ("dnf", "sudo dnf install python3-tkinter"),
          ("pacman", "sudo pacman -S tk"), ("zypper", "sudo zypper install python3-tk"),
          ("brew", "brew install python-tk"))  # fmt: skip


def main(data_dir: str | None = None) -> int:
    """The window until it is closed; answers the exit status."""
    look_at_system()
    from model_manager.app import build
    from model_manager.views.window import Window

    sys.setswitchinterval(0.001)  # a scanning thread would otherwise hold the interpreter for 5 ms at a time
    app = build(data_dir)
    try:
        window = Window(app)
        window.start()
        window.root.mainloop()
    finally:
        app.close()
    return 0


def look_at_system() -> None:
    """Raises MissingPart, with the line that installs it, where Tk or a display is missing."""
    if importlib.util.find_spec("_tkinter") is None:
        line = next((line for program, line in _LINES if shutil.which(program)), "install Tk for this Python")
        raise MissingPart("open the window", "", "Tk is missing on this system", line)
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise MissingPart("open the window", "", "there is no display", "use `model-manager status` in a terminal")
