"""What a plan says it frees is what comes back, to the byte; nothing outside the roots can be planned."""

from __future__ import annotations

import errno
import os
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mounts import WAYS, second_way
from scenes import VOLUMES, put

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.operations import Operations
from model_manager.operations import plan_builder as draft_module
from model_manager.operations.plan_builder import PlanBuilder


def draft(top: Path, *names: str) -> PlanBuilder:
    made = PlanBuilder(VOLUMES, [str(top)], "delete")
    made.begin_unit()
    for name in names:
        made.take(str(top / name), "test")
    return made


def test_outside_the_roots_nothing_is_planned(tmp_path: Path) -> None:
    top, outside = tmp_path / "m", tmp_path / "outside"
    put(top / "a", b"a")
    put(outside / "b", b"b")
    os.symlink(outside, top / "way")
    os.symlink(outside / "b", top / "link")
    for wrong in (outside / "b", top / "way" / "b", top / ".." / "outside" / "b", top):
        with pytest.raises(ModelManagerError, match="outside the folders"):
            draft(top).take(str(wrong), "test")
    done = Operations(OwnPaths(tmp_path / "own")).apply(draft(top, "link").plan("A link goes as a link"))
    assert done.state == "applied" and (outside / "b").read_bytes() == b"b" and done.plan.frees == 0


def test_a_folder_that_grew_since_is_refused(tmp_path: Path) -> None:
    """A dialog that listed less than was deleted: the accident of another program."""
    top = tmp_path / "m"
    put(top / "d" / "a", b"a")
    plan = draft(top, "d").plan("Delete")
    put(top / "d" / "deep" / "new", b"precious")
    done = Operations(OwnPaths(tmp_path / "own")).apply(plan)
    assert done.state == "refused" and (top / "d" / "deep" / "new").exists()


def test_a_parent_that_leads_elsewhere_now_is_refused(tmp_path: Path) -> None:
    top = tmp_path / "m"
    put(top / "d" / "a", b"a")
    plan = draft(top, "d/a").plan("Delete")
    os.rename(top / "d", tmp_path / "away")
    os.symlink(tmp_path / "away", top / "d")
    done = Operations(OwnPaths(tmp_path / "own")).apply(plan)
    assert done.state == "refused" and "leads elsewhere" in done.steps[0].problem
    assert (tmp_path / "away" / "a").exists()


