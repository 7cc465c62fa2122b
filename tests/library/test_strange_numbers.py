"""Times and sizes beyond 64 bits: no file hides its folder, and each goes and comes back as it was."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, tree
from removing import apply, known, plan, records, scan, undo

from model_manager.app import App
from model_manager.catalog import problems, roots
from model_manager.catalog.rows import read_rows
from model_manager.library.clean.candidate import library_of
from model_manager.library.clean.memory import this_machine
from model_manager.library.clean.rules import candidates
from model_manager.library.duplicates.search import flag, prove
from model_manager.library.duplicates.sharing import plan_sharing
from model_manager.library.listing.status import status
from model_manager.library.scan import watch

TIMES = [-11_644_473_600, 19_880_899_200, -(1 << 40), 1 << 40]
"""Seconds: 1601 (NTFS' zero), 2600, and what no calendar knows."""


@pytest.fixture
def disk(home: Path) -> Iterator[Path]:
    """A disk that keeps any time and any size."""
    place = home / "disk"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "none", str(place)], check=False).returncode:
        pytest.skip("mounting takes root")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)


def names(app: App) -> list[object]:
    return sorted(str(one["name"]) for one in records(app).values())


def told(app: App) -> list[object]:
    with app.database.read() as tx:
        return [*problems.every(tx)]


@pytest.mark.parametrize("way", ["trash", "delete"])
@pytest.mark.parametrize("seconds", TIMES)
def test_a_file_of_any_time_is_shown_and_goes_and_comes_back(seconds: int, way: str, app: App, disk: Path) -> None:
    tree(disk / "m", {"a.gguf": gguf_bytes(seed=1), "z.gguf": gguf_bytes(seed=2)})
    odd = disk / "m/z.gguf"
    watch.add_root(app.database, str(disk / "m"))
    os.utime(odd, (seconds, seconds))
    before = odd.stat()
    assert before.st_mtime == before.st_atime == seconds
    scan(app)
    scan(app)
    assert names(app) == ["a", "z"] and not told(app)
    (odd_id,) = [id_ for id_, files in known(app).items() if str(odd) in files]
    done = apply(app, plan(app, odd_id, way=way))
    assert not odd.exists()
    scan(app)
    assert names(app) == ["a"]
    if way == "trash":
        undo(app, done)
        scan(app)
        after = odd.stat()
        assert (after.st_atime_ns, after.st_mtime_ns) == (before.st_atime_ns, before.st_mtime_ns)
        assert names(app) == ["a", "z"] and not told(app)


@pytest.mark.parametrize("by", ["hardlink", "symlink", "trash"])
@pytest.mark.parametrize("seconds", TIMES)
def test_a_copy_of_any_time_is_proved_shared_and_put_back(seconds: int, by: str, app: App, disk: Path) -> None:
    tree(disk / "m", {"a.gguf": gguf_bytes(seed=1), "z.gguf": gguf_bytes(seed=1)})
    watch.add_root(app.database, str(disk / "m"))
    for name in ("a.gguf", "z.gguf"):
        os.utime(disk / "m" / name, (seconds, seconds))
    scan(app)
    copies = prove(app.database, app.volumes)
    assert [(group.kind, group.proved) for group in copies.groups] == [("identical", True)]
    read = prove(app.database, app.volumes).read_bytes
    assert read == 0, "what was read is kept, whatever the time"
    done = apply(app, plan_sharing(app.database, app.volumes, app.env(), copies.groups, by))  # type: ignore[arg-type]
    undo(app, done)
    for name in ("a.gguf", "z.gguf"):
        assert (disk / "m" / name).read_bytes() == gguf_bytes(seed=1)
        assert not (disk / "m" / name).is_symlink() and (disk / "m" / name).stat().st_mtime == seconds


@pytest.mark.parametrize("what", ["folder", "access"])
@pytest.mark.parametrize("seconds", TIMES)
def test_a_folder_and_an_access_of_any_time(what: str, seconds: int, app: App, disk: Path) -> None:
    """Twice: the second scan asks what the first one remembers of the folder."""
    tree(disk / "m", {"sub/a.gguf": gguf_bytes(seed=1)})
    watch.add_root(app.database, str(disk / "m"))
    if what == "folder":
        for folder in ("m/sub", "m"):
            os.utime(disk / folder, (seconds, seconds))
    else:
        written = (disk / "m/sub/a.gguf").stat().st_mtime
        os.utime(disk / "m/sub/a.gguf", (seconds, written))
    for _ in range(3):
        scan(app)
        assert names(app) == ["a"] and not told(app)


def test_a_file_that_changed_between_two_strange_times_is_read_again(app: App, disk: Path) -> None:
    tree(disk / "m", {"a.gguf": gguf_bytes(seed=1), "z.gguf": gguf_bytes(seed=1)})
    watch.add_root(app.database, str(disk / "m"))
    for name in ("a.gguf", "z.gguf"):
        os.utime(disk / "m" / name, (TIMES[0], TIMES[0]))
    scan(app)
    assert prove(app.database, app.volumes).groups
    (disk / "m/z.gguf").write_bytes(gguf_bytes(seed=1)[:-1] + b"!")
    os.utime(disk / "m/z.gguf", (TIMES[0] + 1, TIMES[0] + 1))
    scan(app)
    assert not prove(app.database, app.volumes).groups


def test_sizes_that_add_up_to_more_than_64_bits(app: App, disk: Path) -> None:
    """Three files of 7 EiB; and one model of three such parts, whose own size does not fit either."""
    tree(disk / "m", {f"{name}.gguf": gguf_bytes(seed=n) for n, name in enumerate("abc")})
    tree(disk / "m/parts", {f"big-0000{n}-of-00003.gguf": gguf_bytes(seed=9) for n in (1, 2, 3)})
    for file in (disk / "m").rglob("*.gguf"):
        os.truncate(file, 7 << 60)
    watch.add_root(app.database, str(disk / "m"))
    scan(app)
    assert not told(app) and len(names(app)) == 4
    summed = status(app.database, app.volumes, app.env())
    on_disk = sum(512 * file.stat().st_blocks for file in (disk / "m").rglob("*.gguf"))
    assert summed.bytes == on_disk and summed.apparent == 6 * (7 << 60)
    with app.database.read() as tx:
        assert {size for _models, size in roots.figures(tx).values()} == {on_disk}
        sizes = sorted(row.size for row in read_rows(tx))
    assert sizes == [7 << 60] * 3 + [(1 << 63) - 1], "the nearest that can be told"
    flag(app.database, app.volumes)
    list(candidates(library_of(app.database, this_machine())))
    apply(app, plan(app, next(iter(known(app)))))
