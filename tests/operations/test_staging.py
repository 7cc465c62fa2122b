"""What comes in is gathered to the byte: gone on with, begun anew, never mixed, never believed when a disk failed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from faults import Failing, Killing, in_child
from incomings import DATA, HALF, WANTED, Inbox, inbox
from scenes import VOLUMES

from model_manager.base.errors import ModelManagerError
from model_manager.jobs import Cancelled
from model_manager.operations import Disk, identity_of, staging

RARER = (errno.EACCES, errno.EROFS, errno.EPERM, errno.ESTALE, errno.EDQUOT)
ERRORS = [errno.EIO, errno.ENOSPC, *(pytest.param(one, marks=pytest.mark.slow) for one in RARER)]
STAYS = "of a mount that stays"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Inbox]:
    with inbox(tmp_path / "box") as made:
        yield made


@pytest.fixture(params=[STAYS, ""], ids=["mount is known", "mount is not known"], autouse=True)
def mounting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where a mount cannot be told from the next, only what was made safe is believed."""
    monkeypatch.setattr(staging, "_mounting", lambda folder: request.param)
    return str(request.param)


def rest(box: Inbox, disk: Disk | None = None) -> staging.Finished:
    """Fetches what is missing, as a download does."""
    with box.open(disk=disk) as item:
        item.append(DATA[item.have :])
        return item.finish()


def test_it_is_gathered_and_found_whole(box: Inbox) -> None:
    with box.open() as item:
        assert item.have == 0 and not item.is_finished
        for at in range(0, len(DATA), 1000):
            item.append(DATA[at : at + 1000])
        read: list[int] = []
        done = item.finish(read.append)
    assert done.path == str(box.part) and box.part.read_bytes() == DATA
    assert (done.size, done.sha256, sum(read)) == (len(DATA), WANTED.sha256, len(DATA))
    assert done.identity == identity_of(done.path, os.lstat(done.path), VOLUMES)
    assert sorted(os.listdir(box.folder)) == [box.note.name, box.part.name]


def test_a_second_start_goes_on_to_the_byte(box: Inbox) -> None:
    box.half()
    with box.open() as item:
        assert item.have == HALF
        item.append(DATA[HALF:])
        item.finish()
    with box.open() as item:
        assert item.is_finished and item.have == len(DATA)
        with pytest.raises(ModelManagerError, match="more than the 10,240 bytes"):
            item.append(b"x")
        assert item.finish().sha256 == WANTED.sha256


@pytest.mark.parametrize(
    "other", [{"of": {"etag": "two"}}, {"size": 20_000}, {"sha256": "0" * 64}, {"size": None}], ids=str
)
def test_another_thing_under_its_key_is_begun_anew_in_another_file(box: Inbox, other: dict[str, object]) -> None:
    box.half()
    with open(box.part, "rb") as old:
        with box.open(replace(WANTED, **other)) as item:  # type: ignore[arg-type]
            assert item.have == 0
            item.append(b"new")
        assert old.read() == DATA[:HALF] and box.part.read_bytes() == b"new"
    with box.open() as item:
        assert item.have == 0, "and back again"


def test_nothing_is_written_to_a_file_that_was_found_whole(box: Inbox) -> None:
    """It may be getting its name in that moment."""
    empty = replace(WANTED, size=None, sha256="")
    with box.open(empty) as item:
        item.finish()
        with pytest.raises(ModelManagerError, match="it is finished"):
            item.append(b"x")
    whole = os.lstat(box.part).st_ino
    with box.open(empty) as item, pytest.raises(ModelManagerError, match="it is finished"):
        item.append(b"x")
    assert os.lstat(box.part).st_ino == whole
    with open(box.part, "rb") as old:
        with box.open() as item:
            item.append(DATA)
        assert old.read() == b""


def test_one_that_was_found_whole_and_grew_is_begun_anew(box: Inbox) -> None:
    rest(box)
    with open(box.part, "ab") as file:
        file.write(b"x")
    with box.open() as item:
        assert item.have == 0 and not item.is_finished


