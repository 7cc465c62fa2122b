"""PyTorch's containers: names, shapes, types, and what is wrong with a file."""

from __future__ import annotations

import csv
import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import Facts
from model_manager.formats import pytorch
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.sniff import facts_of
from tests.formats.torch_files import (
    good_legacy,
    good_zip,
    mapping,
    number,
    pickled,
    tar,
    tensor,
    text,
    torch_legacy,
    torch_zip,
)

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"


def facts(content: bytes, name: str = "model.pt") -> Facts:
    return facts_of(io.BytesIO(content), len(content), name)


def claims(found: Facts) -> dict[str, object]:
    return {claim.field: claim.value for claim in found.claims if claim.field != "tag"}


def tags(found: Facts) -> set[object]:
    return {claim.value for claim in found.claims if claim.field == "tag"}


def test_a_torch_zip() -> None:
    found = facts(good_zip())
    assert found.format == "pickle"
    assert (found.health.verdict, found.health.detail) == ("good", "names only code that PyTorch itself counts as safe")
    assert [(share.dtype, share.elements, share.bytes) for share in found.shares] == [("F32", 6, 24), ("F16", 4, 8)]
    assert found.metadata["epoch"] == 7
    assert found.metadata["pickle.kind"] == "torch zip"
    assert claims(found)["parameters"] == 10


def test_a_legacy_file() -> None:
    found = facts(good_legacy())
    assert (found.health.verdict, tags(found)) == ("good", {"torch legacy"})
    assert [(share.dtype, share.bytes) for share in found.shares] == [("F32", 24)]


def test_a_legacy_file_that_was_cut_is_truncated() -> None:
    found = facts(good_legacy()[:-5])
    assert found.health.verdict == "truncated"
    assert "5 missing" in found.health.detail


def test_a_second_pickle_behind_a_legacy_file_is_seen() -> None:
    assert "posix.system" in facts(good_legacy() + b"\x80\x02cposix\nsystem\n.").code


def test_a_zip_without_its_end_is_truncated_and_still_tells_its_tensors() -> None:
    found = facts(good_zip()[:330])
    assert found.health.verdict == "truncated"
    whole = good_zip()
    cut = facts(whole[: whole.index(b"PK\x01\x02")])
    assert cut.health.verdict == "truncated"
    assert claims(cut)["parameters"] == 10


def test_a_storage_of_another_size_is_corrupt() -> None:
    table = pickled(mapping({"w": tensor("0", (2, 3))}))
    assert facts(torch_zip(table, {"0": b"\1" * 20})).health.verdict == "corrupt"
    assert facts(torch_zip(table, {})).health.verdict == "corrupt"


def test_a_tensor_larger_than_its_storage_cannot_be_read() -> None:
    body = tensor("0", (2, 3)).replace(number(2) + number(3) + b"t", number(9) + number(9) + b"t")
    assert facts(torch_zip(pickled(body), {"0": b"\1" * 24})).health.verdict == "unsafe"


def test_torchscript_is_a_tag_and_its_program_is_code() -> None:
    table = pickled(b"c__torch__.Model\nModel\n)\x81" + mapping({"w": tensor("0", (2,))}) + b"b")
    found = facts(torch_zip(table, {"0": b"\1" * 8}, {"archive/code/__torch__.py": b"class Model: pass"}))
    assert found.health.verdict == "good"
    assert found.code == ("torchscript: code/",)
    assert "torchscript" in tags(found)
    assert claims(found)["parameters"] == 2


def test_what_a_checkpoint_keeps_of_its_training_is_no_weight() -> None:
    state = mapping({"state": mapping({"exp_avg": tensor("1", (5,))}), "param_groups": b"]"})
    table = pickled(mapping({"model": mapping({"w": tensor("0", (2,))}), "optimizer": state}))
    found = facts(torch_zip(table, {"0": b"\1" * 8, "1": b"\1" * 20}))
    assert claims(found)["parameters"] == 2
    assert sum(share.bytes for share in found.shares) == 28
    assert "training-state" in tags(found)


@pytest.mark.parametrize(
    "body",
    [
        mapping({"state": b"}", "param_groups": b"]"}),
        mapping({"last_epoch": number(1), "_step_count": number(2)}),
        mapping({"python": b"N", "numpy": b"N", "cpu": tensor("0", (2,), "ByteStorage")}),
        b"ctransformers.training_args\nTrainingArguments\n)\x81"
        + mapping({"output_dir": text("x"), "per_device_train_batch_size": number(8)})
        + b"b",
    ],
)
def test_training_leftovers(body: bytes) -> None:
    assert "training-leftover" in tags(facts(torch_zip(pickled(body), {"0": b"\1\1"})))


def test_names_of_a_pickled_module_are_those_of_its_state_dict() -> None:
    layer = b"ctorch.nn.modules.linear\nLinear\n)\x81" + mapping(
        {"_parameters": mapping({"weight": tensor("0", (2, 2))}), "_modules": b"}"}
    )
    body = b"cmine\nModel\n)\x81" + mapping({"_modules": mapping({"head": layer + b"b"}), "training": b"\x89"}) + b"b"
    found = facts(torch_zip(pickled(body), {"0": b"\1" * 16}))
    assert found.health.verdict == "unknown"
    assert found.health.detail == "calls code that this program does not know: mine.Model"
    assert found.code == ("mine.Model", "torch.nn.modules.linear.Linear")
    assert claims(found)["parameters"] == 4


