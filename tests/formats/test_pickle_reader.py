"""One budget for all that one file holds: many small readings cost no more than a large one."""

from __future__ import annotations

import io
import struct
import sys
import time
import warnings
import zipfile
from collections.abc import Callable

import pytest

from model_manager.formats.pickle_reader import LONGEST_LINE, Broken, Budget, Cut, Reader
from model_manager.formats.problem import LIMITS
from model_manager.formats.sniff import facts_of
from tests.formats.torch_files import mapping, number, pickled, tar, text, torch_legacy, torch_zip

SMALL = pickled(mapping({"a": number(1)}))
SEARCHED = pickled(b"cmine\nloss\n0]q\0" + b"".join(b"h\0cbuiltins\nstr\nh\0\x85Ra0" for _ in range(1_000)) + b"N", 4)
PADDED = pickled(b"N0" * 160_000 + b"N") + b"x" * 100_000


def npy(content: bytes, kind: str = "|O") -> bytes:
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': (1,), }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(head)) + head.encode() + content


def zipped(count: int, name: Callable[[int], str], content: bytes, packed: bool = True) -> bytes:
    out = io.BytesIO()
    method = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(out, "w", method) as archive:
        for at in range(count):
            archive.writestr(name(at), content)
    return out.getvalue()


def array(at: int) -> str:
    return f"a{at}.npy"


STORAGE = torch_legacy(mapping({}), {})
INNER = b"ctorch.storage\n_load_from_bytes\nB" + struct.pack("<I", len(STORAGE)) + STORAGE + b"\x85R0"
MANY = {
    "arrays of objects": ("x.npz", zipped(1_900, array, npy(pickled(b"]" + text("x") + b"a")))),
    "stored arrays of objects": ("x.npz", zipped(1_900, array, npy(pickled(b"]" + text("x") + b"a")), False)),
    "more arrays": ("x.npz", zipped(4_000, array, npy(pickled(b"]" + text("x") + b"a")))),
    "tables": ("x.pt", zipped(2_000, lambda at: f"a{at}/data.pkl", SMALL)),
    "pickles": ("x.pt", zipped(2_000, lambda at: f"a{at}/x.pkl", SMALL)),
    "equal members": ("x.pt", zipped(60_000, lambda at: "a/data/1" if at else "a/data.pkl", b"h", False)),
    "archives": ("x.pt", torch_zip(SMALL, {}, {f"a{at}.bin": zipped(4, lambda n: f"{n}/data.pkl", SMALL) for at in range(300)})),
    "searches": ("x.npz", zipped(40, array, npy(SEARCHED))),
    "padded pickles": ("x.npz", zipped(40, array, npy(PADDED))),
    "storages in pickles": ("x.npz", zipped(40, array, npy(pickled(INNER * 500 + b"N", 4)))),
}  # fmt: skip


@pytest.mark.parametrize("kind", MANY)
def test_many_small_ones_end_early_and_are_not_good(kind: str) -> None:
    name, content = MANY[kind]
    started = time.process_time()
    found = facts_of(io.BytesIO(content), len(content), name)
    assert time.process_time() - started < 1.2 or sys.gettrace()
    assert found.health.verdict in ("unknown", "unsafe"), found
    assert found.health.detail


def test_what_comes_behind_the_budget_is_not_called_good() -> None:
    """Names that are met once nothing is looked at any more count as called."""
    first = npy(
        pickled(b"cmine\nloss\n0]q\0" + b"".join(b"h\0cbuiltins\nstr\nh\0\x85Ra0" for _ in range(2_000)) + b"N", 4)
    )
    last = npy(pickled(b"ctorch.optim.adamw\nAdamW\n)\x81}" + text("x") + b"cevil\nrun\nsb", 4))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.npy", first)
        archive.writestr("b.npy", last)
    found = facts_of(io.BytesIO(out.getvalue()), len(out.getvalue()), "x.npz")
    assert found.health.verdict == "unknown" and "evil.run" in found.health.detail


def test_usual_archives_stay_good() -> None:
    for content in (
        zipped(300, array, npy(pickled(b"]" + text("x") + b"a"))),
        zipped(1_500, array, npy(b"\1\1\1\1", "<f4")),
    ):
        assert facts_of(io.BytesIO(content), len(content), "x.npz").health.verdict == "good"


def test_checkpoints_within_one_archive_share_it() -> None:
    config = {"model_config.yaml": b"target: nemo.collections.asr.models.EncDecCTCModel\n"}
    content = tar({**config, **{f"{at}.pkl": SEARCHED for at in range(30)}})
    started = time.process_time()
    found = facts_of(io.BytesIO(content), len(content), "x.nemo")
    assert time.process_time() - started < 1.2 or sys.gettrace()
    assert found.health.verdict != "good"


def test_a_line_that_the_files_end_cuts_is_cut_and_one_that_goes_on_is_broken() -> None:
    for length in (1, 50, LONGEST_LINE - 1):
        with pytest.raises(Cut, match="ends in the middle"):
            Reader(io.BytesIO(b"x" * length), 0, length, Budget.of(LIMITS)).line()
    for length in (LONGEST_LINE, LONGEST_LINE + 1):
        with pytest.raises(Broken, match="does not end within 4,096 bytes"):
            Reader(io.BytesIO(b"x" * length), 0, length, Budget.of(LIMITS)).line()
    assert Reader(io.BytesIO(b"os\nx"), 0, 4, Budget.of(LIMITS)).line() == "os"
