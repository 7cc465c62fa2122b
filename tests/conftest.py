"""Every test has a home of its own and no network; GUI tests have a display of their own."""

from __future__ import annotations

import logging
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from isolation import VARIABLES

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder; the tools' and our own variables are unset."""
    place = tmp_path / "home"
    place.mkdir()
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("MODEL_MANAGER_DATA", str(tmp_path / "data"))
    return place


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback and local sockets only."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):  # type: ignore[index]
            raise AssertionError(f"a test reached for the network: {address}")
        real(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", connect)


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
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", "2600x1700x24", "-nolisten", "tcp"],
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
    if os.environ.get("CI") and report.skipped and item.get_closest_marker("gui"):  # type: ignore[attr-defined]
        report.outcome = "failed"  # type: ignore[attr-defined]
        report.longrepr = f"a GUI test was skipped in CI: {report.longrepr}"  # type: ignore[attr-defined]
    return report
