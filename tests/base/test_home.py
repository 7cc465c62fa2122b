"""The home folder is an absolute path, whatever $HOME says: nothing is planned below the folder one happens to be in."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.base.home import home, put_right
from model_manager.operations.trash_folders import home_trash
from model_manager.stores.host.env import this_computer

ACCOUNT = pwd.getpwuid(os.getuid()).pw_dir
ODD = ["", "relative", ".", "~"]


@pytest.mark.parametrize("said", ODD)
def test_the_accounts_own_where_the_variable_is_no_path(said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", said)
    assert home() == ACCOUNT
    assert home_trash() == os.path.join(os.path.realpath(ACCOUNT), ".local/share/Trash")
    assert this_computer((), "").path(".ollama") == os.path.join(ACCOUNT, ".ollama")
    put_right()
    assert os.environ["HOME"] == ACCOUNT == os.path.expanduser("~")


def test_an_absolute_one_is_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    put_right()
    assert home() == str(tmp_path) == os.environ["HOME"]


@pytest.mark.parametrize("said", ["", "relative"])
def test_a_command_plans_no_trash_here(said: str, tmp_path: Path) -> None:
    """What the plan names as its trash; nothing is applied. The data folder is the test's own."""
    model = write(tmp_path / "m/a.gguf", gguf_bytes())
    words = [sys.executable, "-m", "model_manager", "--data-dir", str(tmp_path / "data")]
    environment = dict(os.environ) | {"HOME": said, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    for more in (["scan", str(model.parent)], ["trash", str(model), "--dry-run", "--json"]):
        ran = subprocess.run(
            [*words, *more], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
    assert model.exists() and not (tmp_path / "relative").exists() and not (tmp_path / ".local").exists()
    assert '"/.local/share/Trash' not in ran.stdout and str(tmp_path / "relative") not in ran.stdout