def test_a_unit_that_cannot_be_planned_is_dropped_whole(tmp_path: Path) -> None:
    top = tmp_path / "m"
    put(top / "a", b"a" * 5000)
    put(top / "b", b"b" * 5000)
    made = draft(top, "a")
    made.begin_unit()
    made.take(str(top / "b"), "test")
    made.drop_unit()
    made.begin_unit()
    made.take(str(top / "b"), "test")
    plan = made.plan("Two")
    assert [(step.n, step.unit, os.path.basename(step.path)) for step in plan.steps] == [(1, 1, "a"), (2, 2, "b")]
    assert plan.frees == 10_000


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_frees_is_what_comes_back(data: st.DataObject) -> None:
    """Random files with hard links inside and outside of what goes."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder) / "m"
        count = data.draw(st.integers(1, 6))
        names: list[str] = []
        for number in range(count):
            name = f"{data.draw(st.sampled_from(['', 'd/', 'd/e/']))}f{number}"
            put(top / name, os.urandom(data.draw(st.integers(0, 20_000))))
            names.append(name)
        for number in range(data.draw(st.integers(0, 4))):
            os.link(
                top / data.draw(st.sampled_from(names)),
                top / f"{data.draw(st.sampled_from(['', 'd/'])) if (top / 'd').is_dir() else ''}l{number}",
            )
        every = [str(path.relative_to(top)) for path in top.rglob("*")]
        going = data.draw(st.lists(st.sampled_from(every), unique=True, min_size=1))
        going = [name for name in going if not any(name.startswith(other + "/") for other in going)]
        before = _bytes(top)
        plan = draft(top, *going).plan("Delete")
        assert Operations(OwnPaths(Path(folder) / "own")).apply(plan).state == "applied"
        assert plan.frees == plan.frees_now == before - _bytes(top)


def _bytes(top: Path) -> int:
    found = {path.lstat().st_ino: path.lstat() for path in top.rglob("*") if path.is_file()}
    return sum(min(one.st_size, 512 * one.st_blocks) for one in found.values())


@pytest.mark.parametrize("bad", ["", "relative", "/a\0b"])
def test_what_is_no_path(bad: str, tmp_path: Path) -> None:
    with pytest.raises(ModelManagerError, match="this is no path"):
        draft(tmp_path).take(bad, "test")


def test_what_went_since_the_scan(tmp_path: Path) -> None:
    with pytest.raises(ModelManagerError) as told:
        draft(tmp_path).take(str(tmp_path / "gone"), "test")
    assert told.value.reason == "No such file or directory" and told.value.hint == "scan again"


def test_each_path_goes_once(tmp_path: Path) -> None:
    """A model and its companion may both name a file; it is counted once."""
    put(tmp_path / "m" / "a", b"a" * 5000)
    made = draft(tmp_path / "m", "a", "a")
    assert len(made.plan("One").steps) == 1 and made.plan("One").frees == 5000
    assert made.takes(str(tmp_path / "m" / "a")) and not made.takes(str(tmp_path / "m" / "b"))


def test_a_folder_that_cannot_be_read_through_does_not_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "m" / "d" / "a", b"a")
    made = draft(tmp_path / "m")

    def scandir(path: str) -> object:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(ModelManagerError, match=r"could not clear away .*: Permission denied"):
        made.take(str(tmp_path / "m" / "d"), "test")
    monkeypatch.undo()
    assert made.plan("None").steps == ()


def test_what_belongs_to_somebody_else_is_not_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is begun, not half-way through."""
    top = tmp_path / "m"
    put(top / "a", b"a")
    os.chmod(top, 0o1777)
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(ModelManagerError, match="it belongs to another user"):
        draft(top).take(str(top / "a"), "test")
    os.chmod(top, 0o755)
    draft(top).take(str(top / "a"), "test")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ModelManagerError, match="you may not change the folder") as told:
        draft(top).take(str(top / "a"), "test")
    assert told.value.hint == "its owner can"


def test_asking_a_tool_is_planned_as_final(tmp_path: Path) -> None:
    made = draft(tmp_path)
    made.ask("http://127.0.0.1:1/x", "DELETE", "{}", "http://127.0.0.1:1/y", "x", 70, 60, "the tool removes it")
    plan = made.plan("Ask")
    (step,) = plan.steps
    assert (step.verb, step.undo, step.bytes, plan.frees, plan.frees_now) == ("ask", False, 70, 60, 60)
    assert step.how == {"method": "DELETE", "body": "{}", "probe": "http://127.0.0.1:1/y", "gone": "x"}


