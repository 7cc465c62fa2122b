"""Starts the packed program as a stranger would, and looks at it from outside.

Everything that tends to break packed programs at once: a path with spaces and other letters, a folder that cannot be
written, an empty PATH, no locale, another user where this one is root. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from screen import Screen
from start import StartError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from factory import gguf_bytes, hub_repo, ollama_model, safetensors_bytes, write

NAME = "model-manager"
PAINTED = 100
"""Colours on the screen from which on there is text: an empty window has four at most, the painted one a thousand."""
SLOWEST = 30.0
NOBODY = 65534


class SmokeError(StartError):
    """What the program did not do, in words."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds. `first` with nothing in memory of the files that were just written, `painted` the median of the others."""

    first: float
    painted: float
    scanned: float
    handed: float
    closed: float


@dataclass(frozen=True, slots=True)
class Place:
    """Where the program runs: how its processes begin, the home as the program and as we see it."""

    start: Callable[[Sequence[str], str], subprocess.Popen[bytes]]
    """`start(arguments, display)`."""
    home: str
    seen_home: Path


MODELS = 13


def fill(home: Path) -> Path:
    """A small library in several tools, MODELS models; answers a file that lies in none of their folders."""
    lora = {
        "lora_unet_down_blocks_0.lora_down.weight": ("F16", (8, 320)),
        "lora_unet_down_blocks_0.lora_up.weight": ("F16", (320, 8)),
    }
    for number, quant in enumerate(("Q4_K_M", "Q5_K_M", "Q8_0")):
        name = f"Llama-3.1-8B-Instruct-{quant}"
        write(home / ".lmstudio/models/meta" / name / f"{name}.gguf", gguf_bytes(seed=number))
    for number in range(4):
        write(home / f"ComfyUI/models/loras/färbung {number}.safetensors", safetensors_bytes(lora, seed=number))
    write(home / "ComfyUI/main.py")
    write(home / "ComfyUI/folder_paths.py")
    for number in range(3):
        ollama_model(
            home / ".ollama/models",
            f"registry.ollama.ai/library/llama{number}/latest",
            {"model": gguf_bytes(seed=20 + number)},
        )
    for number in range(3):
        hub_repo(home / ".cache/huggingface/hub", f"org/model-{number}", {"model.gguf": gguf_bytes(seed=30 + number)})
    return write(home / "Downloads" / "neues Modell 模型-Q8_0.gguf", gguf_bytes({"general.name": "New"}, seed=50))


@contextlib.contextmanager
def here(program: Path) -> Iterator[Place]:
    """A copy of `program` (a file or a folder) at an unkind place of this computer, with an empty home."""
    with tempfile.TemporaryDirectory(prefix="smoke-") as name:
        base = Path(name)
        home, away, temporary = base / "Zuhause von Jörg", base / "Ünser Prögramm 模型", base / "tmp"
        for folder in (home, away, temporary):
            folder.mkdir()
        if program.is_dir():
            shutil.copytree(program, away / program.name, symlinks=True)
            binary = away / program.name / NAME
        else:
            binary = Path(shutil.copy2(program, away / "Model Manager"))
        fill(home)
        as_root = os.geteuid() == 0
        if as_root:
            base.chmod(0o755)
            for path in (temporary, home, *home.rglob("*")):
                os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        away.chmod(0o555)
        # As root we become somebody else: root writes into read-only folders.
        user = NOBODY if as_root else None
        groups: list[int] | None = [] if as_root else None

        def start(arguments: Sequence[str], display: str) -> subprocess.Popen[bytes]:
            environment = {"HOME": str(home), "PATH": "", "TMPDIR": str(temporary), "DISPLAY": display}
            return subprocess.Popen([str(binary), *arguments], env=environment, cwd=home, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
                                    user=user, group=user, extra_groups=groups)  # fmt: skip

        try:
            yield Place(start, str(home), home)
            left = [path.name for path in temporary.iterdir()]
            if left:
                raise SmokeError(f"it left files behind in the temporary folder: {', '.join(left)}")
        finally:
            away.chmod(0o755)


