"""A plan for the folders of the central store: parents first, only what is missing, nothing where it cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from factory import write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_manager.base.errors import ModelManagerError, UsageError
from model_manager.base.paths import own_paths
from model_manager.base.volumes import Volumes
from model_manager.library.labels.category_folders import plan_category_folders
from model_manager.operations import Plan


def planned(plan: Plan, home: Path) -> list[str]:
    assert all(step.verb == "make_folder" and step.unit == 1 and step.bytes == 0 for step in plan.steps)
    return [os.path.relpath(step.path, home) for step in plan.steps]


def test_parents_first_and_each_once(home: Path) -> None:
    plan = plan_category_folders(f"{home}/x/../new/store/", ["llm", "llm/adapters", "tts/voices", "llm"])
    assert planned(plan, home) == [
        "new",
        "new/store",
        "new/store/llm",
        "new/store/llm/adapters",
        "new/store/tts",
        "new/store/tts/voices",
    ]
    assert [step.why for step in plan.steps] == [
        "leads to the central store", "the central store", "category llm", "category llm/adapters", "category tts", "category tts/voices",
    ]  # fmt: skip
    assert plan.title == f"Make 6 category folders in {home}/new/store"
    assert not (home / "new").exists()  # a plan changes nothing


def test_only_an_existing_parent_has_an_identity(home: Path) -> None:
    plan = plan_category_folders(str(home / "new"), ["llm"])
    assert [step.identity is None for step in plan.steps] == [False, True]


def test_what_is_there_is_not_planned(home: Path) -> None:
    (home / "store/llm").mkdir(parents=True)
    (home / "elsewhere").mkdir()
    (home / "store/tts").symlink_to(home / "elsewhere")
    assert planned(plan_category_folders(str(home / "store"), ["llm", "tts", "vision"]), home) == ["store/vision"]
    assert plan_category_folders(str(home / "store"), ["vision"]).title.startswith("Make 1 category folder in")
    assert plan_category_folders(str(home / "store"), ["llm"]).steps == ()


@pytest.mark.parametrize("base", ["store", "./store", "", "~/store", "/a\0b"])
def test_a_path_that_is_not_absolute_is_refused(base: str) -> None:
    with pytest.raises(UsageError, match="the path is not absolute"):
        plan_category_folders(base, ["llm"])


@pytest.mark.parametrize("slug", ["", "/", "llm/", "/llm", "..", "llm/../..", ".", "a\0b", "llm//a"])
def test_a_slug_that_leads_elsewhere_is_refused(slug: str, home: Path) -> None:
    with pytest.raises(UsageError, match="this is no category"):
        plan_category_folders(str(home / "store"), ["llm", slug])


def test_what_is_in_the_way_is_named(home: Path) -> None:
    write(home / "store/llm", b"a file")
    with pytest.raises(ModelManagerError, match="a file is in the way") as caught:
        plan_category_folders(str(home / "store"), ["llm/adapters"])
    assert str(home / "store/llm") in str(caught.value)
    (home / "store/tts").symlink_to(home / "gone")
    with pytest.raises(ModelManagerError, match="a link that leads nowhere is in the way"):
        plan_category_folders(str(home / "store"), ["tts"])


def test_our_own_data_folder_is_refused(home: Path) -> None:
    data = own_paths().data
    Path(data).mkdir(parents=True, exist_ok=True)
    (home / "way").symlink_to(data)
    for base in (data, f"{data}/store", home / "way", home / "way/store"):
        with pytest.raises(ModelManagerError, match="the program's own data folder"):
            plan_category_folders(str(base), ["llm"])
    assert plan_category_folders(f"{data}-two", ["llm"]).steps


def test_a_folder_that_may_not_be_written_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ModelManagerError, match="this folder may not be written"):
        plan_category_folders(str(home / "store"), ["llm"])


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join), max_size=5))
def test_a_parent_always_stands_before_what_is_in_it(home: Path, slugs: list[str]) -> None:
    made, volumes = {"."}, Volumes()
    for path in planned(plan_category_folders(str(home / "store"), slugs, volumes=volumes), home):
        assert (os.path.dirname(path) or ".") in made and path not in made
        made.add(path)
    assert {f"store/{slug}" for slug in slugs} <= made