def test_ones_own_file_in_a_shared_folder_may_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in /tmp: the folder is root's and sticky, the file the user's."""
    if os.getuid() != 0:
        pytest.skip("giving a file away takes root")
    path = put(tmp_path / "m" / "a", b"a")
    os.chmod(tmp_path / "m", 0o1777)
    os.chown(path, 4242, 4242)
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    made = PlanBuilder(VOLUMES, [str(tmp_path / "m")], "delete")
    made.begin_unit()
    made.take(str(path), "test")
    assert [step.path for step in made.plan("Own").steps] == [str(path)]


def test_a_folder_mounted_twice_gives_no_second_name(tmp_path: Path, bound) -> None:  # type: ignore[no-untyped-def]
    """A file with one more name outside, seen through two mounts: what is known twice is one name, and frees nothing."""
    top = tmp_path / "top"
    put(top / "m" / "a", b"x" * 9000)
    (tmp_path / "out").mkdir()
    os.link(top / "m" / "a", tmp_path / "out" / "other")
    bound(top / "m", top / "again")
    plan = draft(top, "m/a", "again/a").plan("Delete")
    assert [step.path for step in plan.steps] == [str(top / "m" / "a")] and plan.frees == 0
    done = Operations(OwnPaths(tmp_path / "own")).apply(plan)
    assert done.state == "applied" and (tmp_path / "out" / "other").read_bytes() == b"x" * 9000
    os.unlink(tmp_path / "out" / "other")
    put(top / "m" / "a", b"x" * 9000)
    assert draft(top, "again/a", "m/a").plan("Delete").frees == 9000


def test_a_link_says_that_it_is_one(tmp_path: Path) -> None:
    """Alone it frees nothing and the original stays; with what it leads to, or leading nowhere, nothing is said."""
    top = tmp_path / "m"
    put(top / "store" / "blob", b"x" * 9000)
    os.symlink("store/blob", top / "link")
    os.symlink("nowhere", top / "loose")
    os.symlink("store", top / "way")
    whys = {step.path: step.why for step in draft(top, "link", "loose", "way").plan("Delete").steps}
    assert whys[str(top / "link")] == whys[str(top / "way")] == "test; link only, the original stays"
    assert whys[str(top / "loose")] == "test"
    together = draft(top, "link", "store/blob").plan("Delete")
    assert [step.why for step in together.steps] == ["test", "test"] and together.frees == 9000
    assert {step.why for step in draft(top, "way", "store").plan("Delete").steps} == {"test"}
    assert draft(top, "link").plan("Delete").frees == 0


def test_names_of_one_file_in_two_folders_are_two(tmp_path: Path) -> None:
    put(tmp_path / "m" / "a", b"x" * 9000)
    (tmp_path / "m" / "n").mkdir()
    os.link(tmp_path / "m" / "a", tmp_path / "m" / "n" / "a")
    os.link(tmp_path / "m" / "a", tmp_path / "m" / "b")
    assert draft(tmp_path, "m/a", "m/n/a").plan("Delete").frees == 0
    assert draft(tmp_path, "m/a", "m/n/a", "m/b").plan("Delete").frees == 9000
    assert draft(tmp_path, "m").plan("Delete").frees == 9000


@pytest.fixture
def bound():  # type: ignore[no-untyped-def]
    """Mounts a folder at a second place."""
    places: list[Path] = []

    def bind(folder: Path, place: Path) -> None:
        place.mkdir()
        if os.getuid() or subprocess.run(["mount", "--bind", str(folder), str(place)], capture_output=True).returncode:
            pytest.skip("mounting takes root")
        places.append(place)

    yield bind
    for place in places:
        subprocess.run(["umount", str(place)], check=True)


def test_a_step_that_is_refused_leaves_nothing_in_the_plan(tmp_path: Path) -> None:
    """What is being written stays, and neither the bytes nor the programs that have it open are another step's."""
    top = tmp_path / "m"
    for name in ("a", "b", "d/one", "d/two"):
        put(top / name, name.encode() * 5000)
    with open(top / "a", "r+b"), open(top / "d/two", "r+b"):
        made = PlanBuilder(VOLUMES, [str(top)], "delete")
        for wrong in ("a", "d"):
            made.begin_unit()
            with pytest.raises(ModelManagerError, match="is writing to"):
                made.take(str(top / wrong), "test")
            made.drop_unit()
        assert made.holders() == {} and made.files() == set()
        made.begin_unit()
        made.take(str(top / "b"), "test")
        assert made.holders() == {}
        plan = made.plan("One of three")
    assert [step.path for step in plan.steps] == [str(top / "b")]
    assert plan.frees == 5000


@pytest.mark.parametrize("kind", sorted({*WAYS} - {"overlay"}))
def test_one_file_by_two_ways_goes_once(kind: str, tmp_path: Path) -> None:
    """And its bytes are promised once."""
    put(tmp_path / "disk/a", bytes(range(256)) * 400)
    with second_way(kind, tmp_path / "disk", tmp_path / "pool") as pool:
        made = PlanBuilder(Volumes(), [str(tmp_path / "disk"), str(pool)], "delete")
        made.begin_unit()
        made.take(str(pool / "a"), "test")
        made.take(str(tmp_path / "disk/a"), "test")
        plan = made.plan("Delete")
        assert len(plan.steps) == 1 and plan.frees in (0, 102_400)
        done = Operations(OwnPaths(tmp_path / "own")).apply(plan)
        assert done.state == "applied" and not (tmp_path / "disk/a").exists()