def smoke(place: Place, pictures: Path, runs: int = 5) -> Figures:
    """Window, scan, pictures, a second start with a file, a clean end; then the commands. Raises SmokeError."""
    pictures.mkdir(parents=True, exist_ok=True)
    with Screen(1440, 900) as screen:
        process, first = _opened(place, screen)
        try:
            began = time.perf_counter()
            _until(lambda: _models(place.seen_home) == MODELS, process, f"the scan did not find {MODELS} models")
            scanned = time.perf_counter() - began
            time.sleep(1.0)  # the rows on the screen: they come in turns of a quarter of a second
            screen.picture(pictures / "library.png")
            handed = _hand_over(place, screen)
            time.sleep(1.0)
            screen.picture(pictures / "opened.png")
            if len(screen.windows(NAME)) != 1:
                raise SmokeError("a second start opened a second window")
            closed = _closed(process, screen)
        finally:
            end(process)
        seconds = []
        for _ in range(runs):
            process, painted = _opened(place, screen)
            seconds.append(painted)
            _closed(process, screen)
    commands(place)
    return Figures(first, statistics.median(seconds), scanned, handed, closed)


def commands(place: Place) -> None:
    """The command line of the same file, without a display. Raises SmokeError."""
    if "Model Manager" not in _said(place, "--version"):
        raise SmokeError("--version says nothing")
    if len(_said(place, "--licences")) < 10_000:
        raise SmokeError("the licences are not inside")
    listed = json.loads(_said(place, "list", "--json"))["models"]
    if len(listed) != MODELS or any(model["health"]["verdict"] != "good" for model in listed):
        raise SmokeError(f"`list` does not show {MODELS} good models: {json.dumps(listed)[:2000]}")
    sick = [check for check in json.loads(_said(place, "doctor", "--json"))["checks"] if not check["ok"]]
    if sick:
        raise SmokeError(f"`doctor` is not content: {sick}")
    checked = json.loads(_said(place, "check", "--deep", "--json"))["models"]
    if len(checked) != MODELS:
        raise SmokeError("`check --deep` did not look at every model")


def _opened(place: Place, screen: Screen) -> tuple[subprocess.Popen[bytes], float]:
    """A started program, and the seconds until its window was painted."""
    began = time.perf_counter()
    process = place.start((), screen.name)
    _until(lambda: screen.colours() > PAINTED, process, "no window was painted")
    return process, time.perf_counter() - began


def _hand_over(place: Place, screen: Screen) -> float:
    """Seconds that a second start takes to give its file to the first."""
    began = time.perf_counter()
    file = next(Path(place.seen_home, "Downloads").iterdir())
    process = place.start((os.path.join(place.home, "Downloads", file.name),), screen.name)
    try:
        status = process.wait(SLOWEST)
    except subprocess.TimeoutExpired as error:
        end(process)
        raise SmokeError("a second start did not hand over its file") from error
    if status != 0:
        raise SmokeError(f"a second start ended with {status}: {_last_words(process)}")
    return time.perf_counter() - began


def _closed(process: subprocess.Popen[bytes], screen: Screen) -> float:
    """Closes the window as its cross does; seconds until the process had ended."""
    began = time.perf_counter()
    for window in screen.windows(NAME):
        screen.close_window(window)
    try:
        status = process.wait(SLOWEST)
    except subprocess.TimeoutExpired as error:
        raise SmokeError("closing the window did not end the program") from error
    # A bare system has no settings for its fonts; fontconfig says so and goes on.
    words = "".join(line for line in _last_words(process).splitlines() if not line.startswith("Fontconfig "))
    if status != 0 or words:
        raise SmokeError(f"it ended with {status} and said: {words}")
    return time.perf_counter() - began


def end(process: subprocess.Popen[bytes]) -> None:
    """Kills what still runs: the one-file program is two processes, and the second holds the pipes."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _until(done: Callable[[], bool], process: subprocess.Popen[bytes], what: str) -> None:
    last = time.monotonic() + SLOWEST
    while not done():
        if process.poll() is not None:
            raise SmokeError(f"it ended with {process.returncode}: {_last_words(process)}")
        if time.monotonic() > last:
            end(process)
            raise SmokeError(f"{what} within {SLOWEST:.0f} s: {_last_words(process)}")
        time.sleep(0.01)


def _last_words(process: subprocess.Popen[bytes]) -> str:
    said, complained = process.communicate(timeout=10)
    return (said + complained).decode(errors="replace").strip()[-2000:]


def _models(home: Path) -> int:
    """How many models the catalogue holds now."""
    catalogue = home / ".local/share" / NAME / "catalogue.sqlite3"
    try:
        with contextlib.closing(sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT COUNT(*) FROM model WHERE gone_at IS NULL").fetchone()[0])
    except sqlite3.Error:
        return 0


def _said(place: Place, *arguments: str) -> str:
    process = place.start(arguments, "")
    said, complained = process.communicate(timeout=SLOWEST)
    if process.returncode != 0:
        raise SmokeError(
            f"{' '.join(arguments)} ended with {process.returncode}: {complained.decode(errors='replace')[-2000:]}"
        )
    return said.decode()
