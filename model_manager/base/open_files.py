"""Which processes have a file open or mapped, as far as the system lets us look (Linux: /proc, proc_pid_fd(5))."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass

Key = tuple[int, int]
"""(st_dev, st_ino)"""
_WRITING = os.O_WRONLY | os.O_RDWR
_MOST_MAPS = 8 << 20


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a file open. `writes`: for writing, or mapped writable and shared."""

    pid: int
    name: str
    writes: bool


def holders(wanted: Collection[Key]) -> dict[Key, tuple[Holder, ...]]:
    """File -> the other processes that have it open; those of other users cannot be looked into, unless as root.

    One pass over all processes: 40 ms for 300 of them. Raises nothing; empty where there is no /proc.
    """
    found: dict[Key, dict[int, Holder]] = {}
    keys = frozenset(wanted)
    for pid in _pids() if keys else ():
        for key, writes in (*_descriptors(pid, keys), *_maps(pid, keys)):
            known = found.setdefault(key, {})
            before = known.get(pid)
            known[pid] = Holder(pid, _name(pid), writes or (before is not None and before.writes))
    return {key: tuple(ones.values()) for key, ones in found.items()}


def _pids() -> list[int]:
    try:
        numbers = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []
    return [number for number in numbers if number != os.getpid()]


def _descriptors(pid: int, wanted: frozenset[Key]) -> Iterator[tuple[Key, bool]]:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        try:
            path = os.readlink(f"{folder}/{name}")
            if not path.startswith("/"):  # a socket or a pipe: stat would ask in vain
                continue
            found = os.stat(f"{folder}/{name}") if _may_be_a_model(path) else None
        except OSError:
            continue
        if found is not None and (found.st_dev, found.st_ino) in wanted:
            yield (found.st_dev, found.st_ino), _is_written(pid, name)


def _may_be_a_model(path: str) -> bool:
    """Devices and the kernel's own are no models, and a stat of them may wait."""
    return not path.startswith(("/dev/", "/proc/", "/sys/", "/memfd:"))


def _is_written(pid: int, descriptor: str) -> bool:
    try:
        with open(f"/proc/{pid}/fdinfo/{descriptor}", encoding="ascii", errors="replace") as file:
            flags = next((line.split()[1] for line in file if line.startswith("flags:")), "0")
    except (OSError, IndexError):
        return True  # gone this moment, or strange: the careful answer
    return bool(int(flags, 8) & _WRITING)


def _maps(pid: int, wanted: frozenset[Key]) -> Iterator[tuple[Key, bool]]:
    """Mapped files, also those whose descriptor was closed. btrfs shows another device here: the inode has to do."""
    inodes: dict[int, list[Key]] = {}
    for device, inode in wanted:
        inodes.setdefault(inode, []).append((device, inode))
    try:
        with open(f"/proc/{pid}/maps", "rb") as file:
            lines = file.read(_MOST_MAPS).splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split(None, 5)
        if len(fields) < 6 or fields[4] == b"0" or not fields[5].startswith(b"/"):
            continue
        for key in inodes.get(int(fields[4]), ()):
            if _is_device(fields[3], key[0]) or _leads_to(os.fsdecode(fields[5]), key):
                yield key, fields[1].endswith(b"s") and b"w" in fields[1]


def _is_device(text: bytes, device: int) -> bool:
    major, _, minor = text.partition(b":")
    return os.makedev(int(major, 16), int(minor, 16)) == device


def _leads_to(path: str, key: Key) -> bool:
    try:
        found = os.stat(path)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == key


def _name(pid: int) -> str:
    """What a person would call the process: the program, or the script that its interpreter runs."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = os.fsdecode(file.read(4096)).split("\0")
    except OSError:
        return f"process {pid}"
    program = os.path.basename(words[0]) if words and words[0] else ""
    if program.startswith(("python", "node")):
        script = words[1] if len(words) > 1 and words[1].endswith((".py", ".js")) else ""
        program = os.path.basename(script) or program
    return program or f"process {pid}"
