"""Opens the window, after looking whether this system can show one."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys

from model_manager.base.errors import MissingPart
from model_manager.base.text import later

_LINES = (("apt-get", "sudo apt install python3-tk"), ("dnf", "sudo dnf install python3-tkinter"),
          ("pacman", "sudo pacman -S tk"), ("zypper", "sudo zypper install python3-tk"),
          ("brew", "brew install python-tk"))  # fmt: skip


def main(data_dir: str | None = None, path: str = "") -> int:
    """The window until it is closed; answers the exit status. `path`: a file whose card it shows.

    Where a window of this data folder is open on this screen, that one comes to the front instead, with the file.
    """
    look_at_system()
    from model_manager.base import frozen
    from model_manager.base.instance import Instance
    from model_manager.base.paths import own_paths

    path = os.path.abspath(path) if path else ""
    paths = own_paths(data_dir)
    with contextlib.suppress(OSError):  # what is wrong with the folder is told below
        paths.create()
    instance = Instance(str(paths.data))
    if instance.hand_over(path):
        return 0
    try:
        from model_manager.app import build
        from model_manager.controllers.messages import OpenWanted

        app = build(data_dir)
        instance.listen(lambda other: app.jobs.post(OpenWanted(other)))
        try:
            from model_manager.views.window import Window

            sys.setswitchinterval(0.001)  # a scanning thread would otherwise hold the interpreter for 5 ms at a time
            window = Window(app)
            frozen.free_children_of_tk()
            window.start()
            if path:
                window.open_file(path)
            window.root.mainloop()
        finally:
            app.close()
    finally:
        instance.close()
    return 0


def look_at_system() -> None:
    """Raises MissingPart, with the line that installs it, where Tk or a display is missing."""
    try:
        import _tkinter  # noqa: F401  the module may be there and the library it needs not
    except ImportError:
        line = next((line for program, line in _LINES if shutil.which(program)), later("install Tk for this Python"))
        raise MissingPart(later("open the window"), "", later("Tk is missing on this system"), line) from None
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise MissingPart(
            later("open the window"),
            "",
            later("there is no display"),
            later("use `model-manager status` in a terminal"),
        )
