"""Nobody loses a model because a copy of it became a link: asked of the kernel, as the users that would lose it."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_manager.base.errors import ModelManagerError
from model_manager.base.paths import OwnPaths
from model_manager.base.volumes import Volumes
from model_manager.operations import Operations, Plan
from model_manager.operations.plan_builder import PlanBuilder
from model_manager.operations.refusal import Refused

pytestmark = pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="being other users takes root")
SERVICE, ALICE, MODELS, STAFF = 61_001, 61_002, 61_003, 61_004
"""Numbers of users and groups that no list of users knows."""
BYTES = b"the same weights" * 99


@pytest.fixture
def top() -> Iterator[Path]:
    """A folder that everybody may enter."""
    place = Path(tempfile.mkdtemp(prefix="mm-access-"))
    place.chmod(0o755)
    for name in ("home/hf", "srv"):
        (place / name).mkdir(parents=True)
    for name in ("home/hf/keeper", "srv/copy"):
        (place / name).write_bytes(BYTES)
        (place / name).chmod(0o644)
    yield place
    shutil.rmtree(place)


def linking(top: Path, kind: str) -> Plan:
    draft = PlanBuilder(Volumes(), [str(top)])
    draft.begin_unit()
    draft.link(str(top / "srv/copy"), str(top / "home/hf/keeper"), kind, "test", None, 1)
    return draft.plan("Link")


def reads(path: Path, uid: int, *groups: int) -> bool:
    """Whether a process of this user and these groups can read a file now, as the kernel says."""
    more = ["--groups", ",".join(map(str, groups))] if groups else ["--clear-groups"]
    command = ["setpriv", "--reuid", str(uid), "--regid", "65000", *more, "head", "-c4", str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def allow(path: Path, *entries: tuple[int, int, int]) -> None:
    """An access list: (tag, what is allowed, whom)."""
    packed = b"".join(struct.pack("<HHI", tag, allowed, who & 0xFFFFFFFF) for tag, allowed, who in entries)
    try:
        os.setxattr(path, "system.posix_acl_access", struct.pack("<I", 2) + packed)
    except OSError:
        pytest.skip("this file system has no access lists")


def only(user: int, allowed: int = 4, mask: int = 4) -> tuple[tuple[int, int, int], ...]:
    return (1, 6, -1), (2, allowed, user), (4, 0, -1), (16, mask, -1), (32, 0, -1)


@pytest.mark.parametrize("mode", [0o750, 0o700, 0o710])
def test_no_link_into_a_home_that_others_may_not_enter(mode: int, top: Path) -> None:
    """0750 is Ubuntu's default."""
    (top / "home").chmod(mode)
    assert reads(top / "srv/copy", SERVICE)
    with pytest.raises(ModelManagerError, match=rf"could not enter {top}/home, where .*or use hard links"):
        linking(top, "symbolic")
    linking(top, "hard")


def test_a_home_that_is_closed_after_the_plan(top: Path, tmp_path: Path) -> None:
    plan = linking(top, "symbolic")
    (top / "home").chmod(0o750)
    done = Operations(OwnPaths(tmp_path / "own")).apply(plan)
    assert done.state == "refused" and "could not enter" in done.steps[0].problem
    assert reads(top / "srv/copy", SERVICE) and not (top / "srv/copy").is_symlink()


def test_an_open_home_is_linked_into_and_still_read(top: Path, tmp_path: Path) -> None:
    done = Operations(OwnPaths(tmp_path / "own")).apply(linking(top, "symbolic"))
    assert done.state == "applied" and (top / "srv/copy").is_symlink() and reads(top / "srv/copy", SERVICE)


def test_who_cannot_reach_the_copy_loses_nothing(top: Path) -> None:
    (top / "home").chmod(0o700)
    (top / "srv").chmod(0o700)
    linking(top, "symbolic")