def test_a_file_of_several_names_weighs_once(tmp_path: Path) -> None:
    top = tmp_path / "top"
    put(top / "m/a", b"x" * 9000)
    os.link(top / "m/a", top / "m/b")
    os.link(top / "m/a", top / "m/c")
    every = draft(top, "m/a", "m/b", "m/c").plan("All")
    assert every.frees == every.bytes and sum(step.bytes for step in every.steps) == 3 * every.bytes
    assert not any("another name" in one for one in every.warnings)
    two = draft(top, "m/a", "m/b").plan("Two")
    assert two.frees == 0 and "another name of the file stays, so nothing comes free" in two.warnings


def test_a_folder_is_as_large_as_its_files_each_once(tmp_path: Path) -> None:
    top = tmp_path / "m"
    one, other = put(top / "d/a", b"a" * 9_000), put(top / "d/sub/c", b"c" * 20_000)
    os.link(one, top / "d/b")
    os.symlink("a", top / "d/link")
    (step,) = draft(top, "d").plan("Delete").steps
    assert (
        step.bytes == step.frees == sum(min(path.stat().st_size, 512 * path.stat().st_blocks) for path in (one, other))
    )


def test_what_a_draft_takes_is_told_apart_from_what_it_writes(tmp_path: Path) -> None:
    top = tmp_path / "m"
    put(top / "a", b"a"), put(top / "d/b", b"b")
    made = draft(top, "a", "d")
    made.write(str(top / "settings.json"), b"{}", "test")
    assert made.paths() == [str(top / "a"), str(top / "d")]
    assert made.takes(str(top / "d/b")) and not made.takes(str(top / "settings.json"))


@pytest.mark.parametrize("is_locked, why, hint", [
    (True, "the volume is read-only", "switch off its write protection, or mount it anew"), (False, "you may not change the folder", "its owner can"),
])  # fmt: skip
def test_what_may_not_be_changed_is_said_before_anything_is_planned(
    is_locked: bool, why: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "m/a", b"a")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    monkeypatch.setattr(draft_module, "is_read_only", lambda folder: is_locked)
    with pytest.raises(ModelManagerError, match=why) as told:
        draft(tmp_path / "m", "a")
    assert told.value.hint == hint


def test_of_a_large_file_it_is_said_only_where_another_name_of_it_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_module, "_WORTH_SAYING", 1)
    top = tmp_path / "m"
    put(top / "a", b"a" * 9_000), put(top / "b", b"b" * 9_000)
    assert draft(top, "a", "b").plan("Delete").warnings == ()
    os.link(top / "a", top / "again")
    (told,) = draft(top, "a", "b").plan("Delete").warnings
    assert told.endswith("do not come free: these files have other names, which stay")


@pytest.mark.parametrize("kind", sorted({*WAYS} - {"overlay"}))
def test_the_second_way_goes_once_whichever_is_asked_for_first(kind: str, tmp_path: Path) -> None:
    put(tmp_path / "disk/a", bytes(range(256)) * 400)
    with second_way(kind, tmp_path / "disk", tmp_path / "pool") as pool:
        made = PlanBuilder(Volumes(), [str(tmp_path / "disk"), str(pool)], "delete")
        made.begin_unit()
        made.take(str(tmp_path / "disk/a"), "test")
        made.take(str(pool / "a"), "test")
        plan = made.plan("Delete")
    assert [step.path for step in plan.steps] == [str(tmp_path / "disk/a")]
    assert plan.warnings == (f"{pool}/a and {tmp_path}/disk/a are one file, seen by two ways: it goes once",)


