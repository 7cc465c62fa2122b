"""Paths that may be touched now; a mount that hangs for real is met in `tests/library/scan/test_hung_mount.py`."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from factory import write
from mount_tables import mount

from model_manager.base import reach
from model_manager.base.reach import Reach, ask, may_hang

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts are known on Linux")


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as a mount which does not answer."""
    point = tmp_path / "net"
    point.mkdir()
    monkeypatch.setattr(reach, "_reach", Reach(lambda _point: False, lambda: [mount(point, "nfs4")]))
    return point


@pytest.mark.parametrize(("kind", "may"), [("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("fuseblk", True), ("autofs", True),
                                           ("9p", True), ("ext4", False), ("tmpfs", False), ("", False), ("overlay", False)])  # fmt: skip
def test_behind_which_kinds_somebody_has_to_answer(kind: str, may: bool) -> None:
    assert may_hang(mount("/x", kind)) is may


def test_a_mount_that_tells_its_figures_answers_and_so_does_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(str(tmp_path)) and ask(str(tmp_path / "gone"))

    def nobody(*_a: object, **_k: object) -> None:
        raise OSError(errno.ENOENT, "no such program")

    monkeypatch.setattr(subprocess, "Popen", nobody)
    assert ask(str(tmp_path)), "where nobody can be sent it is not called silent"


def test_who_gets_no_answer_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "WITHIN", 0.05)
    real, sent = subprocess.Popen, []

    def hangs(words: list[str], **more: object) -> subprocess.Popen[bytes]:
        sent.append((words, real(["sleep", "60"], **more)))  # type: ignore[call-overload]
        return sent[0][1]

    monkeypatch.setattr(subprocess, "Popen", hangs)
    begun = time.monotonic()
    assert not ask("/net") and time.monotonic() - begun < 5
    assert sent[0][0] == ["stat", "-f", "--", "/net"] and sent[0][1].wait(5) == -9


def test_answers_are_believed_for_a_while() -> None:
    asked: list[str] = []
    here = Reach(
        lambda point: bool(asked.append(point)) or True, lambda: [mount("/net", "nfs"), mount("/home", "ext4")]
    )
    assert here.points() == {"/net"} and here.answers("/net") and here.answers("/net") and asked == ["/net"]
    assert here.on("/net") == here.on("/net/a") == here.on("/network/a") == ""
    short = Reach(lambda point: bool(asked.append(point)) or True, lambda: [mount("/net", "nfs")], believed=0)
    assert short.answers("/net") and short.answers("/net") and len(asked) == 3


def test_nobody_waits_twice_for_a_silent_one_which_is_asked_again_behind_the_scenes() -> None:
    may_go = threading.Event()
    asked: list[str] = []

    def answers(point: str) -> bool:
        asked.append(point)
        return len(asked) > 1 and may_go.wait(5)

    here = Reach(answers, lambda: [mount("/net", "nfs")], believed=0)
    assert not here.answers("/net")
    assert not here.answers("/net") and not here.answers("/net"), "at once, with the old answer"
    assert len(asked) <= 2, "one question at a time"
    may_go.set()
    until = time.monotonic() + 5
    while not here.answers("/net"):
        assert time.monotonic() < until
        time.sleep(0.005)


def test_a_mount_that_went_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    table, asked = [mount("/net", "nfs")], []
    here = Reach(lambda point: bool(asked.append(point)), lambda: list(table), believed=0)
    assert here.on("/net/a") == "/net"
    table.clear()
    assert here.points() == frozenset() and here.on("/net/a") == ""


def test_paths_on_a_silent_mount_are_told_by_their_name(silent: Path, tmp_path: Path) -> None:
    (silent / "leads").symlink_to("/elsewhere")
    (tmp_path / "way").symlink_to(silent)
    write(silent / "a")
    assert reach.realpath(str(tmp_path / "way/leads/../x")) == str(silent / "x")
    assert reach.silent_mount(str(tmp_path / "way/a")) == str(silent) and reach.silent_mount(str(tmp_path)) == ""
    assert reach.silent_mount(str(tmp_path / "way"), follow=False) == "", "the link itself lies elsewhere"
    assert reach.on_silent(str(silent / "a")) and not reach.on_silent(str(tmp_path / "networks"))
    assert (
        not reach.is_dir(str(silent))
        and not reach.is_file(str(silent / "a"))
        and not reach.is_link(str(silent / "leads"))
    )
    assert reach.may_meet_silence() and reach.some_silent()
    for touch in (reach.lstat, reach.must_answer):
        with pytest.raises(OSError, match=f"the drive or share at {silent} does not answer") as caught:
            touch(str(tmp_path / "way/a"))
        assert (caught.value.errno, caught.value.filename) == (errno.EHOSTDOWN, str(tmp_path / "way/a"))


def test_where_all_answer_they_are_the_systems_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_reach", Reach(lambda _point: True, lambda: [mount(tmp_path / "net", "nfs4")]))
    write(tmp_path / "net/a", b"123")
    (tmp_path / "net/link").symlink_to("a")
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.chdir(tmp_path)
    for path in (
        "net/link",
        "net/../net/./a",
        "net/link/..",
        "nowhere/x",
        "/",
        ".",
        "..",
        str(tmp_path / "net//link/"),
    ):
        assert reach.realpath(path) == os.path.realpath(path), path
    assert reach.realpath("loop").startswith(str(tmp_path))
    assert reach.real_parent("net/link") == str(tmp_path / "net/link")
    assert reach.lstat("net/a").st_size == 3 and reach.is_link("net/link") and not reach.is_link("net/a")
    assert reach.is_dir("net") and not reach.is_dir("net/a") and reach.is_file("net/link") and not reach.is_file("net")
    assert not reach.some_silent() and not reach.is_link("gone") and not reach.is_link("a\0b")
    with pytest.raises(FileNotFoundError):
        reach.lstat("net/gone")


def test_a_computer_without_such_mounts_meets_no_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "_reach", Reach(lambda _point: pytest.fail("asked"), lambda: [mount("/", "ext4")]))
    assert not reach.may_meet_silence() and not reach.some_silent() and reach.silent_mount("/net/a") == ""
    (tmp_path / "link").symlink_to("a")
    assert reach.realpath(str(tmp_path / "link")) == str(tmp_path / "a")
