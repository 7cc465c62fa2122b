"""One changer of files at a time: the second waits, then is told; a holder that ends lets go."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from model_manager.base.errors import ModelManagerError
from model_manager.operations.lock import held


def test_the_second_is_told_and_may_come_later(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with held(path, 0):
        with pytest.raises(ModelManagerError) as told, held(path, 0.05):
            pass
        assert "another Model Manager is changing files" in str(told.value) and "try again" in told.value.hint
    with held(path, 0):
        pass


def test_the_second_waits_for_the_first(tmp_path: Path) -> None:
    path, order, begun = str(tmp_path / "lock"), [], threading.Event()

    def first() -> None:
        with held(path, 0):
            begun.set()
            time.sleep(0.1)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    begun.wait(5)
    with held(path, 10):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]


def test_a_failure_inside_lets_go(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    with pytest.raises(RuntimeError), held(path, 0):
        raise RuntimeError
    with held(path, 0):
        pass


def test_a_lock_file_that_cannot_be_made(tmp_path: Path) -> None:
    with pytest.raises(ModelManagerError) as told, held(str(tmp_path / "missing" / "lock"), 0):
        pass
    assert told.value.path.endswith("missing/lock") and told.value.reason == "No such file or directory"
