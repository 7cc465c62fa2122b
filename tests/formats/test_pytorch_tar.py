"""Files that PyTorch reads as a tar: whatever else they are, what the tar holds is judged."""

from __future__ import annotations

import io
import struct
import tarfile

import pytest

from model_manager.base.facts import Facts
from model_manager.formats.sniff import facts_of
from model_manager.formats.tar_members import opens_as_tar
from tests.formats.torch_files import MAGIC, mapping, number, pickled, tar, tensor, text

EVIL = pickled(b"cos\nsystem\n" + text("touch ran") + b"\x85R")
PLAIN = pickled(number(0))


def facts(content: bytes, name: str = "model.pt") -> Facts:
    return facts_of(io.BytesIO(content), len(content), name)


def header(start: bytes, size: int, spelled: str = "%06o\0 ") -> bytes:
    """A tar's first block, whose name field is whatever `start` is."""
    block = bytearray(start.ljust(100, b"\0").ljust(512, b"\0"))
    block[100:136] = b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size
    block[136:148] = b"00000000000\0"
    block[156:157] = b"0"
    block[148:156] = b" " * 8
    block[148:156] = (spelled % sum(block)).encode().ljust(8, b"\0")
    return bytes(block)


def both(front: bytes, inside: dict[str, bytes], spelled: str = "%06o\0 ") -> bytes:
    """A tar with `inside`, whose first block is also the beginning of pickles: a text swallows the rest of the block,
    a storage the rest of the file."""
    opening = b"\x80\x02}X\1\0\0\0kX"
    fill = 512 - len(front) - len(opening) - 4
    rest = tar(inside) + b"\7" * 512
    storage = tensor("0", (len(rest) + 512,), "ByteStorage", legacy=True)
    body = b"s" + text("w") + storage + b"s." + pickled(b"]" + text("0") + b"a") + struct.pack("<q", len(rest) + 512)
    pad = -len(body) % 512
    body = body.replace(number(len(rest) + 512), number(len(rest) + pad)) + b"\1" * pad
    return header(front + opening + struct.pack("<I", fill), len(body), spelled) + body + rest


LEGACY = MAGIC + pickled(number(1001)) + pickled(b"}")
PARTS = {"storages": EVIL, "tensors": EVIL, "pickle": EVIL}


def test_a_tar_that_is_a_checkpoint_too_is_never_good() -> None:
    for inside in (PARTS, {"storages": PLAIN, "tensors": PLAIN, "pickle": PLAIN}, {"readme": b"text"}):
        for front in (LEGACY, b""):
            for name in ("model.pt", "model.pth", "model.ckpt", "pytorch_model.bin", "model.pkl"):
                content = both(front, inside)
                with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
                    assert archive.getnames()[1:] == list(inside)
                health = facts(content, name).health
                assert health.verdict == "unsafe", (name, health)
        if inside is PARTS:
            assert "os.system" in facts(both(LEGACY, inside)).code


@pytest.mark.parametrize("spelled", ["0o%o", "%o", "  %o", "0%07o", "%06o\0x", "+%o"])
def test_a_checksum_as_python_spells_it(spelled: str) -> None:
    content = both(LEGACY, PARTS, spelled)
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
        assert "pickle" in archive.getnames()
    assert facts(content).health.verdict == "unsafe"


def test_checksums_of_other_kinds() -> None:
    block = bytearray(header(b"name\xff\xfe", 0))
    total = sum(block) - sum(block[148:156]) + 256
    for digits in (b"\x80" + total.to_bytes(7, "big"), b"%06o\0 " % (total - 512)):
        block[148:156] = digits
        tarfile.TarInfo.frombuf(bytes(block), "utf-8", "surrogateescape")
        assert opens_as_tar(bytes(block))
    for digits in (b"\xff" * 8, b"%06o\0 " % (total + 1), b"99999999", b"\xfe" * 8):
        block[148:156] = digits
        with pytest.raises(tarfile.HeaderError):
            tarfile.TarInfo.frombuf(bytes(block), "utf-8", "surrogateescape")
        assert not opens_as_tar(bytes(block))


def test_a_tar_whose_first_member_is_another_is_read_too() -> None:
    assert facts(tar({"readme": b"text", **PARTS})).health.verdict == "unsafe"
    assert facts(tar({"readme": b"text"})).health.verdict == "unknown"


def test_a_table_that_begins_as_no_pickle_does() -> None:
    odd = b"I1\n0" + EVIL[2:]
    found = facts(tar({"sys_info": pickled(b"}"), "pickle": pickled(b"}"), "storages": odd}))
    assert found.health.verdict == "unsafe"


def test_members_that_readers_may_take_from_elsewhere() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in (("pickle", pickled(b"}")), ("pickle", pickled(mapping({"a": number(1)})))):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    assert facts(out.getvalue()).health.verdict == "unsafe"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("pickle"))
        link = tarfile.TarInfo("storages")
        link.type, link.linkname = tarfile.SYMTYPE, "/models/evil"
        archive.addfile(link)
    assert facts(out.getvalue()).health.verdict != "good"


def test_a_record_that_says_another_size_is_believed_as_python_believes_it() -> None:
    """What lies behind the size in the header is read as a part of the member, and what follows it is the next one."""
    evil = header(b"storages", len(EVIL)) + EVIL.ljust(512, b"\0")
    for size in (512, 512 + len(evil)):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            entry = tarfile.TarInfo("sys_info")
            entry.size, entry.pax_headers = len(PLAIN), {"size": str(size)}
            archive.addfile(entry, io.BytesIO(PLAIN))
        start = out.getvalue().rstrip(b"\0")
        whole = start.ljust(-(-len(start) // 512) * 512, b"\0") + evil + bytes(1024)
        packed = header(b"pickle", len(PLAIN)) + PLAIN.ljust(512, b"\0") + whole
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            read = archive.getnames()
        assert (facts(packed).health.verdict == "unsafe") == ("storages" in read), size
