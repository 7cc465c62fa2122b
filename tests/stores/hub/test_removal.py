"""What leaves a Hugging Face cache: what its layout knows, nothing through a link, nothing that is led to from elsewhere."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest
from factory import gguf_bytes, hub_repo, sha256, write

from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.hub.removal import remove_from_hub, remove_hub_leftover
from model_manager.stores.parts import CannotRemove, Going, Placed, PlacedFile

GGUF, OTHER = gguf_bytes(seed=31), gguf_bytes(seed=32)


def going(cache: Path, repo: str) -> tuple[set[str], str]:
    """What goes with every file of a repository, below the cache, and the words of it."""
    base = cache / f"models--{repo.replace('/', '--')}"
    entries = [path for path in (base / "snapshots").rglob("*") if path.is_file()]
    files = tuple(PlacedFile(str(path), "weights" if path.suffix == ".gguf" else "other") for path in entries)
    parts = list(remove_from_hub(FoundRoot("huggingface", str(cache)), [Placed(repo, str(entries[0]), files)]))
    assert all(isinstance(part, Going) for part in parts)
    return {str(Path(part.path).relative_to(cache)) for part in parts if isinstance(part, Going)}, str(parts)


def test_a_repository_goes_whole_when_nothing_else_is_in_it(home: Path) -> None:
    hub_repo(home, "org/m", {"m.gguf": GGUF, "README.md": b"#", "assets/picture.png": b"p"})
    assert going(home, "org/m")[0] == {"models--org--m"}


@pytest.mark.parametrize("foreign", ["snapshots/{}/my-notes.txt", "snapshots/{}/my-training-logs/loss.csv", "blobs/thesis.docx",
                                     "blobs/sub/x", "diary.md", "trees/own.txt", "refs/shopping-list", ".no_exist/{}/letter"])  # fmt: skip
def test_foreign_files_stay_and_are_named(foreign: str, home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "README.md": b"#"})
    path = write(base / foreign.format("a" * 40), b"years of work")
    goes, words = going(home, "org/m")
    assert not any(path == home / one or home / one in path.parents for one in goes)
    assert (
        f"models--org--m/blobs/{sha256(GGUF)}" in goes
        and f"stays: {foreign.split('/')[1 if 'sub' in foreign else -1]}" in words
    )


def test_a_blob_that_another_repository_leads_to_stays(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    other = hub_repo(home, "org/n", {"x.gguf": OTHER})
    link = other / "snapshots" / ("a" * 40) / "x.gguf"
    link.unlink()
    link.symlink_to(base / "blobs" / sha256(OTHER))
    goes, words = going(home, "org/m")
    assert f"models--org--m/blobs/{sha256(GGUF)}" in goes and f"stays: {sha256(OTHER)}" in words
    assert not any(one in ("models--org--m", f"models--org--m/blobs/{sha256(OTHER)}") for one in goes)


def test_an_entry_that_leads_elsewhere_goes_as_a_link(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    outside = write(home.parent / "blobs/outside.gguf", GGUF)
    link = base / "snapshots" / ("a" * 40) / "m.gguf"
    link.unlink()
    link.symlink_to(outside)
    goes, _words = going(home, "org/m")
    assert goes == {
        f"models--org--m/snapshots/{'a' * 40}",
        "models--org--m/refs/main",
        f"models--org--m/blobs/{sha256(OTHER)}",
    }


def test_nothing_is_removed_through_a_link(home: Path) -> None:
    base = hub_repo(home / "usb", "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    (home / "models--org--m").symlink_to(base)
    goes, words = going(home, "org/m")
    assert goes == {"models--org--m"} and "what it leads to stays" in words
    (base / "snapshots" / ("a" * 40) / "my-notes.txt").write_text("mine")
    with pytest.raises(CannotRemove, match="nothing is removed through one"):
        going(home, "org/m")


def test_blobs_behind_a_link_stay(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    (base / "blobs").rename(home.parent / "elsewhere")
    (base / "blobs").symlink_to(home.parent / "elsewhere")
    goes, _words = going(home, "org/m")
    assert goes == {f"models--org--m/snapshots/{'a' * 40}", "models--org--m/refs/main"}


A, B = "a" * 40, "b" * 40
ASIDE = ".model-manager-20260101T000000000Z-00000000-1"


def parts_of(cache: Path, base: Path, *names: str, commit: str = A, elsewhere: tuple[str, ...] = ()) -> list[Going]:
    """What goes when one model of a repository does, whose files in a revision are these."""
    folder = base / "snapshots" / commit
    files = tuple(PlacedFile(str(folder / name), "weights") for name in names)
    place = Placed("m", str(folder / names[0]), files, frozenset(str(folder / name) for name in elsewhere))
    parts = list(remove_from_hub(FoundRoot("huggingface", str(cache)), [place]))
    assert all(isinstance(part, Going) for part in parts)
    return [part for part in parts if isinstance(part, Going)]


def below(base: Path, parts: list[Going]) -> set[str]:
    """What goes, below the repository; its own folder is "."."""
    return {os.path.relpath(part.path, base) for part in parts}


@pytest.mark.parametrize("is_shared", [False, True], ids=["own blobs", "shared blobs"])
def test_one_model_of_two_takes_its_own_bytes_alone(is_shared: bool, home: Path) -> None:
    """The card, the settings and the other quant stay, and so does the revision's name."""
    base = hub_repo(home, "org/m", {"m-Q4.gguf": GGUF, "m-Q8.gguf": OTHER, "README.md": b"#"}, shared=is_shared)
    goes = parts_of(home, base, "m-Q4.gguf")
    own = {f"snapshots/{A}/m-Q4.gguf", f"blobs/{sha256(GGUF)}"}
    if is_shared:
        payload = os.path.relpath(os.path.realpath(base / "blobs" / sha256(GGUF)), base)
        own |= {payload, f"{payload}.refs"}
    assert below(base, goes) == own