def test_what_an_overlay_shows_goes_beside_what_lies_below(tmp_path: Path) -> None:
    """Removed through an overlay it is only hidden: the file below is another thing to take, and nothing comes free."""
    put(tmp_path / "disk/a", bytes(range(256)) * 400)
    with second_way("overlay", tmp_path / "disk", tmp_path / "pool") as pool:
        made = PlanBuilder(Volumes(), [str(tmp_path / "disk"), str(pool)], "delete")
        made.begin_unit()
        made.take(str(tmp_path / "disk/a"), "test")
        made.take(str(pool / "a"), "test")
        assert len(made.plan("Both").steps) == 2
        alone = PlanBuilder(Volumes(), [str(pool)], "delete")
        alone.begin_unit()
        alone.take(str(pool / "a"), "test")
        plan = alone.plan("Hide")
    assert plan.frees == 0 and plan.warnings == (
        "nothing comes free of 102 kB: they lie in a lower layer of an overlay, which keeps them and only hides them",
    )


def test_each_step_of_a_mixed_unit_has_its_own_bytes(tmp_path: Path) -> None:
    """What goes, what is linked, what is written and what a tool does: each says what comes back with it, all once."""
    top = tmp_path / "m"
    put(top / "a", b"a" * 4096), put(top / "b", b"b" * 8192)
    put(top / "keeper", b"same" * 1024), put(top / "copy", b"same" * 1024)
    made = draft(top, "a")
    made.link(str(top / "copy"), str(top / "keeper"), "hard", "a copy", None, 11)
    made.take(str(top / "b"), "test")
    made.write(str(top / "new.json"), b"{}", "a setting")
    made.ask("http://127.0.0.1:1/x", "DELETE", "", "http://127.0.0.1:1/y", "x", 70, 60, "its tool")
    plan = made.plan("Mixed")
    assert [(step.n, step.verb, step.bytes, step.frees) for step in plan.steps] == [
        (1, "delete", 4096, 4096), (2, "link", 4096, 11), (3, "delete", 8192, 8192), (4, "write", 2, 0), (5, "ask", 70, 60),
    ]  # fmt: skip
    assert plan.bytes == 4096 + 4096 + 8192 + 2 + 70 and plan.frees == plan.frees_now == 4096 + 11 + 8192 + 60
    assert plan.warnings == ()
    assert [step.undo for step in plan.steps] == [False, True, False, True, False]


def test_what_weighs_nothing_frees_nothing_and_nothing_is_said(tmp_path: Path) -> None:
    top = tmp_path / "m"
    put(top / "empty", b"")
    os.symlink("nowhere", top / "link")
    plan = draft(top, "empty", "link").plan("Delete")
    assert (plan.bytes, plan.frees, plan.warnings) == (0, 0, ())
    assert [step.bytes for step in plan.steps] == [0, 0]


def test_of_a_unit_that_was_dropped_nothing_is_counted_or_said(tmp_path: Path) -> None:
    """Not its bytes, nor that it has another name that stays; and it may be asked for again."""
    top = tmp_path / "m"
    put(top / "a", b"a" * 4096), put(top / "b", b"b" * 8192)
    os.link(top / "b", top / "other")
    made = draft(top, "a")
    made.begin_unit("a model", "its planner")
    made.take(str(top / "b"), "test")
    made.drop_unit()
    assert not made.takes(str(top / "b")) and made.paths() == [str(top / "a")]
    plan = made.plan("One")
    assert (plan.bytes, plan.frees, plan.warnings, plan.origins) == (4096, 4096, (), {})


def test_names_that_go_in_two_steps_come_free_with_the_last(tmp_path: Path) -> None:
    top = tmp_path / "m"
    put(top / "a", b"a" * 4096)
    os.link(top / "a", top / "b")
    plan = draft(top, "a", "b").plan("Delete")
    assert [(step.bytes, step.frees) for step in plan.steps] == [(4096, 0), (4096, 4096)]


def test_a_folder_weighs_each_file_once(tmp_path: Path) -> None:
    top = tmp_path / "m"
    put(top / "d/a", b"a" * 4096), put(top / "d/deep/c", b"c" * 8192)
    os.link(top / "d/a", top / "d/b")
    os.symlink("a", top / "d/link")
    plan = draft(top, "d").plan("Delete")
    assert (plan.steps[0].bytes, plan.bytes, plan.frees) == (4096 + 8192, 4096 + 8192, 4096 + 8192)


