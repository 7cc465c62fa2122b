"""What was read counts for the file that was read, as it is now, and for nothing else."""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from factory import safetensors_bytes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_manager.base.volumes import Volumes
from model_manager.catalog import Database, hashes
from model_manager.catalog.hashes import Known
from model_manager.jobs import Cancelled, Progress
from model_manager.library.duplicates import hashing as module
from model_manager.library.duplicates.hashing import Hashing

DATA = random.Random(3).randbytes(3_300_000)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(tmp_path / "c.sqlite3")
    yield found
    found.close()


@pytest.fixture
def hashing(database: Database) -> Hashing:
    return Hashing(database, Volumes())


def put(tmp_path: Path, **files: bytes) -> list[str]:
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    return [str(tmp_path / name) for name in files]


def changed(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def sha256s(hashing: Hashing, paths: list[str]) -> dict[str, str]:
    """Each file is read for itself, as beside one of which a hash is told."""
    return hashing.compare([[path, "told"] for path in paths], {"told": ""})


def test_twins_are_hashed_once_and_others_are_read_to_where_they_differ(hashing: Hashing, tmp_path: Path) -> None:
    paths = put(tmp_path, a=DATA, b=DATA, c=changed(DATA, 1_200_000))
    assert hashing.compare([paths]) == dict.fromkeys(paths[:2], sha256(DATA))
    assert hashing.read_bytes == 2 * len(DATA) + 2 * module.PIECE
    again = Hashing(hashing._database, Volumes())
    assert again.compare([paths[:2]]) == dict.fromkeys(paths[:2], sha256(DATA)) and again.read_bytes == 0


def test_several_parts_of_one_group(hashing: Hashing, tmp_path: Path) -> None:
    late, early = changed(DATA, 3_299_999), changed(DATA, 5)
    paths = put(tmp_path, a=DATA, b=late, c=early, d=DATA, e=late, f=early, g=changed(DATA, 0))
    found = hashing.compare([paths])
    assert found == {path: sha256(Path(path).read_bytes()) for path in paths[:6]}
    parts = {path: hashing.known(hashing.id(path)).apart for path in paths}  # type: ignore[arg-type]
    assert parts[paths[0]] == parts[paths[3]] != parts[paths[6]] and len(set(parts.values())) == 4


def test_one_with_a_hash_spares_its_own_reading(hashing: Hashing, tmp_path: Path) -> None:
    paths = put(tmp_path, a=DATA, b=DATA)
    sha256s(hashing, paths[:1])
    before = hashing.read_bytes
    assert hashing.compare([paths])[paths[1]] == sha256(DATA) and hashing.read_bytes - before == len(DATA)


def test_more_than_fit_side_by_side(hashing: Hashing, tmp_path: Path) -> None:
    paths = put(tmp_path, **{f"f{number}": DATA[:70_000] for number in range(20)})
    assert set(hashing.compare([paths]).values()) == {sha256(DATA[:70_000])}


@pytest.mark.parametrize("way", [sha256s, Hashing.samples, lambda hashing, paths: hashing.compare([paths])])
def test_a_file_that_changes_meanwhile_has_no_answer(
    way: Callable[[Hashing, list[str]], dict[str, str]],
    hashing: Hashing,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paths = put(tmp_path, a=DATA, b=DATA, c=DATA)
    count = Hashing._count

    def meanwhile(self: Hashing, read: int) -> None:
        with open(paths[1], "r+b") as file:
            file.write(os.urandom(8))
        count(self, read)

    monkeypatch.setattr(Hashing, "_count", meanwhile)
    found = way(hashing, paths)
    assert paths[1] not in found and any(problem.path == paths[1] for problem in hashing.problems)
    assert hashing.known(hashing.id(paths[1])) == Known()  # type: ignore[arg-type]


def test_a_file_replaced_by_a_link_is_not_followed(hashing: Hashing, tmp_path: Path) -> None:
    paths = put(tmp_path, a=DATA, b=DATA, secret=b"x" * len(DATA))
    id_ = hashing.id(paths[0])
    assert id_ is not None
    os.unlink(paths[0])
    os.symlink(paths[2], paths[0])
    assert hashing.id(paths[0]) is None
    with pytest.raises(OSError, match="changed"), hashing.opened(paths[0], id_):
        pass
    os.mkfifo(tmp_path / "pipe")
    assert sha256s(hashing, [str(tmp_path / "pipe"), str(tmp_path), str(tmp_path / "gone")]) == {}
    assert len(hashing.problems) == 3


def test_no_stale_hash_in_a_thousand_races(hashing: Hashing, tmp_path: Path) -> None:
    """A writer changes the file all the time, keeps its size, and puts its mtime back: what is believed is right."""
    (path,) = put(tmp_path, a=bytes(4096))
    stop, moment = threading.Event(), os.stat(path).st_mtime_ns

    def write() -> None:
        chance = random.Random(1)
        with open(path, "r+b", buffering=0) as file:
            while not stop.is_set():
                file.seek(chance.randrange(4000))
                file.write(chance.randbytes(16))
                os.utime(path, ns=(moment, moment))
                time.sleep(chance.random() / 2000)

    original, module._TICK_NS = module._TICK_NS, 0  # the wait for a quiet file would hide most races
    writer = threading.Thread(target=write)
    writer.start()
    stale = 0
    try:
        for _ in range(1000):
            hashing.problems.clear()
            found = sha256s(hashing, [path])
            id_ = hashing.id(path)
            believed = hashing.known(id_).sha256 if id_ else None
            data = Path(path).read_bytes()
            if believed and hashing.id(path) == id_:
                stale += believed != sha256(data)
            del found
    finally:
        stop.set()
        writer.join()
        module._TICK_NS = original
    assert stale == 0


def test_mtime_put_back_does_not_bring_a_hash_back(hashing: Hashing, tmp_path: Path) -> None:
    (path,) = put(tmp_path, a=DATA)
    assert sha256s(hashing, [path]) == {path: sha256(DATA)}
    before = os.stat(path)
    Path(path).write_bytes(changed(DATA, 9))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert sha256s(hashing, [path]) == {path: sha256(changed(DATA, 9))}


def test_access_times_stay(hashing: Hashing, tmp_path: Path) -> None:
    paths = put(tmp_path, a=DATA, b=DATA)
    for path in paths:
        os.utime(path, (1_000_000_000, os.stat(path).st_mtime))
    hashing.samples(paths)
    hashing.compare([paths])
    assert {os.stat(path).st_atime for path in paths} == {1_000_000_000}


def test_a_cancelled_run_keeps_what_it_has(database: Database, tmp_path: Path) -> None:
    paths = put(tmp_path, a=DATA, b=DATA, c=DATA[:-1], d=DATA[:-1])
    progress = Progress()
    hashing = Hashing(database, Volumes(), progress)
    sha256s(hashing, paths[:1])
    progress.cancel()
    with pytest.raises(Cancelled):
        hashing.compare([paths[1:2] + paths[:1], paths[2:]])
    assert Hashing(database, Volumes()).known(hashing.id(paths[0])).sha256 == sha256(DATA)  # type: ignore[arg-type]


def test_progress_is_told_in_small_steps(database: Database, tmp_path: Path) -> None:
    paths = put(tmp_path, a=DATA, b=DATA)
    seen: list[int] = []

    class Counting(Progress):
        def step(self, done: int | None = None, total: int | None = None, phase: str | None = None) -> None:
            seen.append(done or 0)
            assert total in (None, 0, 2 * len(DATA))

    Hashing(database, Volumes(), Counting()).compare([paths])
    assert max(seen) == 2 * len(DATA)
    assert max(later - before for before, later in zip(sorted(seen), sorted(seen)[1:], strict=False)) <= 16 << 20


def test_our_own_rename_keeps_the_hash_and_nobody_elses_change_does(
    database: Database, hashing: Hashing, tmp_path: Path
) -> None:
    (path,) = put(tmp_path, a=DATA)
    sha256s(hashing, [path])
    before = hashing.id(path)
    assert before is not None
    time.sleep(0.02)
    os.link(path, tmp_path / "second")
    after = hashing.id(path)
    assert after is not None and after.ctime_ns != before.ctime_ns
    assert hashing.known(after) == Known()
    with database.write() as tx:
        hashes.restamp(tx, before, after.ctime_ns)
    assert hashing.known(after).sha256 == sha256(DATA)
    # Changed by somebody, mtime put back, then linked by us: what was read before is not of this content.
    Path(path).write_bytes(changed(DATA, 1))
    os.utime(path, ns=(0, after.mtime_ns))
    stale = hashing.id(path)
    time.sleep(0.02)
    os.link(path, tmp_path / "third")
    last = hashing.id(path)
    assert stale is not None and last is not None
    with database.write() as tx:
        hashes.restamp(tx, stale, last.ctime_ns)
    assert hashing.known(last) == Known()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_side_by_side_says_what_reading_everything_says(data: st.DataObject, tmp_path: Path) -> None:
    """Random groups of one size, small pieces so that several are read."""
    size = data.draw(st.integers(1, 300))
    folder = tmp_path / os.urandom(6).hex()
    folder.mkdir()
    bodies = [os.urandom(size)]
    for at in data.draw(st.lists(st.integers(0, size - 1), max_size=3)):
        bodies.append(changed(bodies[data.draw(st.integers(0, len(bodies) - 1))], at))
    chosen = data.draw(st.lists(st.sampled_from(range(len(bodies))), min_size=1, max_size=8))
    paths = put(folder, **{f"f{number}": bodies[which] for number, which in enumerate(chosen)})
    whole, module.PIECE = module.PIECE, 64
    database = Database(folder / "c.sqlite3")
    try:
        hashing = Hashing(database, Volumes())
        found = hashing.compare([paths])
        read = hashing.read_bytes
        known = {path: hashing.known(hashing.id(path)) for path in paths}  # type: ignore[arg-type]
    finally:
        module.PIECE = whole
        database.close()
    content = {path: Path(path).read_bytes() for path in paths}
    for path in paths:
        twins = [other for other in paths if content[other] == content[path]]
        assert found.get(path) == (sha256(content[path]) if len(twins) > 1 else None)
        for other in paths:
            if len(paths) > 1:
                assert (known[path].apart == known[other].apart) == (content[path] == content[other])
    assert read <= size * len(paths)


def test_other_bytes_under_one_identity_leave_nothing_of_what_was_known(
    database: Database, hashing: Hashing, tmp_path: Path
) -> None:
    """A drive was replaced by a damaged copy of it: what was learned of the tensors was learned of other ones."""
    (path,) = put(tmp_path, a=DATA)
    id_ = hashing.id(path)
    assert id_ is not None
    with database.write() as tx:
        hashes.keep(tx, id_, Known(sha256="1" * 64, tensors="t", verdict="good", apart="x:1"))
        hashes.keep(tx, id_, Known(sample="s"))
        assert hashes.known(tx, id_).tensors == "t"
        hashes.keep(tx, id_, Known(sha256="2" * 64))
        assert hashes.known(tx, id_) == Known(sha256="2" * 64)


def test_tensors_are_read_again_once_their_drive_was_mounted_anew(
    database: Database, hashing: Hashing, tmp_path: Path
) -> None:
    (path,) = put(tmp_path, a=safetensors_bytes({"x": ("F16", (64, 64))}))
    first = hashing.tensors({path: "safetensors"})
    again = Hashing(database, Volumes())
    assert again.tensors({path: "safetensors"}) == first and again.read_bytes == 0
    id_ = hashing.id(path)
    assert id_ is not None
    with database.write() as tx:
        hashes.keep(tx, id_, Known(mounted="an earlier mounting"))
    anew = Hashing(database, Volumes())
    assert anew.tensors({path: "safetensors"}) == first and anew.read_bytes > 0