def test_a_group_that_may_enter_the_one_folder_and_not_the_other(top: Path) -> None:
    for name, group in (("home", STAFF), ("srv", MODELS)):
        os.chown(top / name, 0, group)
        (top / name).chmod(0o750)
    assert reads(top / "srv/copy", SERVICE, MODELS)
    with pytest.raises(ModelManagerError, match=f"the group {MODELS} can read this copy"):
        linking(top, "symbolic")
    os.chown(top / "home", 0, MODELS)
    linking(top, "symbolic")


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_an_access_list_of_the_copy_is_not_lost(kind: str, top: Path) -> None:
    copy, keeper = top / "srv/copy", top / "home/hf/keeper"
    copy.chmod(0o640)
    keeper.chmod(0o640)
    allow(copy, *only(SERVICE))
    assert reads(copy, SERVICE) and not reads(keeper, SERVICE)
    with pytest.raises(ModelManagerError, match=f"the user {SERVICE} can read this copy"):
        linking(top, kind)
    allow(keeper, *only(SERVICE))
    linking(top, kind)
    allow(keeper, *only(SERVICE, mask=0))
    assert not reads(keeper, SERVICE), "the mask takes it away"
    with pytest.raises(ModelManagerError, match=f"the user {SERVICE} can read this copy"):
        linking(top, kind)


def test_an_access_list_that_shuts_somebody_out(top: Path) -> None:
    keeper = top / "home/hf/keeper"
    allow(keeper, (1, 6, -1), (2, 0, SERVICE), (4, 4, -1), (16, 4, -1), (32, 4, -1))
    assert reads(top / "srv/copy", SERVICE) and not reads(keeper, SERVICE)
    with pytest.raises(ModelManagerError, match=f"the user {SERVICE} can read this copy"):
        linking(top, "hard")


def test_an_access_list_lets_into_a_closed_folder(top: Path) -> None:
    (top / "srv/copy").chmod(0o640)
    (top / "home/hf/keeper").chmod(0o640)
    for name in ("srv/copy", "home/hf/keeper"):
        allow(top / name, *only(SERVICE))
    (top / "home").chmod(0o700)
    with pytest.raises(ModelManagerError, match=f"the user {SERVICE} .*could not enter {top}/home"):
        linking(top, "symbolic")
    allow(top / "home", (1, 7, -1), (2, 1, SERVICE), (4, 0, -1), (16, 1, -1), (32, 0, -1))
    assert reads(top / "home/hf/keeper", SERVICE)
    linking(top, "symbolic")


@pytest.mark.parametrize("kind", ["hard", "symbolic"])
def test_the_owner_and_the_group_of_the_copy(kind: str, top: Path) -> None:
    copy, keeper = top / "srv/copy", top / "home/hf/keeper"
    os.chown(copy, ALICE, MODELS)
    copy.chmod(0o600)
    keeper.chmod(0o600)
    with pytest.raises(ModelManagerError, match=f"the user {ALICE} can read this copy"):
        linking(top, kind)
    os.chown(keeper, ALICE, 0)
    linking(top, kind)
    copy.chmod(0o640)
    keeper.chmod(0o640)
    with pytest.raises(ModelManagerError, match=f"the group {MODELS} can read this copy"):
        linking(top, kind)
    os.chown(keeper, ALICE, MODELS)
    linking(top, kind)


def test_shared_blocks_keep_the_copys_own_rights(top: Path) -> None:
    (top / "home").chmod(0o700)
    (top / "home/hf/keeper").chmod(0o600)
    linking(top, "reflink")


