"""A share that does not answer: every command comes back in seconds, names it, and works on what is healthy."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.base import reach
from model_manager.base.facts import Facts
from model_manager.base.passable import is_kernels
from model_manager.base.reach import Reach
from model_manager.base.volumes import Mount
from model_manager.cli import main
from model_manager.stores.walk.store_reader import StoreReader

SECONDS = 60.0
"""Far more than any command takes, far less than a dead server."""


def mount(point: str, kind: str = "fuse") -> Mount:
    return Mount(1, point, kind, "server", False)


@pytest.fixture
def silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as a mount which does not answer; touching it would be noticed."""
    point = tmp_path / "net"
    point.mkdir()
    monkeypatch.setattr(reach, "_reach", Reach(lambda one: False, lambda: [mount(str(point))]))
    return point


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are known on Linux")
def test_paths_on_a_silent_mount_are_told_by_their_name(silent: Path, tmp_path: Path) -> None:
    (silent / "leads").symlink_to("/elsewhere")
    (tmp_path / "way").symlink_to(silent)
    assert reach.realpath(str(tmp_path / "way/leads/../x")) == str(silent / "x")
    assert reach.realpath(str(silent / "leads")) == str(silent / "leads"), "its own links are not asked"
    assert reach.real_parent(str(tmp_path / "way")) == str(tmp_path / "way"), "the link itself lies elsewhere"
    assert reach.silent_mount(str(tmp_path / "way/a")) == str(silent) and reach.silent_mount(str(tmp_path)) == ""
    with pytest.raises(OSError, match=f"the drive or share at {silent} does not answer"):
        reach.lstat(str(tmp_path / "way/leads"))
    assert reach.is_link(str(tmp_path / "way")) and not reach.is_link(str(silent / "leads"))


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are known on Linux")
def test_where_a_link_leads_is_read_anew_each_time(silent: Path, tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "deep/er").mkdir(parents=True)
    (tmp_path / "through").symlink_to("deep/er")
    link = tmp_path / "deep/er/link"
    link.symlink_to("../../blobs/one")
    assert reach.led_to(str(link)) == (str(tmp_path / "blobs/one"), "")
    link.unlink()
    link.symlink_to(silent / "two")
    assert reach.led_to(str(link)) == (str(silent / "two"), str(silent)), "not as it led a moment ago"
    assert reach.led_to(str(link), follow=False) == (str(link), "")
    link.unlink()
    (tmp_path / "blobs/on").symlink_to(silent / "leads")
    link.symlink_to("../../through/../er/../../blobs/on")
    (silent / "leads").symlink_to("/elsewhere")
    assert reach.led_to(str(tmp_path / "through/link")) == (str(silent / "leads"), str(silent))


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are known on Linux")
@pytest.mark.parametrize(
    "path", ["deep/..", "deep/../x", "./one//two/", ".", "/", "nowhere/x", "/proc/self/cwd", "deep"]
)
def test_where_nothing_is_silent_all_links_are_followed(
    path: str, silent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one/two").mkdir(parents=True)
    (tmp_path / "deep").symlink_to("one/two")
    (tmp_path / "loop").symlink_to("loop")
    assert reach.led_to(path) == (os.path.realpath(path), "")
    assert reach.silent_mount("loop") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are known on Linux")
def test_a_folder_that_becomes_a_link_into_a_silent_mount_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = tmp_path / "net"
    point.mkdir()
    monkeypatch.setattr(reach, "_reach", Reach(lambda one: False, lambda: [mount(str(point))], believed=0.05))
    folder = tmp_path / "models"
    folder.mkdir()
    assert reach.silent_mount(str(folder / "x.gguf")) == ""
    folder.rmdir()
    folder.symlink_to(point)
    time.sleep(0.1)
    assert reach.silent_mount(str(folder / "x.gguf")) == str(point)


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are known on Linux")
def test_elsewhere_a_path_is_the_systems_own(silent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one/two").mkdir(parents=True)
    (tmp_path / "deep").symlink_to("one/two")
    (tmp_path / "loop").symlink_to("loop")
    for path in (
        "deep/..",
        "deep/../x",
        "./one//two/",
        ".",
        "..",
        "/",
        "nowhere/x",
        "/proc/self/cwd",
        str(tmp_path / "deep"),
    ):
        assert reach.realpath(path) == os.path.realpath(path), path
    assert reach.realpath("loop").startswith(str(tmp_path))


def test_a_mount_is_waited_for_once_and_comes_back() -> None:
    asked: list[str] = []
    answers = [False]

    def ask(point: str) -> bool:
        asked.append(point)
        return answers[0]

    here = Reach(ask, lambda: [mount("/net"), mount("/home", "ext4")], believed=0.05)
    assert here.points() == {"/net"}
    assert here.on("/net/a") == "/net" and here.on("/network") == "" and asked == ["/net"]
    time.sleep(0.1)
    answers[0] = True
    assert here.on("/net/a") == "/net", "the old answer, while it is asked again behind the scenes"
    until = time.monotonic() + 5
    while here.on("/net/a") and time.monotonic() < until:
        time.sleep(0.01)
    assert here.on("/net/a") == ""


@pytest.fixture
def hung(home: Path) -> Iterator[Path]:
    """A real FUSE mount with a model, scanned and then stopped; a healthy folder beside it; a link that leads into it."""
    if sys.platform != "linux" or shutil.which("bindfs") is None or os.geteuid() != 0:
        pytest.skip("bindfs and root are needed for a mount that hangs")
    (home / "source/m").mkdir(parents=True)
    point = home / "net"
    point.mkdir()
    write(home / "source/m/far.gguf", gguf_bytes(seed=1))
    server = subprocess.Popen(["bindfs", "-f", home / "source", point], stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while not os.path.ismount(point):
            assert time.monotonic() < until, "bindfs did not mount"
            time.sleep(0.05)
        big = gguf_bytes(tensors={"token_embd.weight": ("F16", (256, 4096))}, seed=2)
        for name, data in (("near", gguf_bytes(seed=3)), ("one", big), ("two", big), ("cut", gguf_bytes(seed=4)[:-40])):
            write(home / f"ok/{name}.gguf", data)
        (home / "way").symlink_to(point / "m")
        for folder in (point / "m", home / "ok"):
            assert main(["scan", str(folder)]) == 0
        server.send_signal(signal.SIGSTOP)
        yield point
    finally:
        server.send_signal(signal.SIGCONT)
        subprocess.run(["umount", "-l", point], check=False)
        server.terminate()
        server.wait(10)


def command(*words: str) -> tuple[int, dict, str]:
    """Status, document and messages of a command, which has to end in time."""
    done = subprocess.run(
        [sys.executable, "-m", "model_manager", *words, "--json"],
        capture_output=True, text=True, timeout=SECONDS, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout), done.stderr


def test_every_command_answers_beside_a_mount_that_hangs(hung: Path, home: Path) -> None:
    (home / ".ollama").mkdir()
    (home / ".ollama/models").symlink_to(hung)  # a tool's own folder leads there
    for words in (["clean"], ["check", "near"]):
        status, _document, told = command(*words)
        assert status == 0, words
        assert f"the drive or share at {hung} does not answer" in told and str(hung / "m") in told, words
    assert {root["state"] for root in command("scan")[1]["roots"]} == {"online", "not-answering"}
    assert command("dedupe", "--yes")[1]["plan"]["state"] == "applied"
    assert os.path.samefile(home / "ok/one.gguf", home / "ok/two.gguf")
    assert command("trash", "near", "--yes")[1]["plan"]["state"] == "applied"
    assert not (home / "ok/near.gguf").exists()
    assert command("undo", "--yes")[1]["plan"]["state"] == "undone" and (home / "ok/near.gguf").exists()


def test_what_lies_on_it_is_refused_in_words(hung: Path, home: Path) -> None:
    status, document, _told = command("delete", str(home / "way/far.gguf"), "--yes")
    assert status == 1 and "not answer" in document["error"]["reason"]
    assert command("trash", "near", "far", "--yes")[1]["plan"]["state"] == "partly"


def test_a_link_into_it_is_told_and_what_is_healthy_beside_it_is_listed(hung: Path, home: Path) -> None:
    """Of a model, of a folder, of a tool's store and of a cache's blob."""
    (home / "ok/link.gguf").symlink_to(hung / "m/far.gguf")
    (home / "ok/folder").symlink_to(hung / "m")
    (home / "ok/in two steps.gguf").symlink_to(home / "way/far.gguf")
    manifests = home / ".ollama/models/manifests/registry.ollama.ai/library"
    manifests.mkdir(parents=True)
    (manifests / "far").symlink_to(hung / "m")
    (home / ".ollama/models/blobs").mkdir()
    blobs = home / ".cache/huggingface/hub/models--o--m/blobs"
    blobs.mkdir(parents=True)
    (blobs / ("a" * 64)).symlink_to(hung / "m/far.gguf")
    (blobs.parent / "snapshots" / ("b" * 40)).mkdir(parents=True)
    (blobs.parent / "snapshots" / ("b" * 40) / "w.gguf").symlink_to(f"../../blobs/{'a' * 64}")
    status, document, told = command("scan")
    said = told + json.dumps(document["problems"])
    assert status in (0, 1)
    for name in ("ok/link.gguf", "ok/folder", "ok/in two steps.gguf"):
        assert str(home / name) in said, name
    assert f"the drive or share at {hung} does not answer" in said
    names = {place["path"] for model in command("list")[1]["models"] for place in model["places"]}
    assert {str(home / f"ok/{name}.gguf") for name in ("near", "one", "two")} <= names
    assert command("trash", "near", "--yes")[1]["plan"]["state"] == "applied"
    assert command("undo", "--yes")[1]["plan"]["state"] == "undone" and (home / "ok/near.gguf").exists()


def test_a_model_known_by_a_link_into_it_is_not_taken_for_gone(hung: Path, home: Path) -> None:
    server = next(
        int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _started(pid) == ["bindfs", "-f", str(home / "source"), str(hung)]
    )  # fmt: skip
    os.kill(server, signal.SIGCONT)
    (home / "ok/link.gguf").symlink_to(hung / "m/far.gguf")
    assert str(home / "ok/link.gguf") in json.dumps(command("scan")[1]) + json.dumps(command("list")[1])
    os.kill(server, signal.SIGSTOP)
    command("scan")
    assert str(home / "ok/link.gguf") in json.dumps(command("list")[1])


def _started(pid: str) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").split("\0")
    except OSError:
        return []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel shows itself so on Linux")
def test_what_the_kernel_shows_of_itself_is_never_walked_into(home: Path) -> None:
    for name, leads in (
        ("proc", "/proc"),
        ("sys", "/sys"),
        ("dev", "/dev"),
        ("self", "/proc/self/root"),
        ("up", "way"),
    ):
        (home / name if name == "up" else home / "ok" / name).parent.mkdir(exist_ok=True)
        (home / "ok" / name).symlink_to(leads)
    (home / "ok/way").symlink_to("/proc/1")
    (home / "ok/zero.gguf").symlink_to("/proc/kcore")
    write(home / "ok/near.gguf", gguf_bytes(seed=3))
    status, document, _told = command("scan", str(home / "ok"))
    assert status == 0 and document["models"] == 1, document


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel shows itself so on Linux")
def test_no_adapter_is_given_what_the_kernel_shows_of_itself(home: Path) -> None:
    write(home / "near.gguf")
    for name, leads in (
        ("a", "/proc"),
        ("b", "/proc/kcore"),
        ("c", "/sys/kernel"),
        ("d", "near.gguf"),
        ("e", "nowhere"),
    ):
        (home / name).symlink_to(leads)
    reader = StoreReader(lambda _path, _stat: Facts("unknown"))
    assert {entry.name for entry in reader.listing(str(home))} == {"near.gguf", "d", "e"}
    assert is_kernels("/proc/1") and is_kernels("/dev/null") and not is_kernels("/procs") and not is_kernels(str(home))


def test_a_mount_of_the_kernels_own_is_passed_over(home: Path) -> None:
    (home / "jail/proc").mkdir(parents=True)
    write(home / "jail/near.gguf", gguf_bytes(seed=3))
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "proc", "proc", home / "jail/proc"], check=False).returncode:
        pytest.skip("mounting takes root")
    try:
        assert command("scan", str(home / "jail"))[1]["models"] == 1
    finally:
        subprocess.run(["umount", "-l", home / "jail/proc"], check=False)
