"""What is gone already is told as gone; every other error as it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from factory import gguf_bytes, write

from model_manager.actions import roots, scanning
from model_manager.actions.planning import NoTrash, NotThere, told_as_gone
from model_manager.app import App
from model_manager.base.errors import ModelManagerError
from model_manager.jobs import Progress


@pytest.mark.parametrize(
    ("name", "error", "expected"),
    [("gone.gguf", ModelManagerError, NotThere), ("there.gguf", ModelManagerError, ModelManagerError),
     ("gone.gguf", NoTrash, NoTrash)],
)  # fmt: skip
def test_only_what_is_gone_is_told_so(
    app: App, home: Path, name: str, error: type[ModelManagerError], expected: type[ModelManagerError]
) -> None:
    write(home / "mine/there.gguf", gguf_bytes())
    root = roots.add(app, str(home / "mine"))
    scanning.scan(app, Progress())

    def fails() -> None:
        raise error("share", str(home / "mine" / name), "No such file or directory")

    with pytest.raises(ModelManagerError) as raised:
        told_as_gone(app, fails)
    assert type(raised.value) is expected and raised.value.verb == "share"
    if isinstance(raised.value, NotThere):
        assert {one.root for one in raised.value.missing} == root.look
    assert told_as_gone(app, lambda: 5) == 5