@pytest.mark.parametrize("is_shared", [False, True], ids=["own blobs", "shared blobs"])
def test_the_last_model_takes_the_repository(is_shared: bool, home: Path) -> None:
    base = hub_repo(home, "org/m", {"m-Q4.gguf": GGUF, "README.md": b"#"}, shared=is_shared)
    goes = below(base, parts_of(home, base, "m-Q4.gguf"))
    payloads = (
        {os.path.relpath(os.path.realpath(path), base) for path in (base / "blobs").iterdir()} if is_shared else set()
    )
    assert goes == {".", *payloads, *(f"{path}.refs" for path in payloads)}


@pytest.mark.parametrize("other", ["models", "datasets"])
def test_bytes_that_another_repository_shares_stay_in_the_cache(other: str, home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "own.gguf": OTHER}, shared=True)
    hub_repo(home, "org/n", {"n.gguf": GGUF}, shared=True, kind=other)
    goes = below(base, parts_of(home, base, "m.gguf", "own.gguf"))
    own = os.path.relpath(os.path.realpath(base / "blobs" / sha256(OTHER)), base)
    assert goes == {".", own, f"{own}.refs"}


def test_the_cache_wide_store_in_its_order_and_words(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER}, shared=True)
    payload = os.path.realpath(base / "blobs" / sha256(GGUF))
    write(Path(f"{payload}.lock"))
    goes = parts_of(home, base, "m.gguf")
    assert [(part.path, part.why) for part in goes] == [
        (str(base / "snapshots" / A / "m.gguf"), "its name in the repository"),
        (str(base / "blobs" / sha256(GGUF)), "its bytes: no revision leads to them any more"),
        (payload, "its bytes: no repository leads to them any more"),
        (f"{payload}.refs", "the cache's note about these bytes"),
        (f"{payload}.lock", "the cache's note about these bytes"),
    ]


def test_a_payload_without_its_note_is_never_removed(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF}, shared=True)
    payload = Path(os.path.realpath(base / "blobs" / sha256(GGUF)))
    (payload.parent / f"{payload.name}.refs").unlink()
    assert below(base, parts_of(home, base, "m.gguf")) == {"."}


@pytest.mark.parametrize("where", ["repository", "blobs"])
def test_a_payload_stays_while_something_may_lead_to_it(where: str, home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF}, shared=True)
    if where == "repository":
        (home / "models--org--away").symlink_to("/nowhere")
    else:
        write(home / "models--org--away/refs/main", A)
        (home / "models--org--away/blobs").symlink_to("/nowhere")
    assert below(base, parts_of(home, base, "m.gguf")) == {"."}