@pytest.mark.parametrize("kept", [HALF - 1, 0])
def test_fewer_bytes_than_were_safe_are_not_gone_on_with(box: Inbox, kept: int) -> None:
    box.half()
    os.truncate(box.part, kept)
    with box.open() as item:
        assert item.have == 0
    assert box.part.read_bytes() == b""


def test_what_lies_behind_the_safe_bytes_counts_while_the_volume_stays_mounted(box: Inbox, mounting: str) -> None:
    def work() -> None:
        item = box.open()
        item.append(DATA[:1000])
        item.make_safe()
        item.append(DATA[1000:3000])
        os.kill(os.getpid(), 9)

    assert in_child(work)
    with box.open() as item:
        assert item.have == (3000 if mounting else 1000)
        assert box.part.read_bytes() == DATA[: item.have]
        item.append(DATA[item.have :])
        item.finish()


def test_bytes_become_safe_as_they_come(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "SAFE_EACH", 1000)
    with box.open() as item:
        for at in (0, 600, 1200):
            item.append(DATA[at : at + 600])
        assert json.loads(box.note.read_text())["bytes"] == 1200


def test_two_never_write_one_item(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "_WAIT", 0.05)
    with box.open() as item:
        item.append(DATA[:HALF])
        for wanted in (WANTED, replace(WANTED, of={})):
            with pytest.raises(ModelManagerError, match="another Model Manager is fetching it"):
                box.open(wanted)
        assert not in_child(lambda: box.open() and os.kill(os.getpid(), 9)), "another process got the lock"
        with box.open(replace(WANTED, key="another")) as other:
            assert other.have == 0
        item.append(DATA[HALF:])
        item.finish()
    with box.open() as item:
        assert item.have == len(DATA)


def test_the_lock_dies_with_its_process_and_goes_on_to_who_waits(box: Inbox) -> None:
    item = box.open()
    threading.Timer(0.2, item.close).start()
    begun = time.monotonic()
    with box.open() as next_:
        assert next_.have == 0 and time.monotonic() - begun > 0.1


