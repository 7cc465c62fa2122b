"""What the phases of one scan have in common: problems take the place of older ones, roots come back as they were named."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_manager.app import App
from model_manager.base.volumes import Volumes
from model_manager.catalog import Tx, roots
from model_manager.catalog.roots import RootRow
from model_manager.library.scan import watch
from model_manager.library.scan.context import Report, ScanContext, found_root, keep_problems
from model_manager.stores.discovered import FoundRoot, Problem


@pytest.fixture
def root(app: App, home: Path) -> RootRow:
    (home / "AI").mkdir()
    watch.add_root(app.database, str(home / "AI"))
    with app.database.read() as tx:
        (found,) = [one for one in roots.every(tx) if one.path == str(home / "AI")]
    return found


def context(app: App) -> ScanContext:
    return ScanContext(app.database, Volumes(), app.env(), "/private", lambda event: None)


def kept(tx: Tx) -> list[tuple[object, ...]]:
    return [tuple(row) for row in tx.execute("SELECT path, kind, why FROM problem")]


def test_what_could_not_be_read_takes_the_place_of_what_could_not_before(app: App, root: RootRow) -> None:
    one = context(app)
    first, second = Problem("/a", "file", "denied"), Problem("/b", "folder", "gone\udcff")
    with app.database.write() as tx:
        keep_problems(one, tx, root, [first])
        keep_problems(one, tx, root, [second])
        assert [(path, kind) for path, kind, _ in kept(tx)] == [(b"/b", "folder")]
        assert "\udcff" not in str(kept(tx)[0][2])
        assert one.report.problems == [first, second]  # the report has all of this scan
        keep_problems(one, tx, root, [])
        assert kept(tx) == []


def test_a_root_comes_back_as_its_adapter_named_it(root: RootRow, home: Path) -> None:
    assert found_root(root) == FoundRoot("folder", str(home / "AI"), "user", root.details)


def test_no_two_scans_share_what_they_learned(app: App) -> None:
    one, other = context(app), context(app)
    one.stored.add(1)
    one.met[1] = {"/a"}
    one.report.problems.append(Problem("/a", "file", "x"))
    assert other.stored == set() and other.met == {} and other.report == Report()
