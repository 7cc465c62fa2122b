"""Through a pool a thing goes aside in its own folder first, and only what lies there once goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from faults import meddled
from scenes import VOLUMES, asides, one, put

from model_manager.operations import Disk, pooled
from model_manager.operations.pooled import come_back, rename_once
from model_manager.operations.refusal import Refused
from model_manager.operations.verb import Site


class Watching(Disk):
    """Notes each rename by the last names."""

    def __init__(self) -> None:
        self.renamed: list[tuple[str, str]] = []

    def rename(self, path: str, target: str) -> None:
        self.renamed.append((os.path.basename(path), os.path.basename(target)))
        super().rename(path, target)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "to").mkdir()
    return put(tmp_path / "m/a", b"weights")


def go(file: Path, disk: Disk) -> tuple[Site, str]:
    site, target = Site(disk, VOLUMES, "op"), str(file.parent.parent / "to/a")
    rename_once(site, one("move", file, Path(target)), str(file), target)
    return site, target


def test_on_an_ordinary_disk_it_is_one_rename(file: Path) -> None:
    disk = Watching()
    _site, target = go(file, disk)
    assert disk.renamed == [("a", "a")] and Path(target).read_bytes() == b"weights"


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled, "may_show_others", lambda path, volumes: True)


@pytest.mark.usefixtures("pool")
def test_in_a_pool_it_goes_by_a_name_of_ours_in_its_own_folder(file: Path) -> None:
    disk = Watching()
    _site, target = go(file, disk)
    (first, aside), (again, last) = disk.renamed
    assert first == "a" and aside == again and aside.startswith(".model-manager") and last == "a"
    assert Path(target).read_bytes() == b"weights" and not file.exists() and not asides(file.parent)


@pytest.mark.usefixtures("pool")
@pytest.mark.parametrize("error", [Refused("it lies in 2 branches"), OSError(5, "broken")])
def test_what_lies_in_two_branches_is_where_it_was(
    error: Exception, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twice(path: str, volumes: object) -> None:
        assert os.path.basename(path).startswith(".model-manager"), "it is asked of the name that nobody else gives"
        raise error

    monkeypatch.setattr(pooled, "must_lie_once", twice)
    with pytest.raises(type(error), match=str(error)[:5].replace("[", ".")):
        go(file, Disk())
    assert file.read_bytes() == b"weights" and not asides(file.parent) and not os.listdir(file.parent.parent / "to")


@pytest.mark.usefixtures("pool")
def test_a_newcomer_keeps_the_name_and_the_thing_stays_aside(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled, "must_lie_once", lambda path, volumes: (_ for _ in ()).throw(Refused("twice")))
    with pytest.raises(Refused):
        go(file, meddled("rename", lambda: put(file, b"a newcomer"), after=True))
    (aside,) = asides(file.parent)
    assert file.read_bytes() == b"a newcomer" and aside.read_bytes() == b"weights"


def test_what_a_kill_left_aside_gets_its_name_again(file: Path) -> None:
    site, step = Site(Disk(), VOLUMES, "op"), one("move", file, None)
    come_back(site, step, str(file))
    assert file.read_bytes() == b"weights", "nothing lies aside: nothing happens"
    os.rename(file, site.aside(str(file), step))
    come_back(site, step, str(file))
    assert file.read_bytes() == b"weights" and not asides(file.parent)
