"""Every test has a home of its own and no network; GUI tests have a display of their own."""

from __future__ import annotations

import errno
import gc
import logging
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from isolation import is_foreign, is_local

if TYPE_CHECKING:
    from model_manager.app import App

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; the tools' and our own variables are unset."""
    place = tmp_path / "home"
    place.mkdir()
    for name in filter(is_foreign, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("MODEL_MANAGER_DATA", str(tmp_path / "data"))
    return place


@pytest.fixture(autouse=True)
def own_memory() -> Iterator[None]:
    """What other tests left in memory is not gone through at each collection: that alone took a second of some tests."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    """The program over the test's own home."""
    from model_manager.app import build

    found = build()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loopback and local sockets only; what reached further fails the test, even when the program caught the error."""
    reached: list[str] = []

    def guard(host: object) -> None:
        if not is_local(host):
            reached.append(str(host))
            raise OSError(errno.ENETUNREACH, f"a test reached for the network: {host!r}")

    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def guarded(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6):
                guard(address[0])
            return real(self, address)

        return call

    def look_up(host: Any, *rest: Any, **more: Any) -> Any:
        guard(host)
        return getaddrinfo(host, *rest, **more)

    monkeypatch.setattr(socket.socket, "connect", guarded(connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield
    assert not reached, f"the test reached for the network: {reached}"


@pytest.fixture
def corpus() -> Path:
    """The reference headers beside the project."""
    if not (CORPUS / "manifest.tsv").is_file():
        pytest.skip("the reference corpus is not beside the project")
    return CORPUS


@pytest.fixture(autouse=True)
def no_unexpected_warnings(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A warning in the program's log fails the test, unless the test says `@pytest.mark.logs`."""
    logging.getLogger("model_manager").propagate = True
    yield
    if request.node.get_closest_marker("logs"):
        return
    told = [
        r for r in caplog.get_records("call") if r.levelno >= logging.WARNING and r.name.startswith("model_manager")
    ]
    assert not told, f"the program warned: {[record.getMessage() for record in told]}"


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """An X server of our own; DISPLAY points to it."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    reading, writing = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "2600x1700x24", "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as answer:
        number = answer.readline().strip()
    before = os.environ.get("DISPLAY")
    os.environ["DISPLAY"] = f":{number}"
    yield os.environ["DISPLAY"]
    if before is None:
        del os.environ["DISPLAY"]
    else:
        os.environ["DISPLAY"] = before
    server.terminate()
    server.wait(10)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Under CI a GUI test that is skipped has failed: nobody would see the window otherwise."""
    report = yield
    expected = hasattr(report, "wasxfail")
    if os.environ.get("CI") and report.skipped and not expected and item.get_closest_marker("gui"):  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"a GUI test was skipped in CI: {report.longrepr}"  # type: ignore[attr-defined]
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:
    """The same for a whole file of GUI tests that skips itself while it is read."""
    report = yield
    if os.environ.get("CI") and report.skipped and collector.path.parent.name in ("gui", "views"):  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"a file of GUI tests was skipped in CI: {report.longrepr}"  # type: ignore[attr-defined]
    return report