def test_a_payload_stays_while_a_repository_lies_aside(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF}, shared=True)
    (home / ASIDE).mkdir()
    assert below(base, parts_of(home, base, "m.gguf")) == {"."}


def test_two_revisions_share_what_both_have(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER, "README.md": b"old"})
    hub_repo(home, "org/m", {"n.gguf": OTHER, "README.md": b"new"}, commit=B, ref="next")
    goes = parts_of(home, base, "m.gguf", "n.gguf")
    assert below(base, goes) == {f"snapshots/{A}", "refs/main", f"blobs/{sha256(GGUF)}", f"blobs/{sha256(b'old')}"}
    assert [part.why for part in goes[:2]] == [
        "a revision of which nothing else is used",
        "names the revision that goes",
    ]


def test_an_unnamed_revision_of_the_same_blobs_goes_along(home: Path) -> None:
    """It would keep the bytes from coming back; where nothing has a name, it may be the one that is used."""
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    hub_repo(home, "org/m", {"m.gguf": GGUF, "o.gguf": b"o"}, commit=B, ref=None)
    assert below(base, parts_of(home, base, "m.gguf")) == {
        f"snapshots/{A}/m.gguf", f"snapshots/{B}/m.gguf", f"blobs/{sha256(GGUF)}",
    }  # fmt: skip
    (base / "refs/main").unlink()
    assert below(base, parts_of(home, base, "m.gguf")) == {f"snapshots/{A}/m.gguf"}


def test_a_named_revision_of_the_same_blobs_keeps_them(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    hub_repo(home, "org/m", {"m.gguf": GGUF}, commit=B, ref="next")
    assert below(base, parts_of(home, base, "m.gguf")) == {f"snapshots/{A}/m.gguf"}


def test_what_a_place_that_stays_names_stays(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "mmproj.gguf": OTHER})
    goes = parts_of(home, base, "m.gguf", "mmproj.gguf", elsewhere=("mmproj.gguf",))
    assert below(base, goes) == {f"snapshots/{A}/m.gguf", f"blobs/{sha256(GGUF)}"}
    with pytest.raises(CannotRemove, match="none of its files is its alone"):
        parts_of(home, base, "mmproj.gguf", elsewhere=("mmproj.gguf",))


def test_a_settings_file_that_a_place_that_stays_names_keeps_its_revision(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "config.json": b"{}"})
    goes = below(base, parts_of(home, base, "m.gguf", elsewhere=("config.json",)))
    assert goes == {f"snapshots/{A}/m.gguf", f"blobs/{sha256(GGUF)}"}


def test_no_place_takes_nothing(home: Path) -> None:
    assert list(remove_from_hub(FoundRoot("huggingface", str(home)), [])) == []


