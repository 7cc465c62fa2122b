"""Duplicates over four tools' folders of real bytes, against jdupes and rmlint; hashing against openssl and xxhsum.

Cold means that each file was dropped from the page cache before the run (POSIX_FADV_DONTNEED).
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import statistics
import struct
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from factory import gguf_bytes
from measure import Figure, Result, info, ms, ratio

from model_manager.app import App, build
from model_manager.base.volumes import Volumes
from model_manager.catalog import Database
from model_manager.jobs import Progress
from model_manager.library.duplicates import search as engine
from model_manager.library.duplicates.hashing import Hashing
from model_manager.library.scan import watch

PEERS = {
    "jdupes -Q": ["jdupes", "-r", "-Q", "-q"],
    # To a file it moves away whatever has that name, /dev/null too.
    "rmlint xxhash": ["rmlint", "--hidden", "-T", "df", "-a", "xxhash", "-o", "json:stdout"],
}
_STEP = 8 << 20


@dataclass(frozen=True, slots=True)
class Tree:
    """`twins`: every set of paths with the same bytes under more than one inode."""

    top: Path
    roots: tuple[Path, ...]
    files: tuple[Path, ...]
    twins: frozenset[frozenset[int]]


def _body(path: Path, kind: str, size: int, dice: random.Random) -> str:
    """A file of real random bytes behind a header that its tool takes for a model; answers its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = gguf_bytes(seed=1)
    if kind == "safetensors":
        room = size - 128
        text = json.dumps({"x": {"dtype": "U8", "shape": [room], "data_offsets": [0, room]}}).encode().ljust(120)
        head = struct.pack("<Q", len(text)) + text
    digest = hashlib.sha256(head)
    with open(path, "wb") as file:
        file.write(head)
        left = size - len(head)
        while left:
            piece = dice.randbytes(min(left, _STEP))
            file.write(piece)
            digest.update(piece)
            left -= len(piece)
    return digest.hexdigest()


