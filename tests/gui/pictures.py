"""Drives the real window over a generated library and writes a picture of every screen.

python tests/gui/pictures.py FOLDER    (needs Xvfb and ImageMagick's `import`)
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent))

LOOKS = (("light", "bootstrap", "light", 1.0, 1280, 800), ("dark", "nord", "dark", 1.0, 1280, 800),
         ("small", "bootstrap", "light", 1.0, 960, 600), ("double", "bootstrap", "light", 2.0, 2560, 1600),
         ("double-dark", "bootstrap", "dark", 2.0, 2560, 1600), ("german", "bootstrap", "light", 1.0, 960, 600),
         ("german-double", "nord", "dark", 2.0, 2560, 1600))  # fmt: skip


def main(folder: str) -> int:
    """Each look in a process of its own: one Tk root lives in one process."""
    if len(sys.argv) > 2:
        return draw(folder, next(look for look in LOOKS if look[0] == sys.argv[2]))
    Path(folder).mkdir(parents=True, exist_ok=True)
    for look in LOOKS:
        subprocess.run([sys.executable, __file__, folder, look[0]], check=True)
    return 0


def draw(folder: str, look: tuple[str, str, str, float, int, int]) -> int:
    name, family, appearance, scale, width, height = look
    reading, writing = os.pipe()
    server = subprocess.Popen(["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24"], pass_fds=[writing],
                              stderr=subprocess.DEVNULL)  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"
    with tempfile.TemporaryDirectory() as base:
        os.environ["HOME"] = f"{base}/home"
        os.makedirs(f"{base}/home/AI/models")
        shots(base, folder, (name, family, appearance, scale), f"{width}x{height}")
    server.terminate()
    return 0


def shots(base: str, folder: str, look: tuple[str, str, str, float], size: str) -> None:
    from generated import fill

    from model_manager.app import build
    from model_manager.base.text import use_language
    from model_manager.views.help import Help
    from model_manager.views.sidebar import SCREENS
    from model_manager.views.window import Window

    name, family, appearance, scale = look
    app = build(f"{base}/data")
    if name.startswith("german"):
        use_language("de")
    fill(app, "/home/robin")
    values = app.settings.values
    values.theme, values.appearance, values.scale, values.window = family, appearance, scale, f"{size}+0+0"
    window = Window(app)
    window.scanning.scan = lambda: None  # the generated models are not on this disk
    window.scanning.look_again = lambda roots: None
    window.start()

    def settle(seconds: float = 0.7) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            window.root.update()
            time.sleep(0.01)

    def shot(screen: str) -> None:
        settle()
        subprocess.run(["import", "-window", "root", f"{folder}/{name}-{screen}.png"], check=True)

    settle(2.0)
    library = window.library
    library.table.select({next(row.id for row in library.controller.shown if row.category == "llm")})
    shot("library")
    window.sidebar.tree.selection_set("category:diffusion/lora")
    library.text.set("sdxl >100mb")
    shot("search")
    library.clear_search()
    library.controller.choose_place("all", "")
    for screen, _title, _words in SCREENS:
        window.open(screen)
        settle(1.5)
        shot(screen)
    for page in ("look", "language", "safety", "privacy", "advanced"):
        window.open("settings")
        window.screens["settings"].show_page(page)
        shot(f"settings-{page}")
    cleaning(window, app, settle, shot)
    window.open("library")
    window.toasts.show("Copied: /home/robin/ComfyUI/models/checkpoints/sd_xl_base_1.0.safetensors")
    library.text.set("nothing like this")
    shot("empty")
    told = Help(window.root, app.paths)
    shot("help")
    told.destroy()
    library.clear_search()
    end = threading.Event()
    app.jobs.start(
        "Move 14 models to the trash", "files", lambda progress: "Done. 96.2 GB come back when it is emptied."
    )
    app.jobs.start("Read every byte", "hash", lambda progress: 1 // 0)
    settle(0.2)
    app.jobs.start("Scanning", "scan", lambda progress: (progress.step(62, 431, "Reading ComfyUI"), end.wait()))
    app.jobs.start("Planning the next", "scan", lambda progress: None)
    window.status.toggle()
    shot("jobs")
    window.status.toggle()
    end.set()
    window.leave()
    app.close()


def cleaning(window: Any, app: Any, settle: Callable[..., None], shot: Callable[[str], None]) -> None:
    """The screens that clean up, with what they would show if these files were here."""
    import staged

    from model_manager.controllers.reminder import Due
    from model_manager.views.review import Review

    for screen, show, what in (("duplicates", "show_groups", staged.duplicates(app)), ("clean", "show_offer", staged.offer(app)),
                               ("families", "show_offer", staged.offer(app)), ("history", "show_past", staged.past())):  # fmt: skip
        window.open(screen)
        settle(1.0)
        made = window.screens[screen]
        made.handle = lambda message: None
        getattr(made, show)(what)
        for tick in ("_tick_all", "_tick_best"):
            if hasattr(made, tick):
                getattr(made, tick)()
        shot(screen)
    review = Review(window.root, staged.planned(), lambda plan: None, lambda way: None)
    shot("review")
    review.destroy()
    review = Review(window.root, staged.planned_for_good(), lambda plan: None, lambda way: None)
    settle(0.3)
    review.apply_button.invoke()
    shot("question")
    review.destroy()
    window.reminder.tell(Due(4, 17_797_916_000, 30))
    shot("reminder")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