@pytest.mark.parametrize("where", ["blobs", "snapshots", "."])
def test_nothing_goes_where_a_part_lies_aside(where: str, home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(base / where / ASIDE)
    with pytest.raises(CannotRemove, match="put it aside") as told:
        parts_of(home, base, "m.gguf")
    assert told.value.hint == "then scan again" and ASIDE in str(told.value)


def test_a_download_under_way_keeps_the_repository_folder(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(base / "blobs" / f"{'c' * 64}.1234.incomplete", b"half")
    assert below(base, parts_of(home, base, "m.gguf")) == {f"snapshots/{A}", "refs/main", f"blobs/{sha256(GGUF)}"}


def test_a_repository_with_a_folder_behind_a_link_keeps_its_folder(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    (base / "refs").rename(home / "refs-elsewhere")
    (base / "refs").symlink_to(home / "refs-elsewhere")
    goes = parts_of(home, base, "m.gguf")
    assert "." not in below(base, goes) and f"snapshots/{A}" in below(base, goes)


def test_a_long_list_of_what_stays_is_cut(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    for number in range(4):
        write(base / f"diary-{number}.md", b"mine")
    (first, *others) = parts_of(home, base, "m.gguf")
    assert first.why.endswith("what may be your own stays: diary-0.md, diary-1.md, diary-2.md …")
    assert not any("stays" in part.why for part in others)
    (base / "diary-3.md").unlink()
    assert parts_of(home, base, "m.gguf")[0].why.endswith("diary-0.md, diary-1.md, diary-2.md")


def rest(cache: Path, path: Path, kind: str = "orphan", of: str = "") -> list[Going]:
    parts = list(remove_hub_leftover(FoundRoot("huggingface", str(cache)), Leftover(kind, str(path), 1, 1, of)))  # type: ignore[arg-type]
    assert all(isinstance(part, Going) for part in parts)
    return [part for part in parts if isinstance(part, Going)]


def test_a_blob_that_nothing_names_goes_alone(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    orphan = write(base / "blobs" / ("c" * 64), b"orphan")
    assert rest(home, orphan) == [Going(str(orphan), "no revision names this blob")]
    with pytest.raises(CannotRemove, match="a revision leads to this blob now"):
        rest(home, base / "blobs" / sha256(GGUF))


def test_a_blob_that_another_repository_leads_to_is_no_orphan(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    orphan = write(base / "blobs" / ("c" * 64), b"orphan")
    other = hub_repo(home, "org/n", {"n.gguf": OTHER})
    (other / "snapshots" / A / "x.gguf").symlink_to(orphan)
    with pytest.raises(CannotRemove, match="a revision leads to this blob now"):
        rest(home, orphan)


def test_an_unused_blob_takes_its_payload_along(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER}, shared=True)
    blob = base / "blobs" / sha256(GGUF)
    (base / "snapshots" / A / "m.gguf").unlink()
    payload = os.path.realpath(blob)
    assert [part.path for part in rest(home, blob)] == [str(blob), payload, f"{payload}.refs"]
    with pytest.raises(CannotRemove, match="a repository leads to these bytes now"):
        rest(home, Path(payload))
    blob.unlink()
    assert [part.path for part in rest(home, Path(payload))] == [payload, f"{payload}.refs"]


def test_a_payload_may_be_needed_while_a_repository_is_in_doubt(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER}, shared=True)
    payload = Path(os.path.realpath(base / "blobs" / sha256(GGUF)))
    (base / "blobs" / sha256(GGUF)).unlink()
    with pytest.raises(CannotRemove, match="some of its blobs are not there"):
        rest(home, payload)
    (base / "snapshots" / A / "m.gguf").unlink()
    (home / ASIDE).mkdir()
    with pytest.raises(CannotRemove, match="put it aside"):
        rest(home, payload)
    (home / ASIDE).rmdir()
    assert [Path(part.path).name for part in rest(home, payload)] == [payload.name, f"{payload.name}.refs"]


def test_a_revision_without_a_name_goes_with_its_own_blobs(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": b"same"})
    hub_repo(home, "org/m", {"m.gguf": OTHER, "n.gguf": b"same"}, commit=B, ref=None)
    goes = rest(home, base / "snapshots" / B, "detached-revision")
    assert below(base, goes) == {f"snapshots/{B}", f"blobs/{sha256(OTHER)}"}
    write(base / "refs/next", B)
    with pytest.raises(CannotRemove, match="a branch or tag names this revision now"):
        rest(home, base / "snapshots" / B, "detached-revision")


def test_an_unnamed_revision_with_shared_bytes_takes_them_along(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF}, shared=True)
    hub_repo(home, "org/m", {"m.gguf": OTHER}, commit=B, ref=None, shared=True)
    payload = os.path.relpath(os.path.realpath(base / "blobs" / sha256(OTHER)), base)
    goes = below(base, rest(home, base / "snapshots" / B, "detached-revision"))
    assert goes == {f"snapshots/{B}", f"blobs/{sha256(OTHER)}", payload, f"{payload}.refs"}


def test_nothing_of_a_doubtful_repository_is_called_unused(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    orphan = write(base / "blobs" / ("c" * 64), b"orphan")
    write(base / "refs/next", B)
    with pytest.raises(CannotRemove, match="may name it: it names a revision that is not there"):
        rest(home, orphan)


def test_an_unfinished_download_is_one_file(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    half = write(base / "blobs" / f"{'c' * 64}.1234.incomplete", b"half")
    assert rest(home, half, "partial") == [Going(str(half), "an unfinished download")]
    assert rest(home, half, "partial", "m.gguf") == [Going(str(half), "m.gguf")]


def test_what_is_being_fetched_now_stays(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    half = write(base / "blobs" / f"{'c' * 64}.1234.incomplete", b"half")
    with open(write(home / ".locks/models--org--m" / f"{'c' * 64}.lock"), "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for act in (lambda: rest(home, half, "partial"), lambda: parts_of(home, base, "m.gguf")):
            with pytest.raises(CannotRemove, match="it is being downloaded now"):
                act()


def test_folders_too_deep_are_not_removed_unseen(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    deep = "/".join(["d"] * 16)
    write(base / "snapshots" / A / deep / "config.json", b"{}")
    assert below(base, parts_of(home, base, "m.gguf")) == {"."}
    write(base / "snapshots" / A / deep / "d/config.json", b"{}")
    with pytest.raises(CannotRemove, match="too deep: not all of it could be looked at"):
        parts_of(home, base, "m.gguf")


@pytest.mark.parametrize("name, data", [("trees/{}.json", b"{}"), (".no_exist/{}/adapter_config.json", b"")])
def test_the_librarys_own_notes_go_along(name: str, data: bytes, home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(base / name.format(A), data)
    assert below(base, parts_of(home, base, "m.gguf")) == {"."}


def test_blobs_that_nothing_names_go_with_the_last_revision(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(base / "blobs" / ("c" * 40), b"small")
    write(base / "blobs" / ("d" * 64), b"large")
    (base / "snapshots" / B).mkdir()
    assert below(base, parts_of(home, base, "m.gguf")) == {"."}


def test_a_blob_that_is_somebodys_link_is_said_to_be_one(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    blob = base / "blobs" / sha256(GGUF)
    blob.unlink()
    blob.symlink_to(write(home / "theirs.gguf", GGUF))
    goes = {part.path: part.why for part in parts_of(home, base, "m.gguf")}
    assert goes[str(blob)] == "a link in the place of its bytes: what it leads to stays"
    assert str(home / "theirs.gguf") not in goes


def test_half_a_payload_of_the_cache_wide_store_is_one_file(home: Path) -> None:
    hub_repo(home, "org/m", {"m.gguf": GGUF}, shared=True)
    half = write(home / "blobs/cc" / f"{'c' * 64}.incomplete", b"half")
    assert rest(home, half, "partial") == [Going(str(half), "an unfinished download")]


def test_another_repository_that_cannot_be_looked_through_hinders_nothing(home: Path) -> None:
    """Where it is too deep to be a repository of the library's, it leads to nothing of this one."""
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    write(home / "models--org--deep/snapshots" / "/".join(["d"] * 20) / "x", b"x")
    assert below(base, parts_of(home, base, "m.gguf")) == {"."}


def test_a_revision_that_went_meanwhile_takes_nothing(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    assert rest(home, base / "snapshots" / B, "detached-revision") == []
    assert (base / "blobs" / sha256(GGUF)).exists()


def test_a_folder_among_the_blobs_is_somebodys_and_a_link_to_one_is_a_link(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    (base / "blobs" / ("c" * 40)).symlink_to(write(home / "theirs/x").parent)
    assert below(base, parts_of(home, base, "m.gguf")) == {"."}
    write(base / "blobs" / ("d" * 40) / "thesis.docx", b"mine")
    goes = parts_of(home, base, "m.gguf")
    assert "." not in below(base, goes) and goes[0].why.endswith(f"what may be your own stays: {'d' * 40}")


def test_ones_own_file_that_was_listed_with_a_model_stays_and_is_named(home: Path) -> None:
    base = hub_repo(home, "org/m", {"m.gguf": GGUF, "n.gguf": OTHER})
    write(base / "snapshots" / A / "my-notes.txt", b"mine")
    goes = parts_of(home, base, "m.gguf", "my-notes.txt")
    assert below(base, goes) == {f"snapshots/{A}/m.gguf", f"blobs/{sha256(GGUF)}"}
    assert goes[0].why.endswith("what may be your own stays: my-notes.txt")


def test_a_revision_of_cards_alone_stays_when_another_loses_its_model(home: Path) -> None:
    """It never had weights, and nothing of it was asked for."""
    base = hub_repo(home, "org/m", {"m.gguf": GGUF})
    hub_repo(home, "org/m", {"README.md": b"# card"}, commit=B, ref="docs")
    assert below(base, parts_of(home, base, "m.gguf")) == {f"snapshots/{A}", "refs/main", f"blobs/{sha256(GGUF)}"}
