"""The computer as adapters see it: folders of unpacked programs, running programs, roots that are too high."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from looking import env_of, process

from model_manager.stores.host import env as module
from model_manager.stores.host.env import Env
from model_manager.stores.host.root_list import RootList


def test_the_nearest_folders_first_and_not_too_many(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        (home / f"a{number:02}/b/c/d").mkdir(parents=True)
    (home / "zz").mkdir()
    (home / "node_modules/x").mkdir(parents=True)
    (home / ".hidden/x").mkdir(parents=True)
    (home / "link").symlink_to(home / "a00")
    folders = {os.path.relpath(folder, home) for folder in env_of(home).folders}
    assert "zz" in folders and "a00/b/c" in folders
    assert not folders & {"a00/b/c/d", "node_modules", ".hidden", "link"}
    monkeypatch.setattr(module, "_MOST_FOLDERS", 40)
    few = env_of(home).folders
    assert len(few) == 40 and str(home / "zz") in few


def test_drives_are_searched_and_what_is_no_name_is_met(home: Path, tmp_path: Path) -> None:
    strange = os.path.join(os.fsencode(home), b"\xff\xfe")
    os.mkdir(strange)
    (tmp_path / "drive/ai/x").mkdir(parents=True)
    env = Env(str(home), {}, drives=(str(tmp_path / "drive"), "/no/such/drive"))
    assert str(tmp_path / "drive/ai/x") in env.folders and os.fsdecode(strange) in env.folders


@pytest.mark.parametrize(("words", "name", "place"), [
    (("python3", "main.py"), "main.py", "w"), (("python", "-s", "App/main.py", "--x"), "main.py", "w/App"),
    (("python3.11", "-X", "utf8", "/o/main.py"), "main.py", "/o"), (("dotnet", "bin/X.dll"), "x.dll", "w/bin"),
    (("/opt/Tool", "serve"), "tool", "/opt"), (("python3",), "python3", "w"), ((), "", "."),
])  # fmt: skip
def test_what_a_process_runs(words: tuple[str, ...], name: str, place: str, home: Path) -> None:
    one = process(home / "w", *words)
    assert list(env_of(home, one).running(name)) == ([one] if name else [])
    assert not words or one.place == os.path.join(home, place)


@pytest.mark.parametrize(
    "path", ["/", "..", "relative", "", "{home}", "{home}/..", "{home}/up", "{home}/none", "{home}/a\0b"]
)
def test_no_root_holds_the_home_folder(path: str, home: Path) -> None:
    (home / "up").symlink_to("/")
    assert list(RootList("x", env_of(home)).take(path.format(home=home), "config")) == []


def test_a_folder_is_one_root_however_it_is_reached(home: Path) -> None:
    (home / "real").mkdir()
    (home / "link").symlink_to("real")
    roots = RootList("x", env_of(home))
    assert [root.details for root in roots.take(f"{home}/x/../real/", "config", a="1", b="")] == [{"a": "1"}]
    assert list(roots.take(str(home / "link"), "default")) == []
