"""The nets of conftest.py hold: a run of pytest inside a test, over a small file that does what it must not."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from isolation import is_local

HERE = Path(__file__).resolve().parent


def _run(folder: Path, body: str, **variables: str) -> str:
    folder.mkdir(exist_ok=True)
    for name in ("conftest.py", "isolation.py"):
        shutil.copy(HERE / name, folder)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    gui: a\n    logs: b\n")
    (folder / "test_it.py").write_text(body)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)]
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")}
    done = subprocess.run(command, env={**environment, **variables}, cwd=folder, capture_output=True, text=True)
    return done.stdout


SKIPPED = "import pytest\n@pytest.mark.gui\ndef test_a():\n    pytest.skip('no display')\n"


def test_a_skipped_gui_test_fails_in_ci_alone(tmp_path: Path) -> None:
    assert "1 skipped" in _run(tmp_path / "gui", SKIPPED)
    told = _run(tmp_path / "gui", SKIPPED, CI="true")
    assert "1 failed" in told
    assert "a GUI test was skipped in CI" in told


def test_a_file_of_gui_tests_cannot_skip_itself_in_ci(tmp_path: Path) -> None:
    body = "import pytest\npytest.importorskip('no_such_module')\ndef test_a(): pass\n"
    assert "1 skipped" in _run(tmp_path / "gui", body)
    told = _run(tmp_path / "gui", body, CI="true")
    assert "1 error" in told
    assert "a file of GUI tests was skipped in CI" in told


def test_no_xvfb_is_a_failure_in_ci(tmp_path: Path) -> None:
    body = "import pytest\n@pytest.mark.gui\ndef test_a(display): pass\n"
    bare = tmp_path / "bin"
    bare.mkdir()
    assert "1 skipped" in _run(tmp_path / "gui", body, PATH=str(bare))
    assert "Xvfb is not installed" in _run(tmp_path / "gui", body, PATH=str(bare), CI="true")


def test_the_network_is_out_of_reach_also_where_the_error_is_caught(tmp_path: Path) -> None:
    body = (
        "import socket\n"
        "def test_a():\n    try:\n        socket.create_connection(('192.0.2.1', 80), 1)\n    except OSError:\n        pass\n"
        "def test_b():\n    try:\n        socket.getaddrinfo('example.invalid', 80)\n    except OSError:\n        pass\n"
    )
    told = _run(tmp_path / "net", body)
    assert "2 errors" in told
    assert "192.0.2.1" in told
    assert "example.invalid" in told


def test_loopback_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 2).close()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1", b"localhost", None])
def test_this_computer_is_local(host: object) -> None:
    assert is_local(host)


def test_an_unexpected_warning_fails_the_test(tmp_path: Path) -> None:
    body = (
        "import logging, pytest\n"
        "def warn(): logging.getLogger('model_manager.x').warning('hm')\n"
        "def test_a(): warn()\n"
        "@pytest.mark.logs\ndef test_b(): warn()\n"
    )
    told = _run(tmp_path / "logs", body)
    assert "2 passed" in told and "1 error" in told


def test_home_and_variables_are_a_tests_own(home: Path) -> None:
    assert Path.home() == home
    assert not [
        name for name in os.environ if name.startswith(("HF_", "OLLAMA_", "XDG_CACHE", "XDG_CONFIG", "XDG_DATA"))
    ]
