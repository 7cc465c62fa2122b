"""A place where a mistake can do no harm: all the computer read-only, but for a memory disk that goes with the process.

Linux only (unshare(1), mount(8)). Nobody but the process and what it starts sees the place; other processes are not seen
from it, so none can be ended by mistake.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_INSIDE = "MUTATION_SEALED"
_KEPT_OPTIONS = {"nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime"}
_UNSEALED = ("/proc", "/sys", "/dev", "/tmp")


def seal(*writable: Path) -> None:
    """Starts this program again in such a place; returns there. `/tmp` is the memory disk, `writable` stays as it is."""
    if _INSIDE not in os.environ:
        mapped = [] if os.getuid() == 0 else ["--map-root-user"]
        own = ["--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]
        os.environ[_INSIDE] = "1"
        os.execvp("unshare", ["unshare", *mapped, *own, sys.executable, *sys.argv])
    del os.environ[_INSIDE]
    for place in writable:
        if place.is_relative_to("/tmp"):
            sys.exit(f"{place} lies in /tmp, which is hidden here by a memory disk.")
        _mount("--bind", str(place), str(place))
    for memory in ("/tmp", "/dev/shm"):
        _mount("-t", "tmpfs", "-o", "mode=1777", "tmpfs", memory)
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _device, at, _kind, options, *_rest = line.split(" ")
        at = at.encode().decode("unicode_escape")
        if at.startswith(_UNSEALED) or Path(at) in writable:
            continue
        kept = sorted(_KEPT_OPTIONS & set(options.split(",")))
        _mount("-o", ",".join(["remount", "bind", "ro", *kept]), at)
    if os.access(Path(__file__).parent, os.W_OK):
        sys.exit("This folder is still writable: nothing was started.")


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def unmount_below(folder: Path) -> None:
    """What a test that was killed has left mounted."""
    for line in reversed(Path("/proc/self/mounts").read_text().splitlines()):
        at = line.split(" ")[1].encode().decode("unicode_escape")
        if Path(at).is_relative_to(folder):
            subprocess.run(["umount", "--lazy", at], check=False, stderr=subprocess.DEVNULL)
