"""Archives are offered only when each file that they list lies unpacked beside them, with its size."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from conformance import env_of, facts
from factory import gguf_bytes, tree, write, zipped

from model_manager.stores.adapters import BY_TOOL
from model_manager.stores.discovered import FoundRoot, Leftover
from model_manager.stores.parts import CannotRemove
from model_manager.stores.walk.archives import is_unpacked
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree

GGUF = gguf_bytes(seed=51)
FILES: Mapping[str, bytes] = {"m.gguf": GGUF, "conf/words.txt": b"words"}


def tarred(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def told(home: Path) -> list[Leftover]:
    return [item for item in describe_tree(str(home), StoreReader(facts), Plain()) if isinstance(item, Leftover)]


@pytest.mark.parametrize("within", ["", "pack/"])
@pytest.mark.parametrize(("ending", "packed"), [(".zip", zipped), (".tar", tarred)])
def test_all_of_it_is_there(
    ending: str, packed: Callable[[Mapping[str, bytes]], bytes], within: str, home: Path
) -> None:
    """Archives begin with a folder of their own, or are unpacked into one."""
    data = packed({within + name: text for name, text in FILES.items()})
    tree(home, {f"pack{ending}": data, **{f"pack/{name}": text for name, text in FILES.items()}, "pack/more.txt": "x"})
    (rest,) = told(home)
    assert (rest.kind, os.path.basename(rest.path), rest.size) == ("archive", f"pack{ending}", len(data))
    (part,) = BY_TOOL["folder"].removal.leftover(FoundRoot("folder", str(home)), rest, env_of(home))
    assert part.path == rest.path  # type: ignore[union-attr]
    (home / "pack/m.gguf").unlink()
    with pytest.raises(CannotRemove, match="may be the only copy"):
        list(BY_TOOL["folder"].removal.leftover(FoundRoot("folder", str(home)), rest, env_of(home)))


HELD = {**FILES, "photos.tar": b"holiday"}
BAD: dict[str, bytes] = {
    "something else is in it": zipped(HELD), "another size": zipped({**FILES, "m.gguf": GGUF + b"x"}), "not one": b"PK" * 90,
    "empty": zipped({}), "leads out": zipped({**FILES, "../pack/m.gguf": GGUF}), "absolute": zipped({**FILES, "/etc/passwd": b""}),
    "two in a row": zipped(HELD) + b"y" * 90_000 + zipped(FILES), "hidden before it": b"y" * 200_000 + zipped(FILES),
    "too many": zipped({f"{number}.txt": b"" for number in range(6_000)}), "cut short": zipped(FILES)[:-30],
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_what_is_not_all_there_is_left_alone(what: str, home: Path) -> None:
    tree(home, {"pack.zip": BAD[what], **{f"pack/{name}": text for name, text in FILES.items()}})
    assert told(home) == []


def test_a_tar_that_goes_on_behind_a_damaged_header_is_left_alone(home: Path) -> None:
    whole = bytearray(tarred({**FILES, "photos.bin": os.urandom(40_000)}))
    at = whole.index(b"photos.bin")
    whole[at : at + 8] = b"\xff" * 8
    tree(home, {"pack.tar": bytes(whole), **{f"pack/{name}": text for name, text in FILES.items()}})
    assert told(home) == []


@pytest.mark.parametrize("ending", [".tar.gz", ".tgz", ".7z", ".rar", ".tar.xz"])
def test_what_cannot_be_listed_without_unpacking_is_left_alone(ending: str, home: Path) -> None:
    tree(home, {f"pack{ending}": b"x" * 90, "pack/m.gguf": GGUF})
    assert told(home) == []


def test_a_file_of_holes_and_a_link_are_no_unpacked_files(home: Path) -> None:
    big = b"\1" * 3_000_000
    write(home / "pack.zip", zipped({"big.bin": big}))
    file = write(home / "pack/big.bin", b"")
    os.truncate(file, len(big))
    assert not is_unpacked(str(home / "pack.zip"))
    file.write_bytes(big)
    assert is_unpacked(str(home / "pack.zip"))
    file.rename(home / "elsewhere.bin")
    file.symlink_to(home / "elsewhere.bin")
    assert not is_unpacked(str(home / "pack.zip"))


def test_a_huge_table_of_contents_is_not_read_to_its_end(home: Path) -> None:
    """A bomb of names: bounded in bytes and time."""
    import time

    data = zipped({"n" * 60_000 + str(number): b"" for number in range(400)})
    tree(home, {"pack.zip": data, "pack/m.gguf": GGUF})
    begun = time.monotonic()
    assert not is_unpacked(str(home / "pack.zip")) and time.monotonic() - begun < 1