def test_who_waited_does_not_get_the_file_that_was_replaced(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of a file that has its name no more is nobody's."""
    box.half()
    real, first = staging.taken, []

    def replaced(number: int) -> bool:
        if not first:
            first.append(number)
            os.replace(box.part, box.top / "old"), box.part.write_bytes(DATA[:HALF])
        return real(number)

    monkeypatch.setattr(staging, "taken", replaced)
    with box.open() as item:
        item.append(DATA[HALF:])
    assert (box.top / "old").read_bytes() == DATA[:HALF] and box.part.read_bytes() == DATA


@pytest.mark.parametrize("size", [len(DATA) - 1, len(DATA) + 1])
def test_another_size_is_not_finished(box: Inbox, size: int) -> None:
    with box.open(replace(WANTED, size=size, sha256="")) as item:
        if size < len(DATA):
            with pytest.raises(ModelManagerError, match="more than the 10,239"):
                item.append(DATA)
            assert item.have == 0 and box.part.read_bytes() == b""
            return
        item.append(DATA)
        with pytest.raises(ModelManagerError, match="10,240 of 10,241 bytes are there"):
            item.finish()
        item.append(b"x")
        assert item.finish().size == size


def test_other_bytes_are_refused_stay_and_are_fetched_again(box: Inbox) -> None:
    wrong = DATA[:-1] + b"x"
    with box.open() as item:
        item.append(wrong)
        with pytest.raises(ModelManagerError, match=hashlib.sha256(wrong).hexdigest()):
            item.finish()
        with pytest.raises(ModelManagerError, match="begin again"):
            item.finish()
    assert box.part.read_bytes() == wrong, "what came can be looked at"
    with box.open() as item:
        assert item.have == 0 and not item.is_finished
        item.append(DATA)
        assert item.finish().sha256 == WANTED.sha256


def test_without_a_sha256_it_is_told(box: Inbox) -> None:
    with box.open(replace(WANTED, size=None, sha256="")) as item:
        item.append(DATA)
        assert item.finish().sha256 == WANTED.sha256


def test_who_writes_to_it_meanwhile_is_noticed(box: Inbox) -> None:
    with box.open(replace(WANTED, sha256="")) as item:
        item.append(DATA)

        def meddle(size: int) -> None:
            with open(box.part, "r+b") as file:
                file.write(b"theirs")

        with pytest.raises(ModelManagerError, match="another program wrote"):
            item.finish(meddle)
    with box.open(replace(WANTED, sha256="")) as item:
        assert item.have == 0


def test_a_check_can_be_stopped_and_made_again(box: Inbox) -> None:
    def stop(size: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled), box.open() as item:
        item.append(DATA)
        item.finish(stop)
    assert rest(box).size == len(DATA)


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_file_that_is_taken_away_is_not_called_whole(box: Inbox, how: str) -> None:
    with box.open() as item:
        item.append(DATA)
        box.part.unlink()
        if how == "replaced":
            box.part.write_bytes(DATA)
        with pytest.raises(ModelManagerError, match="taken away while it was written"):
            item.finish()


@pytest.mark.parametrize("name", ["part", "note"])
def test_a_link_in_its_place_is_not_followed(box: Inbox, name: str) -> None:
    box.half()
    mine = box.top / "mine"
    mine.write_bytes(b"my only copy")
    path = getattr(box, name)
    path.unlink()
    path.symlink_to(mine)
    with pytest.raises(ModelManagerError, match=r"nothing is written through it|not a regular file"):
        box.open()
    assert mine.read_bytes() == b"my only copy" and path.is_symlink()


def test_a_second_name_of_a_model_is_not_written_to(box: Inbox) -> None:
    mine = box.top / "mine"
    mine.write_bytes(b"my only copy")
    os.link(mine, box.part)
    with pytest.raises(ModelManagerError, match="has another name elsewhere"):
        box.open()
    assert mine.read_bytes() == b"my only copy"


def test_links_where_new_files_are_made_are_removed_and_not_followed(box: Inbox) -> None:
    box.half()
    mine = box.top / "mine"
    mine.write_bytes(b"my only copy")
    Path(f"{box.part}.new").symlink_to(mine), Path(f"{box.note}.new").symlink_to(mine)
    with box.open(replace(WANTED, of={})) as item:
        item.append(b"new")
    assert mine.read_bytes() == b"my only copy" and box.part.read_bytes() == b"new"


def test_a_fifo_or_folder_in_its_place_is_refused_at_once(box: Inbox) -> None:
    os.mkfifo(box.part)
    with pytest.raises(ModelManagerError, match="not a regular file"):
        box.open()
    box.part.unlink(), box.part.mkdir()
    with pytest.raises(ModelManagerError, match="directory"):
        box.open()


@pytest.mark.parametrize("note", [b"", b"{}", b"\0" * 99, b'{"form": 2}'])
def test_a_record_that_is_not_understood_is_left_alone(box: Inbox, note: bytes) -> None:
    box.half()
    box.note.write_bytes(note)
    with pytest.raises(ModelManagerError, match="its record is not understood"):
        box.open()
    assert (box.note.read_bytes(), box.part.read_bytes()) == (note, DATA[:HALF])


def test_bytes_without_a_record_are_left_alone(box: Inbox) -> None:
    box.half()
    box.note.unlink()
    with pytest.raises(ModelManagerError, match="no record of what they are of"):
        box.open()
    assert box.part.read_bytes() == DATA[:HALF]


def test_a_record_of_another_key_is_left_alone(box: Inbox) -> None:
    box.half()
    box.note.write_text(json.dumps(json.loads(box.note.read_text()) | {"key": "theirs"}))
    with pytest.raises(ModelManagerError, match="record is of something else"):
        box.open()
    assert box.part.read_bytes() == DATA[:HALF]


def test_a_record_that_says_too_much_is_not_believed(box: Inbox) -> None:
    """Rewritten to more bytes than are there, or to bytes that are not what is wanted."""
    box.half()
    box.note.write_text(json.dumps(json.loads(box.note.read_text()) | {"bytes": len(DATA), "finished": True}))
    with box.open() as item:
        assert item.have == 0 and not item.is_finished
    rest(box)
    box.part.write_bytes(bytes(len(DATA)))
    with box.open() as item, pytest.raises(ModelManagerError, match="not what was announced"):
        item.finish()


def test_a_clock_that_jumps_changes_nothing(box: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    box.half()
    for when in (0, 4_000_000_000):
        os.utime(box.part, (when, when)), os.utime(box.note, (when, when))
        with box.open() as item:
            assert item.have == HALF


def test_too_little_room_is_told_before_a_byte_is_written(box: Inbox) -> None:
    class Full(Disk):
        def free(self, path: str) -> int:
            return HALF

    with pytest.raises(ModelManagerError, match=r"10\.2 kB are needed on the volume of .*, and 5\.12 kB are free"):
        box.open(disk=Full())
    assert box.part.read_bytes() == b""
    box.half()
    assert rest(box, Full()).size == len(DATA), "what is there need not come again"


def test_the_files_become_readable_as_the_umask_says(box: Inbox) -> None:
    before = os.umask(0o022)
    try:
        rest(box)
    finally:
        os.umask(before)
    assert os.lstat(box.part).st_mode & 0o777 == 0o644


@pytest.mark.parametrize("again", [False, True], ids=["new", "half"])
@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
def test_every_error_at_every_call(tmp_path: Path, number: int, again: bool) -> None:
    """Told in words; what is believed afterwards is right to the byte."""
    for at in range(1, 200):
        with inbox(tmp_path / f"box-{at}") as box:
            if again:
                box.half()
            disk = Failing(at, number)
            try:
                done = rest(box, disk)
            except ModelManagerError as error:
                assert error.reason, at
            else:
                assert box.part.read_bytes() == DATA and done.sha256 == WANTED.sha256
            with box.open() as item:
                there = box.part.read_bytes()
                assert there == DATA[: item.have] and item.is_finished <= (there == DATA), at
            assert rest(box).sha256 == WANTED.sha256
            assert sorted(os.listdir(box.folder)) == [box.note.name, box.part.name]
        if disk.count < at:
            print(f"{at - 1} calls that failed")
            return
    raise AssertionError("more calls than expected")


def test_after_a_failure_only_what_was_safe_is_believed(box: Inbox) -> None:
    """A disk that failed once may have lost what it took, and shows it until it is read again from the plate."""

    class Loses(Disk):
        def sync_open(self, number: int) -> None:
            if os.fstat(number).st_size > HALF:
                raise OSError(errno.EIO, os.strerror(errno.EIO))

    box.half()
    item = box.open(disk=Loses())
    item.append(DATA[HALF:])
    with pytest.raises(ModelManagerError):
        item.finish()
    with pytest.raises(ModelManagerError, match="begin again"):
        item.append(b"")
    item.close()
    with box.open() as again:
        assert again.have == HALF and box.part.read_bytes() == DATA[:HALF]


SCENES: dict[str, Callable[[Inbox, Disk], object]] = {
    "new": lambda box, disk: rest(box, disk),
    "half": lambda box, disk: rest(box, disk),
    "other": lambda box, disk: box.open(replace(WANTED, of={}), disk).append(b"other"),
}


@pytest.mark.parametrize("name", SCENES)
def test_killed_at_every_call(tmp_path: Path, name: str) -> None:
    for at in range(1, 200):
        with inbox(tmp_path / f"box-{at}") as box:
            if name != "new":
                box.half()
            was_killed = in_child(lambda box=box, at=at: SCENES[name](box, Killing(at)))  # type: ignore[misc]
            with box.open() as item:
                assert box.part.read_bytes() == DATA[: item.have], at
            done = rest(box)
            assert done.sha256 == WANTED.sha256 and box.part.read_bytes() == DATA
            assert sorted(os.listdir(box.folder)) == [box.note.name, box.part.name], at
        if not was_killed:
            print(f"{name}: {at - 1} kills")
            assert at > 15
            return
    raise AssertionError("more calls than expected")