def test_a_group_of_one_user_alone_says_nothing_of_others(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most systems give each user a group of their own: what it may, only they may, who own the folder anyhow."""
    from model_manager.operations import access

    (top / "home/hf").chmod(0o700)
    for name in ("home", "home/hf", "srv"):
        os.chown(top / name, ALICE, STAFF)
    for name in ("home", "srv"):
        (top / name).chmod(0o750)
    with pytest.raises(ModelManagerError, match=f"the group {STAFF} can read this copy"):
        linking(top, "symbolic")
    monkeypatch.setattr(access, "_only_member", lambda gid: ALICE if gid == STAFF else None)
    linking(top, "symbolic")


def test_lists_that_are_not_understood_have_to_be_the_same(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_manager.operations import access

    real = os.getxattr

    def nfs(path: str, name: str, **how: bool) -> bytes:
        return os.fsencode(path) if name == "system.nfs4_acl" else real(path, name, **how)

    monkeypatch.setattr(os, "getxattr", nfs)
    with pytest.raises(Refused, match="different access lists"):
        access.must_stay_readable("hard", str(top / "srv/copy"), str(top / "home/hf/keeper"))


def test_who_reads_it_by_two_groups_of_three(top: Path) -> None:
    """One enters the folder, one reads the copy, one would be needed for what it would lead to."""
    os.chown(top / "srv", 0, STAFF)
    (top / "srv").chmod(0o750)
    for name, group in (("srv/copy", MODELS), ("home/hf/keeper", SERVICE)):
        os.chown(top / name, 0, group)
        (top / name).chmod(0o640)
    assert reads(top / "srv/copy", ALICE, STAFF, MODELS) and not reads(top / "home/hf/keeper", ALICE, STAFF, MODELS)
    with pytest.raises(ModelManagerError, match="could not"):
        linking(top, "symbolic")
    (top / "home/hf/keeper").chmod(0o644)
    linking(top, "symbolic")


def test_who_is_in_none_of_many_groups(top: Path) -> None:
    allow(
        top / "home/hf/keeper", (1, 6, -1), (4, 4, -1), *((8, 4, STAFF + n) for n in range(6)), (16, 4, -1), (32, 0, -1)
    )
    assert reads(top / "srv/copy", ALICE) and not reads(top / "home/hf/keeper", ALICE)
    with pytest.raises(ModelManagerError, match="every other user of this computer"):
        linking(top, "symbolic")


def test_the_own_group_of_a_file_with_an_access_list(top: Path) -> None:
    """Its line in the list tells, and no longer the mode."""
    for name in ("srv/copy", "home/hf/keeper"):
        os.chown(top / name, 0, MODELS)
    allow(top / "srv/copy", (1, 6, -1), (2, 4, SERVICE), (4, 4, -1), (16, 4, -1), (32, 0, -1))
    allow(top / "home/hf/keeper", (1, 6, -1), (2, 4, SERVICE), (4, 0, -1), (16, 4, -1), (32, 0, -1))
    assert reads(top / "srv/copy", ALICE, MODELS) and not reads(top / "home/hf/keeper", ALICE, MODELS)
    with pytest.raises(ModelManagerError, match=f"the group {MODELS}"):
        linking(top, "symbolic")


@pytest.mark.parametrize("others", [0, 2])
def test_who_reads_it_by_two_groups_and_would_need_the_third(others: int, top: Path) -> None:
    """Neither by one of the groups alone nor by all of them: only who is in these two loses it. Three groups, or five."""
    for name, group in (("srv", STAFF), ("home", SERVICE)):
        os.chown(top / name, 0, group)
        (top / name).chmod(0o750)
    os.chown(top / "srv/copy", 0, MODELS)
    (top / "srv/copy").chmod(0o640)
    more = ((8, 4, 61_010 + number) for number in range(others))
    allow(top / "srv/copy", (1, 6, -1), (4, 4, -1), *more, (16, 4, -1), (32, 0, -1))
    assert reads(top / "srv/copy", ALICE, STAFF, MODELS) and not reads(top / "home/hf/keeper", ALICE, STAFF, MODELS)
    with pytest.raises(ModelManagerError, match=f"could not enter {top}/home"):
        linking(top, "symbolic")
    os.chown(top / "home", 0, STAFF)
    linking(top, "symbolic")


def test_a_list_of_many_groups_is_answered_at_once(top: Path) -> None:
    """Every combination of eighteen takes seconds, of forty years."""
    for name in ("srv/copy", "home/hf/keeper"):
        allow(top / name, (1, 6, -1), (4, 4, -1), *((8, 4, STAFF + n) for n in range(18)), (16, 4, -1), (32, 4, -1))
    before = time.process_time()
    linking(top, "hard")
    assert time.process_time() - before < 0.5


@pytest.mark.parametrize("mode", [0o641, 0o642, 0o643])
def test_other_rights_than_reading_do_not_count(mode: int, top: Path) -> None:
    (top / "home/hf/keeper").chmod(mode)
    assert reads(top / "srv/copy", SERVICE) and not reads(top / "home/hf/keeper", SERVICE)
    with pytest.raises(ModelManagerError, match="every other user of this computer can read this copy"):
        linking(top, "hard")


@pytest.mark.parametrize("mode", [0o754, 0o752, 0o756])
def test_a_folder_is_entered_by_the_right_to_search_it(mode: int, top: Path) -> None:
    (top / "home").chmod(mode)
    assert not reads(top / "home/hf/keeper", SERVICE)
    with pytest.raises(ModelManagerError, match=f"could not enter {top}/home"):
        linking(top, "symbolic")
    (top / "srv").chmod(mode)
    linking(top, "symbolic")


def test_a_group_that_is_shut_out_where_all_others_read(top: Path) -> None:
    """0604: whoever is in its group loses it, and nobody else does."""
    for name in ("srv/copy", "home/hf/keeper"):
        os.chown(top / name, 0, MODELS)
    (top / "home/hf/keeper").chmod(0o604)
    assert reads(top / "home/hf/keeper", ALICE) and not reads(top / "home/hf/keeper", ALICE, MODELS)
    with pytest.raises(ModelManagerError, match=f"the group {MODELS} can read this copy"):
        linking(top, "hard")
    (top / "srv/copy").chmod(0o604)
    linking(top, "hard")


def test_an_owner_who_shut_themselves_out_loses_nothing_more(top: Path) -> None:
    """0044: everybody but its owner reads it, and the kernel asks no group for an owner."""
    copy, keeper = top / "srv/copy", top / "home/hf/keeper"
    for path in (copy, keeper):
        os.chown(path, ALICE, MODELS)
    keeper.chmod(0o044)
    assert not reads(keeper, ALICE, MODELS)
    with pytest.raises(ModelManagerError, match=f"the user {ALICE} can read this copy"):
        linking(top, "hard")
    copy.chmod(0o044)
    linking(top, "hard")


def test_users_and_groups_are_called_by_their_names(top: Path) -> None:
    import grp
    import pwd

    user, group = pwd.getpwuid(1), next(one for one in grp.getgrall() if one.gr_gid == 50 or one.gr_name == "users")
    copy, keeper = top / "srv/copy", top / "home/hf/keeper"
    os.chown(copy, user.pw_uid, 0)
    copy.chmod(0o600)
    keeper.chmod(0o600)
    with pytest.raises(ModelManagerError, match=f"the user {user.pw_name} can read this copy"):
        linking(top, "hard")
    os.chown(copy, 0, group.gr_gid)
    copy.chmod(0o640)
    with pytest.raises(ModelManagerError, match=f"the group {group.gr_name} can read this copy"):
        linking(top, "hard")


def test_a_group_of_one_user(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that bears the user's name, is the user's first, and has no other member; else any user may be in it."""
    import grp
    import pwd

    copy, keeper = top / "srv/copy", top / "home/hf/keeper"
    for path in (copy, keeper):
        os.chown(path, ALICE, STAFF)
        path.chmod(0o640)
    keeper.chmod(0o600)
    named = grp.struct_group(("alice", "x", STAFF, []))
    user = pwd.struct_passwd(("alice", "x", ALICE, STAFF, "", "/home/alice", "/bin/sh"))
    monkeypatch.setattr(grp, "getgrgid", lambda gid: {STAFF: named}[gid])
    monkeypatch.setattr(pwd, "getpwnam", lambda name: {"alice": user}[name])
    linking(top, "hard")
    named = grp.struct_group(("alice", "x", STAFF, ["alice"]))
    linking(top, "hard")
    for members, first in ((["alice", "bob"], STAFF), ([], MODELS)):
        named = grp.struct_group(("alice", "x", STAFF, members))
        user = pwd.struct_passwd(("alice", "x", ALICE, first, "", "/home/alice", "/bin/sh"))
        with pytest.raises(ModelManagerError, match="the group alice can read this copy"):
            linking(top, "hard")


def test_the_only_member_of_a_group_loses_what_it_alone_reads(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is in the group is named, also where the user owns neither of the two files."""
    import grp
    import pwd

    copy, keeper = top / "srv/copy", top / "home/hf/keeper"
    os.chown(copy, 0, STAFF)
    copy.chmod(0o640)
    keeper.chmod(0o640)
    user = pwd.struct_passwd(("alice", "x", ALICE, STAFF, "", "/home/alice", "/bin/sh"))
    monkeypatch.setattr(grp, "getgrgid", lambda gid: {STAFF: grp.struct_group(("alice", "x", STAFF, []))}[gid])
    monkeypatch.setattr(pwd, "getpwnam", lambda name: {"alice": user}[name])
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: {ALICE: user}[uid])
    with pytest.raises(ModelManagerError, match="the user alice can read this copy"):
        linking(top, "hard")


@pytest.mark.parametrize("raw", [b"", b"\2", b"\2\0\0\0", b"\2\0\0\0\1", b"\2\0\0\0" + b"\1" * 9])
def test_an_access_list_of_a_strange_length_is_none(raw: bytes, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from model_manager.operations import access

    monkeypatch.setattr(os, "getxattr", lambda path, name, follow_symlinks=True: raw)
    rights = access.rights_of(str(top / "srv/copy"))
    assert (rights.users, rights.groups, rights.mode) == ({}, {0: 4}, 0o644)
