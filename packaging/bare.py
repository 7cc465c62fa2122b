"""Starts the packed program in a bare Debian: no Python, no Tk, no X libraries, one font. Needs root and debootstrap.

The tree is made once below `.build/` and looks at our X server through its socket.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import smoke
from start import StartError

SUITE = "bookworm"
FONT = "fonts-dejavu-core"
HOME = "home/Jörg Müller"

# Runs in mounts of its own, which go when it ends: nothing is left to be undone after a kill.
_ENTER = """
mkdir -p "$0/tmp/.X11-unix" && mount --bind /tmp/.X11-unix "$0/tmp/.X11-unix" && mount -t proc proc "$0/proc" \
&& mount --bind /dev "$0/dev" && exec chroot --userspec=65534:65534 "$0" "$@"
"""


def made(tree: Path) -> None:
    """The bare tree, downloaded once. Raises StartError."""
    whole = tree / ".whole"
    if whole.exists():
        return
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        raise StartError("A bare tree needs root and debootstrap (apt install debootstrap).")
    print("Making a bare Debian (once; some minutes) …", flush=True)
    shutil.rmtree(tree, ignore_errors=True)
    tree.parent.mkdir(parents=True, exist_ok=True)
    command = ["debootstrap", "--variant=minbase", f"--include={FONT}", SUITE, str(tree)]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False
    )
    if done.returncode != 0:
        raise StartError(f"debootstrap failed:\n{done.stdout[-2000:]}")
    whole.touch()


def strangers(tree: Path) -> list[str]:
    """What must not be there for the test to mean anything."""
    patterns = (
        "usr/bin/python*",
        "usr/lib/python*",
        "usr/lib/*/libtcl*",
        "usr/lib/*/libX11*",
        "usr/lib/*/libfontconfig*",
    )
    return [str(path.relative_to(tree)) for pattern in patterns for path in tree.glob(pattern)]


def look_at(file: Path, tree: Path, pictures: Path) -> None:
    """The whole smoke test inside the tree. Raises StartError."""
    made(tree)
    if found := strangers(tree):
        raise StartError(f"The tree is not bare: {', '.join(found)}")
    home = tree / HOME
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    smoke.fill(home)
    for path in (home, *home.rglob("*")):
        os.chown(path, smoke.NOBODY, smoke.NOBODY, follow_symlinks=False)
    (tree / "opt").mkdir(exist_ok=True)
    shutil.copy2(file, tree / "opt" / smoke.NAME)

    def start(arguments: Sequence[str], display: str) -> subprocess.Popen[bytes]:
        command = ["unshare", "--mount", "sh", "-c", _ENTER, str(tree), f"/opt/{smoke.NAME}", *arguments]
        environment = {"HOME": f"/{HOME}", "PATH": os.environ["PATH"], "DISPLAY": display}
        return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip

    figures = smoke.smoke(smoke.Place(start, f"/{HOME}", home), pictures, runs=1)
    print(f"a bare {SUITE} without Python: painted after {figures.painted:.2f} s, everything done", flush=True)
