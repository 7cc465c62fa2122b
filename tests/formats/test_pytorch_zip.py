"""PyTorch's zip: every pickle in it is walked, storages are as long as the table says, and what contradicts is told."""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from torch_files import good_zip, mapping, pickled, tensor, text, torch_zip

from model_manager.formats.pickle_facts import Contents
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_values import Storage
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.pytorch_zip import bytes_of, contents_of

EVIL = pickled(b"cos\nsystem\n" + text("id") + b"\x85R")
TABLE = pickled(mapping({"w": tensor("0", (2, 3))}))
STORED = {"0": b"A" * 24}


def contents(data: bytes, limits: Limits = LIMITS) -> Contents:
    return contents_of(io.BytesIO(data), len(data), limits, Budget.of(limits))


def healths(data: bytes, limits: Limits = LIMITS) -> list[tuple[str, str]]:
    return [(one.verdict, one.detail) for one in contents(data, limits).healths]


def called(data: bytes) -> set[tuple[str, str]]:
    return {pair for pickle in contents(data).pickles for pair in pickle.called}


def archive(*entries: tuple[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as made:
        for name, content in entries:
            made.writestr(name, content)
    return out.getvalue()


def test_a_whole_file() -> None:
    found = contents(good_zip())
    assert found.kind == "torch zip" and found.healths == [] and len(found.pickles) == 1
    assert isinstance(found.value, dict) and found.value["epoch"] == 7
    assert found.pickles[0].storages == {"0": Storage("F32", "0", 6), "1": Storage("F16", "1", 4)}


@pytest.mark.parametrize(
    ("entry", "kind", "own_code"),
    [("archive/code/__torch__.py", "torchscript", "torchscript: code/"), ("archive/constants.pkl", "torchscript", "torchscript: code/"),
     ("archive/archive_format", "torch export", ""), ("archive/other", "torch zip", "")],
)  # fmt: skip
def test_which_kind_of_zip_it_is(entry: str, kind: str, own_code: str) -> None:
    found = contents(torch_zip(TABLE, STORED, {entry: pickled(b"N") if entry.endswith("pkl") else b""}))
    assert (found.kind, found.own_code) == (kind, own_code)


def test_a_zip_that_holds_nothing_of_pytorchs() -> None:
    with pytest.raises(FormatProblem, match="a zip without a PyTorch table") as caught:
        contents(archive(("a.txt", b"words")))
    assert caught.value.kind == "unknown"


def test_storages_are_compared_with_the_table() -> None:
    two = pickled(mapping({"w": tensor("0", (2, 3)), "v": tensor("1", (2, 2))}))
    assert healths(torch_zip(two, {"0": b"A" * 24, "1": b"B" * 16})) == []
    assert healths(torch_zip(two, {"0": b"A" * 23, "1": b"B" * 16})) == [
        ("corrupt", "storage 0 has 23 bytes, its tensors need 24")
    ]
    assert healths(torch_zip(two, {"0": b"A" * 24})) == [("corrupt", "1 of 2 storages is not in the zip")]
    assert healths(torch_zip(two, {})) == [("corrupt", "2 of 2 storages are not in the zip")]
    assert len(healths(torch_zip(two, {"0": b"A"}))) == 2


@pytest.mark.parametrize(
    "name", ["archive/evil", "archive/data/9", "evil.txt", "archive/extra/data.pkl", "archive/not_data.pkl"]
)
@pytest.mark.parametrize("packed", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_pickle_is_found_whatever_its_members_name(name: str, packed: int) -> None:
    data = archive(("archive/data.pkl", TABLE), ("archive/data/0", STORED["0"]), (name, EVIL), packed=packed)
    assert called(data) == {("os", "system")}


def test_a_second_pickle_in_one_member_is_walked() -> None:
    assert called(torch_zip(TABLE + EVIL, STORED)) == {("os", "system")}


def test_bytes_that_a_table_claims_are_no_pickle_though_they_look_like_one() -> None:
    evil = EVIL.ljust(24, b"\0")[:24]
    assert called(torch_zip(pickled(mapping({"w": tensor("0", (2, 3))})), {"0": evil})) == set()


def test_two_members_of_one_name_are_unsafe() -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = archive(("a/data.pkl", TABLE), ("a/data/0", STORED["0"]), ("a/data.pkl", TABLE))
    assert ("unsafe", "2 members are named 'a/data.pkl'") in healths(data)


@pytest.mark.parametrize("what", ["checksum", "size"])
def test_a_member_that_does_not_agree_with_the_directory_is_unsafe(what: str) -> None:
    data = bytearray(torch_zip(TABLE, STORED))
    at = data.index(b"PK\x01\x02")  # the directory's entry of data.pkl
    place = at + 16 if what == "checksum" else at + 24
    (value,) = struct.unpack_from("<I", data, place)
    struct.pack_into("<I", data, place, value ^ 1)
    if what == "size":
        struct.pack_into("<I", data, at + 20, value ^ 1)
    assert any(verdict in ("unsafe", "corrupt") for verdict, _ in healths(bytes(data)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lib/x.so", b"anything"),
        ("x.DLL", b""),
        ("blob", b"\x7fELF" + bytes(9)),
        ("b", b"MZ\x90\0"),
        ("c", b"\xcf\xfa\xed\xfe"),
    ],
)
def test_machine_code_is_never_passed_over(name: str, content: bytes) -> None:
    assert healths(torch_zip(TABLE, STORED, {name: content})) == [
        ("unknown", f"member '{name}' is machine code, which loading it may run")
    ]


def test_an_archive_within_is_looked_into_once() -> None:
    inner = archive(("x/evil", EVIL))
    assert called(torch_zip(TABLE, STORED, {"examples": inner})) == {("os", "system")}
    deeper = archive(("in", archive(("x/evil", EVIL))))
    assert healths(torch_zip(TABLE, STORED, {"examples": deeper})) == [
        ("unknown", "member 'in' is a zip: not looked into")
    ]
    packed = archive(("a/data.pkl", TABLE), ("a/data/0", STORED["0"]), ("in", inner), packed=zipfile.ZIP_DEFLATED)
    assert ("unknown", "member 'in' is a zip: not looked into") in healths(packed)


def test_what_is_beyond_the_limits_is_said() -> None:
    long = pickled(text("x" * 4000) + b"0" + mapping({"w": tensor("0", (2, 3))}))
    packed = archive(("a/data.pkl", long), ("a/data/0", STORED["0"]), packed=zipfile.ZIP_DEFLATED)
    assert healths(packed, Limits(header=1000)) == [
        ("unknown", f"member 'a/data.pkl' unpacks to {len(long):,} bytes: not read")
    ]
    stored = archive(("a/data.pkl", long), ("a/data/0", STORED["0"]))
    assert contents(stored, Limits(header=1000)).pickles[0].storages.keys() == {"0"}  # read where it lies


def test_a_program_of_torchscripts_is_judged() -> None:
    plain = {"archive/code/net.py": b"def forward(self, x):\n  return x\n"}
    assert healths(torch_zip(TABLE, STORED, plain)) == []
    files = {"archive/code/net.py": b"def forward(self, x):\n  return torch.save(x, '/tmp/x')\n"}
    assert healths(torch_zip(TABLE, STORED, files)) != []


def test_a_download_that_stopped_still_tells_its_table() -> None:
    whole = torch_zip(pickled(mapping({"w": tensor("0", (200, 3))})), {"0": b"A" * 2400})
    found = contents(whole[:1000])
    ((verdict, why),) = [(one.verdict, one.detail) for one in found.healths]
    assert (
        verdict == "truncated"
        and why.startswith("its tensors need over ")
        and why.endswith("bytes, the file has 1,000")
    )
    assert isinstance(found.value, dict) and found.value.keys() == {"w"}


@pytest.mark.parametrize("length", range(57, 200, 9))
def test_a_download_that_stopped_within_its_table_is_truncated_and_not_unsafe(length: int) -> None:
    found = contents(good_zip()[:length])
    assert [one.verdict for one in found.healths] == ["truncated"]
    assert [one.broken for one in found.pickles] == [""] and found.pickles[0].cut


def test_a_cut_zip_that_begins_with_something_else_tells_nothing() -> None:
    found = contents(archive(("a.txt", b"words" * 99))[:200])
    assert (found.kind, found.value, found.pickles) == ("torch zip", None, [])


@pytest.mark.parametrize(
    ("dtype", "count", "size"), [("F32", 6, 24), ("BF16", 3, 6), ("C128", 2, 32), ("", 7, 7), ("BOOL", 5, 5)]
)
def test_bytes_of_a_storage(dtype: str, count: int, size: int) -> None:
    assert bytes_of(Storage(dtype, "0", count)) == size


def test_several_tables_are_each_compared() -> None:
    second = pickled(mapping({"v": tensor("5", (2,))}))
    data = archive(("a/data.pkl", TABLE), ("a/data/0", STORED["0"]), ("b/data.pkl", second), ("b/data/5", b"B" * 7))
    assert healths(data) == [("corrupt", "storage 5 has 7 bytes, its tensors need 8")]
    assert isinstance(contents(data).value, dict)


def test_a_checksum_that_both_entries_agree_on_and_the_bytes_do_not_is_unsafe() -> None:
    data = bytearray(torch_zip(TABLE, STORED))
    for place in (14, data.index(b"PK\x01\x02") + 16):  # of data.pkl: its own header, the directory
        struct.pack_into("<I", data, place, 1)
    assert ("unsafe", "member 'archive/data.pkl' does not agree with its size or checksum") in healths(bytes(data))