def test_the_trash_frees_nothing_until_it_is_emptied(tmp_path: Path, own: OwnPaths) -> None:
    top = tmp_path / "m"
    put(top / "a", b"a" * 4096)
    made = PlanBuilder(VOLUMES, [str(top)], "trash")
    made.begin_unit("a model", "its planner")
    made.take(str(top / "a"), "test", {"fresh": "yes"})
    plan = made.plan("Trash")
    (step,) = plan.steps
    assert (plan.frees, plan.frees_now, step.verb, step.undo, step.of) == (4096, 0, "trash", True, "a model")
    assert step.target == str(tmp_path / "share/Trash") and step.how == {"fresh": "yes"}
    assert plan.origins == {1: "its planner"}


@pytest.mark.parametrize("way", ["trash", "aside"])
def test_where_a_volume_can_have_no_trash_the_other_ways_are_named(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "m/a", b"a")
    for name in ("trash_for", "aside_for"):
        monkeypatch.setattr(draft_module, name, lambda *of: None)
    made = PlanBuilder(VOLUMES, [str(tmp_path / "m")], way)  # type: ignore[arg-type]
    with pytest.raises(draft_module.NoTrash) as told:
        made.take(str(tmp_path / "m/a"), "test")
    assert (told.value.reason, told.value.hint) == (
        ("there is no folder on this volume where it could be set aside", "delete it for good, or move it yourself") if way == "aside"
        else ("the volume it lies on can have no trash", "set it aside in a folder on that volume, or delete it for good")
    )  # fmt: skip


@pytest.mark.parametrize("part", ["files", "info"])
@pytest.mark.parametrize("kind", ["link", "file", "link to nowhere"])
def test_a_trash_whose_folder_leads_elsewhere_is_none(part: str, kind: str, tmp_path: Path, own: OwnPaths) -> None:
    put(tmp_path / "m/a", b"a")
    (tmp_path / "elsewhere").mkdir()
    place = tmp_path / "share/Trash" / part
    place.parent.mkdir(parents=True)
    if kind == "file":
        place.write_bytes(b"")
    else:
        place.symlink_to(tmp_path / ("elsewhere" if kind == "link" else "nowhere"))
    made = PlanBuilder(VOLUMES, [str(tmp_path / "m")], "trash")
    with pytest.raises(draft_module.NoTrash, match="can have no trash"):
        made.take(str(tmp_path / "m/a"), "test")
    place.unlink()
    place.mkdir()
    made.take(str(tmp_path / "m/a"), "test")


def test_a_mount_that_may_not_answer_is_not_asked_what_a_link_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    top = tmp_path / "m"
    put(top / "store/blob", b"x" * 4096)
    os.symlink("store/blob", top / "link")
    monkeypatch.setattr(draft_module, "may_hang", lambda kind: True)
    stat = os.stat
    monkeypatch.setattr(
        os, "stat", lambda path, **how: pytest.fail("asked") if path == str(top / "link") else stat(path, **how)
    )
    assert draft(top, "link").plan("Delete").steps[0].why == "test; link only, the original stays"


def test_a_new_file_is_planned_without_an_old_one(tmp_path: Path) -> None:
    top = tmp_path / "m"
    put(top / "old.json", b"[]")
    made = draft(top)
    made.write(str(top / "new.json"), b"{}", "test")
    made.write(str(top / "old.json"), b"{}", "test")
    new, old = made.plan("Write").steps
    assert new.identity is None and old.identity is not None and old.identity.size == 2 and (new.n, old.n) == (1, 2)


def test_of_a_folder_that_is_not_there_nobody_says_that_it_is_read_only(tmp_path: Path) -> None:
    assert draft_module.is_read_only(str(tmp_path / "gone")) is False
    assert draft_module.is_read_only(str(tmp_path)) is False