def _copy(source: Path, target: Path) -> Path:
    """Bytes of its own, whatever the file system could share."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(source, "rb") as one, open(target, "wb") as other:
        shutil.copyfileobj(one, other, _STEP)
    return target


def _near(source: Path, target: Path, dice: random.Random) -> Path:
    """The same size, head and tail, and another byte somewhere."""
    _copy(source, target)
    at = dice.randrange(8192, target.stat().st_size - 8192)
    with open(target, "r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 0x55]))
    return target


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make(top: Path, total: int, lying: bool) -> Tree:
    """18 files of one size: true copies, hard links, near twins and others; `lying`: two blobs are not what their
    names say."""
    dice = random.Random(11)
    size = total // 18 // 4096 * 4096
    ollama, hub = top / "ollama", top / "hub"
    studio, comfy, plain = top / "lm-studio", top / "ComfyUI/models/checkpoints", top / "plain"
    made: list[Path] = []

    def body(path: Path, kind: str = "gguf") -> Path:
        _body(path, kind, size, dice)
        made.append(path)
        return path

    def copy(source: Path, path: Path) -> Path:
        made.append(_copy(source, path))
        return path

    def near(source: Path, path: Path) -> Path:
        made.append(_near(source, path, dice))
        return path

    def to_ollama(name: str, path: Path, told: str = "") -> Path:
        digest = told or _sha256(path)
        blob = ollama / "blobs" / f"sha256-{digest}"
        blob.parent.mkdir(parents=True, exist_ok=True)
        os.rename(path, blob)
        layer = {"mediaType": "application/vnd.ollama.image.model", "digest": f"sha256:{digest}", "size": size}
        config = {**layer, "mediaType": "application/vnd.docker.container.image.v1+json"}
        manifest = ollama / "manifests/registry.ollama.ai/library" / name / "latest"
        manifest.parent.mkdir(parents=True, exist_ok=True)
        manifest.write_text(json.dumps({"schemaVersion": 2, "config": config, "layers": [layer]}))
        made[made.index(path)] = blob
        return blob

    def to_hub(name: str, path: Path, told: str = "") -> Path:
        base = hub / f"models--org--{name}"
        blob = base / "blobs" / (told or _sha256(path))
        link = base / "snapshots" / ("a" * 40) / f"{name}.gguf"
        for one in (blob, link, base / "refs/main"):
            one.parent.mkdir(parents=True, exist_ok=True)
        (base / "refs/main").write_text("a" * 40)
        os.rename(path, blob)
        link.symlink_to(os.path.relpath(blob, link.parent))
        made[made.index(path)] = blob
        return blob

    top.mkdir(parents=True)
    first = to_ollama("first", body(top / "draft"))
    copy(first, studio / "pub/first/first.gguf")
    near(first, studio / "pub/first/first-tuned.gguf")
    copy(first, plain / "first.gguf")
    second = to_hub("second", body(top / "draft"))
    copy(second, studio / "pub/second/second.gguf")
    third = to_ollama("third", body(top / "draft"))
    to_hub("third", copy(third, top / "draft"))
    linked = body(comfy / "linked.safetensors", "safetensors")
    os.link(linked, comfy / "linked-again.safetensors")
    fifth = body(comfy / "fifth.safetensors", "safetensors")
    copy(fifth, plain / "fifth.safetensors")
    sixth = to_hub("sixth", body(top / "draft"))
    to_hub("seventh", copy(sixth, top / "draft"))
    tuned = body(comfy / "base.safetensors", "safetensors")
    near(tuned, comfy / "tuned.safetensors")
    body(comfy / "other.safetensors", "safetensors")
    to_ollama("alone", body(top / "draft"), "0" * 63 + "1" if lying else "")
    to_hub("alone", copy(linked, top / "draft") if lying else body(top / "draft"), "0" * 63 + "1" if lying else "")
    by_content: dict[str, set[int]] = {}
    for path in made:
        by_content.setdefault(_sha256(path), set()).add(path.stat().st_ino)
    twins = frozenset(frozenset(inodes) for inodes in by_content.values() if len(inodes) > 1)
    roots = (ollama, hub, studio, comfy, plain)
    return Tree(top, roots, tuple(made), twins)


def forget(files: tuple[Path, ...]) -> None:
    """Drops files from the page cache."""
    for path in files:
        number = os.open(path, os.O_RDONLY)
        os.fsync(number)
        os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(number)


_TOOLS = ("ollama", "huggingface", "lm-studio", "folder", "folder")


def _app(data: Path, tree: Tree) -> App:
    app = build(str(data))
    for tool, root in zip(_TOOLS, tree.roots, strict=True):
        watch.add_root(app.database, str(root), tool)
    return app


def _groups(found: engine.Duplicates) -> frozenset[frozenset[int]]:
    return frozenset(frozenset(copy.inode for copy in group.copies) for group in found.groups)


def _peer(command: list[str], tree: Tree) -> tuple[float, int]:
    """(seconds, bytes read by its own system calls)"""
    start = time.perf_counter()
    child = subprocess.Popen([*command, str(tree.top)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    seconds = time.perf_counter() - start
    with open(f"/proc/{child.pid}/io", encoding="ascii") as file:
        read = next(int(line.split()[1]) for line in file if line.startswith("rchar"))
    child.wait()
    return seconds, read


def _ours(data: Path, tree: Tree, believe: bool) -> tuple[float, int, engine.Duplicates, int]:
    """From an empty catalogue: (seconds with the scan, bytes, what was found, bytes of a second run)"""
    app = _app(data, tree)
    start = time.perf_counter()
    report = app.scanner().run(Progress())
    found = engine.prove(app.database, app.volumes, believe=believe)
    seconds = time.perf_counter() - start
    again = engine.prove(app.database, app.volumes, believe=believe)
    assert _groups(again) == _groups(found)
    app.close()
    shutil.rmtree(data)
    return seconds, found.read_bytes + report.read_bytes, found, again.read_bytes


def duplicates(here: Path, small: bool, runs: int) -> list[Result]:
    """1 GB: bytes read and what was found, with the names on disk believed and not."""
    peers = {name: command for name, command in PEERS.items() if shutil.which(command[0])}
    if not peers:
        return [info("duplicates", "not measured", "needs jdupes and rmlint (apt install jdupes rmlint)")]
    results = []
    for what, lying, most in (("flagged", False, 0.75), ("proved", True, 1.0)):
        tree = make(here / what, 100_000_000 if small else 1_000_000_000, lying)
        _seconds, read, found, again = _ours(here / "data", tree, believe=not lying)
        theirs = {name: _peer(command, tree)[1] for name, command in peers.items()}
        ordered = tuple(sorted(theirs.items(), key=lambda item: item[1]))
        best = ordered[0][1]
        false, missed = len(_groups(found) - tree.twins), len(tree.twins - _groups(found))
        name = f"duplicates, {what}"
        shown = ", ".join(f"{peer} {count / 1e6:,.0f} MB" for peer, count in theirs.items())
        results += [
            Result(name, "false, missed groups", f"{false}, {missed} of {len(tree.twins)}", "0, 0", not false + missed),
            Result(name, "bytes read, best exact peer", f"{read / best:.2f} × ({read / 1e6:,.0f} MB; {shown})",
                   f"≤ {most:g} ×", read / best <= most, Figure(read, most * best, "B", ordered)),
        ]  # fmt: skip
        if lying:
            results.append(Result(name, "bytes read by a second run", f"{again:,}", "0", not again))
        shutil.rmtree(tree.top)
    return results


def duplicates_wall(here: Path, small: bool, runs: int) -> list[Result]:
    """8 GB, cold: from an empty catalogue to proved groups."""
    peers = {name: command for name, command in PEERS.items() if shutil.which(command[0])}
    total = 1_000_000_000 if small else 8_000_000_000
    if not peers or shutil.disk_usage(here).free < 2 * total:
        return [info("duplicates, wall", "not measured", f"needs jdupes, rmlint and {2 * total / 1e9:.0f} GB free")]
    tree = make(here / "tree", total, lying=True)
    seconds: dict[str, list[float]] = {name: [] for name in ("ours", *peers)}
    bytes_: dict[str, int] = {}
    for _turn in range(min(runs, 3)):
        for name, command in peers.items():
            forget(tree.files)
            took, bytes_[name] = _peer(command, tree)
            seconds[name].append(took)
        forget(tree.files)
        took, bytes_["ours"], found, _again = _ours(here / "data", tree, believe=False)
        assert _groups(found) == tree.twins
        seconds["ours"].append(took)
    best = min(peers, key=lambda name: statistics.median(seconds[name]))
    others = [(name, statistics.median(seconds[name])) for name in peers if name != best]
    listed = ", ".join(
        f"{name} {statistics.median(seconds[name]):.1f} s, {bytes_[name] / 1e9:.2f} GB" for name in seconds
    )
    return [
        ratio(
            "duplicates, wall", f"{total / 1e9:.0f} GB cold, {best}", seconds["ours"], best, seconds[best], 1.0, others
        ),
        info("duplicates, wall", "median wall and bytes", listed),
    ]


def hashing(here: Path, small: bool, runs: int) -> list[Result]:
    """One real file: our sha256 against openssl, xxhash's library against xxhsum, by rate."""
    import xxhash

    path = here / "file"
    size = 200_000_000 if small else 1_000_000_000
    _body(path, "gguf", size, random.Random(3))
    database = Database(here / "c.sqlite3")

    def ours() -> None:
        with database.write() as tx:
            tx.execute("DELETE FROM hash")
        assert Hashing(database, Volumes()).compare([[str(path), "told"]], {"told": ""})

    def xxh3() -> None:
        mixed, buffer = xxhash.xxh3_128(), memoryview(bytearray(1 << 20))
        with open(path, "rb", buffering=0) as file:
            while count := file.readinto(buffer):
                mixed.update(buffer[:count])

    sides: list[tuple[str, str, Callable[[], None], list[str]]] = [
        ("sha256", "openssl dgst -sha256", ours, ["openssl", "dgst", "-sha256", str(path)]),
        ("xxh3", "xxhsum -H2", xxh3, ["xxhsum", "-H2", str(path)]),
    ]
    results = []
    for what, peer, mine, command in sides:
        if not shutil.which(command[0]):
            results.append(info("hashing", what, f"needs {command[0]}"))
            continue
        for state in ("warm", "cold"):
            took: dict[str, list[float]] = {"ours": [], "peer": []}
            for turn in range(runs + 1):
                for side, work in (
                    ("ours", mine), ("peer", lambda command=command: subprocess.run(
                        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)),
                ):  # fmt: skip
                    if state == "cold":
                        forget((path,))
                    start = time.perf_counter()
                    work()
                    if turn:
                        took[side].append(time.perf_counter() - start)
            own, other = statistics.median(took["ours"]), statistics.median(took["peer"])
            measured = f"{other / own:.2f} × its rate ({size / own / 1e9:.2f} GB/s, {ms(own)}; peer {ms(other)})"
            figure = Figure(size / own, 0.9 * size / other, "B/s", ((peer, size / other),), more=True)
            results.append(
                Result("hashing", f"{what}, {state}, {peer}", measured, "≥ 0.9 ×", other / own >= 0.9, figure)
            )
    database.close()
    return results
