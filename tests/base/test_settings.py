"""What the user chose survives what happens to its file: nonsense, other versions, half a write, no room."""

from __future__ import annotations

import errno
import json
import os
import stat
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from model_manager.base import settings as module
from model_manager.base.errors import ModelManagerError
from model_manager.base.settings import Settings, SettingsFile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "own/settings.json"


def kept(path: Path, **values: object) -> SettingsFile:
    file = SettingsFile(path)
    for name, value in values.items():
        setattr(file.values, name, value)
    file.save()
    return file


def test_without_a_file_all_is_as_at_the_start(path: Path) -> None:
    file = SettingsFile(path)
    assert file.values == Settings() and file.damaged == "" and not path.parent.exists(), "looking makes nothing"


def test_what_was_chosen_is_read_again(path: Path) -> None:
    kept(path, theme="nord", scale=1.5, confirm_final=False, left_out=["*.tmp"], columns={"name": 200})
    assert SettingsFile(path).values == Settings(
        theme="nord", scale=1.5, confirm_final=False, left_out=["*.tmp"], columns={"name": 200}
    )


def test_the_file_is_for_its_owner_alone_and_nothing_else_stays(path: Path) -> None:
    kept(path)
    kept(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(os.listdir(path.parent)) == ["settings.before.json", "settings.json"]


def test_settings_of_a_newer_version_are_kept_and_values_of_another_kind_passed_over(path: Path) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps({"theme": "nord", "scale": "big", "font_size": 1.5, "confirm_final": 0, "panes": {},
                                "remind_after_days": True, "from_the_future": {"a": [1]}}))  # fmt: skip
    file = SettingsFile(path)
    assert file.values == Settings(theme="nord")
    file.save()
    record = json.loads(path.read_text())
    assert record["from_the_future"] == {"a": [1]} and record["scale"] == 0.0


def test_a_whole_number_is_as_good_as_one_with_a_point(path: Path) -> None:
    path.parent.mkdir()
    path.write_text('{"scale": 2, "confirm_final": false}')
    assert SettingsFile(path).values == Settings(scale=2, confirm_final=False)


@pytest.mark.parametrize("broken", [b"{ broken", b"", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": 1'])
def test_a_damaged_file_is_kept_aside_and_those_before_hold(path: Path, broken: bytes) -> None:
    kept(path, theme="nord")
    kept(path, theme="dracula")
    path.write_bytes(broken)
    file = SettingsFile(path)
    (aside,) = path.parent.glob("settings.json.corrupt-*")
    assert file.values.theme == "nord" and aside.read_bytes() == broken
    assert file.damaged == (
        f"The settings could not be read (they are damaged): those before the last change hold; the damaged ones are kept as {aside}"
    )
    assert SettingsFile(path).values.theme == "nord" and SettingsFile(path).damaged == "", "once is enough"


def test_where_both_are_damaged_all_is_as_at_the_start_and_both_stay(path: Path) -> None:
    kept(path, theme="nord")
    kept(path, theme="dracula")
    for name in ("settings.json", "settings.before.json"):
        (path.parent / name).write_text("{ broken")
    file = SettingsFile(path)
    (aside,) = path.parent.glob("settings.json.corrupt-*")
    assert file.values == Settings() and file.damaged.endswith(
        f"all are as at the start; the old ones are kept as {aside}"
    )
    assert (path.parent / "settings.before.json").read_text() == "{ broken"


def test_two_damaged_files_of_one_second_are_both_kept(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "gmtime", lambda: time.struct_time((2026, 1, 2, 3, 4, 5, 0, 0, 0)))
    path.parent.mkdir()
    for text in ("{ one", "{ two", "{ three"):
        path.write_text(text)
        SettingsFile(path)
    assert sorted(one.read_text() for one in path.parent.glob("*.corrupt-20260102T030405Z*")) == [
        "{ one",
        "{ three",
        "{ two",
    ]


def test_what_is_no_file_is_not_waited_for(path: Path) -> None:
    path.parent.mkdir()
    os.mkfifo(path)
    begun = time.monotonic()
    assert SettingsFile(path).values == Settings() and time.monotonic() - begun < 1


def test_an_error_of_the_system_is_told_in_its_words(path: Path) -> None:
    path.parent.mkdir()
    path.mkdir()
    assert "The settings could not be read (" in SettingsFile(path).damaged


def test_a_damaged_file_does_not_become_the_one_before(path: Path) -> None:
    kept(path, theme="nord")
    file = kept(path, theme="dracula")
    path.write_text("{ broken")
    file.save()
    assert json.loads((path.parent / "settings.before.json").read_text())["theme"] == "nord"
    assert json.loads(path.read_text())["theme"] == "dracula"


def test_where_nothing_may_be_written_nothing_is(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{ broken")
    file = SettingsFile(path, untouched="it is another user's")
    with pytest.raises(ModelManagerError, match=f"could not keep the settings {path}: it is another user's"):
        file.save()
    assert path.read_text() == "{ broken" and os.listdir(path.parent) == ["settings.json"] and file.damaged


def test_a_write_that_fails_leaves_the_old_ones_and_no_draft(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = kept(path, theme="nord")

    def full(_number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    file.values.theme = "dracula"
    with pytest.raises(ModelManagerError) as caught:
        file.save()
    assert caught.value.reason == "No space left on device" and caught.value.verb == "keep the settings"
    assert SettingsFile(path).values.theme == "nord" and os.listdir(path.parent) == ["settings.json"]


def test_where_there_are_no_links_the_settings_are_kept_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(path, theme="nord")

    def none(*_: object) -> None:
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", none)
    kept(path, theme="dracula")
    assert SettingsFile(path).values.theme == "dracula"


def test_more_than_any_settings_are_is_not_taken_in(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST", 50)
    path.parent.mkdir()
    path.write_text(json.dumps({"theme": "n" * 100}))
    assert SettingsFile(path).values.theme == "" and list(path.parent.glob("*.corrupt-*"))


@examples(max_examples=15)
@given(st.dictionaries(st.sampled_from([*vars(Settings()), "other"]),
                       st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.just("x"), st.just([]), st.just({}), st.just(0.5))))  # fmt: skip
def test_whatever_the_file_says_every_setting_has_its_kind(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, object]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_text(json.dumps(record))
    values = SettingsFile(path).values
    for name, default in vars(Settings()).items():
        value = getattr(values, name)
        assert type(value) is type(default) or (isinstance(default, float) and type(value) is int), name