def test_the_oldest_files_are_tars() -> None:
    found = facts(tar({"sys_info": pickled(b"}"), "pickle": pickled(b"}"), "storages": pickled(number(0))}))
    assert (found.health.verdict, tags(found)) == ("good", {"torch tar"})
    assert facts(tar({"sys_info": pickled(b"}"), "pickle": pickled(b"cos\nsystem\n)R")})).health.verdict == "unsafe"


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_of_every_protocol_is_good(protocol: int) -> None:
    value = OrderedDict(a=[1, 2.5, None, True, 2**70, -1], b={"x": (1, 2, 3, 4)}, c={1, 2}, d=b"\0" * 600, e="é" * 300)
    found = facts(pickle.dumps(value, protocol=protocol), "x.pkl")
    assert (found.format, found.health.verdict, found.code) == ("pickle", "good", ())


@pytest.mark.parametrize(
    "head",
    [
        b"GGUF\3\0\0\0",
        b"lmgg\0\0\0\0",
        b"\x08\x07\x12\x07pytorch",
        b"\x00" * 64,
        b"PK\x03\x04" + b"\0" * 22 + struct.pack("<HH", 9, 0) + b"image.png",
        b"PK\x03\x04" + b"\0" * 22 + struct.pack("<HH", 13, 0) + b"metadata.json",
    ],
)
def test_other_formats_are_left_alone(head: bytes) -> None:
    assert not pytorch.matches(head.ljust(512, b"\0"))


def test_text_under_a_checkpoints_name_is_unknown() -> None:
    assert facts(b"hello, this is not a model at all", "x.ckpt").health.verdict == "unknown"


def test_only_the_directory_and_the_table_of_a_large_file_are_read(tmp_path: Path) -> None:
    table = pickled(mapping({"w": tensor("0", (1 << 20,))}))
    path = tmp_path / "big.pt"
    path.write_bytes(torch_zip(table, {"0": b"\1" * (4 << 20)}))
    with open(path, "rb", buffering=0) as file:
        read = 0

        class Counting(io.RawIOBase):
            def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
                nonlocal read
                count = file.readinto(buffer)
                read += count or 0
                return count or 0

            def seek(self, offset: int, whence: int = 0) -> int:
                return file.seek(offset, whence)

        found = pytorch.read(Counting(), path.stat().st_size, LIMITS)  # type: ignore[arg-type]
    assert found.health.verdict == "good"
    assert read < 200_000


def test_beyond_the_limits_is_unknown() -> None:
    zipped = torch_zip(pickled(b"}"), {str(number): b"" for number in range(50)})
    health = pytorch.read(io.BytesIO(zipped), len(zipped), Limits(members=10)).health
    assert (health.verdict, "52 members, over the limit of 10" in health.detail) == ("unknown", True)
    opcodes = pytorch.read(io.BytesIO(pickled(b"N0" * 50)), 103, Limits(opcodes=20)).health
    assert opcodes.verdict == "unknown"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_files_raise_only_format_problems(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([good_zip(), good_legacy()])))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    damaged = bytes(content[:cut]) if data.draw(st.booleans()) else bytes(content)
    try:
        pytorch.read(io.BytesIO(damaged), len(damaged), LIMITS)
    except FormatProblem:
        pass


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the reference corpus is not beside the project")
@pytest.mark.parametrize(
    ("file", "tensors", "first"),
    [
        ("pth/VAE-approx-model.pt", 16, "F32"),
        ("pth/candle-test.pt", 1, "I64"),
        ("pth/lpips-v0.1-alex.pth", 5, "F32"),
        ("pth/taef2_encoder.pth", 79, "F16"),
        ("ti/learned_embeds-fastai.bin", 1, "F32"),
        ("tts/kokoro-af_heart.pt", 1, "F32"),
    ],
)
def test_the_corpus(file: str, tensors: int, first: str) -> None:
    with open(CORPUS / "manifest.tsv", newline="") as table:
        row = next(row for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE) if row["file"] == file)
    path = str(CORPUS / file)
    with open(path, "rb", buffering=0) as opened:
        found = facts_of(opened, os.path.getsize(path), os.path.basename(path))
    assert found.format == row["format"].split("-")[0] == "pickle"
    assert found.health.verdict == row["health"]
    assert found.metadata["pickle.tensor_count"] == tensors
    assert found.shares[0].dtype == first


def test_a_plain_zip_without_pickles_is_unknown() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert facts(out.getvalue(), "x.pt").health.verdict == "unknown"
    assert facts(out.getvalue(), "x.zip").format == "unknown"


def test_legacy_storages_that_no_tensor_names_are_corrupt() -> None:
    content = torch_legacy(mapping({"w": tensor("1", (2,), legacy=True)}), {"2": (2, b"\1" * 8)})
    assert facts(content).health.verdict == "corrupt"


def test_machine_code_in_a_package_is_never_good() -> None:
    """What torch's inductor packs is loaded as a library."""
    table = pickled(mapping({"w": tensor("0", (2,))}))
    for name, content in (("archive/data/aotinductor/model.so", b"x"), ("archive/extra/plain.txt", b"\x7fELF\2\1\1")):
        found = facts(torch_zip(table, {"0": b"\1" * 8}, {name: content})).health
        assert (found.verdict, "is machine code, which loading it may run" in found.detail) == ("unknown", True)
