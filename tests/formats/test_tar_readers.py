"""Tars that readers may read differently: what Python's own reader would take out of one is seen here, or the tar is refused."""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import warnings

import pytest
from headers import read
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats.problem import LIMITS, FormatProblem
from model_manager.formats.tar_members import members, plain_name
from tests.formats.torch_files import good_zip

CONFIG = b"target: nemo.collections.asr.models.EncDecCTCModel\n"
RUNS = CONFIG + b"x:\n  _target_: os.system\n"
EVIL = b"\x80\x02cposix\nsystem\nX\1\0\0\0x\x85R."


def header(name: bytes, size: int, kind: bytes = b"0", **fields: bytes) -> bytes:
    """One header block with a right checksum; `fields` overwrite: digits of the size, prefix, magic, link."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:124] = b"0000644\0".ljust(24, b"0")
    block[124:136] = fields.get("digits", b"%011o\0" % size).ljust(12, b"\0")[:12]
    block[136:148] = b"00000000000\0"
    block[156:157] = kind
    block[157 : 157 + len(fields.get("link", b""))] = fields.get("link", b"")
    block[257:265] = fields.get("magic", b"ustar\x0000")
    block[345 : 345 + len(fields.get("prefix", b""))] = fields.get("prefix", b"")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def member(name: bytes, content: bytes, kind: bytes = b"0", **fields: bytes) -> bytes:
    return header(name, len(content), kind, **fields) + content + bytes(-len(content) % 512)


def record(key: bytes, value: bytes) -> bytes:
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def pax(*records: bytes, kind: bytes = b"x") -> bytes:
    return member(b"pax", b"".join(records), kind)


def nemo(*more: bytes) -> bytes:
    begin = member(b"model_config.yaml", CONFIG) + member(b"model_weights.ckpt", good_zip())
    return begin + b"".join(more) + bytes(1024)


HIDDEN = member(b"model_config.yaml", RUNS) + member(b"model_weights.ckpt", EVIL)
TOLD = {
    **{f"kind {kind}": nemo(member(b"model_config.yaml", RUNS, kind.encode())) for kind in "7AVZDMN"},
    "a global path": nemo(pax(record(b"path", b"model_config.yaml"), kind=b"g"), member(b"x", RUNS)),
    "two paths": nemo(pax(record(b"path", b"notes.txt"), record(b"path", b"model_config.yaml")), member(b"x", RUNS)),
    "a path in a comment": nemo(
        pax(record(b"comment", b"5 path=notes.txt"), record(b"path", b"model_config.yaml")), member(b"x", RUNS)
    ),
    "a path behind a size": nemo(
        pax(record(b"comment", b"x\n18 path=notes.txt"), record(b"path", b"model_config.yaml")), member(b"x", RUNS)
    ),
    "a size of its own": nemo(pax(record(b"size", b"512")), member(b"tokenizer.model", b"x" * 512 + HIDDEN)),
    "a global size": nemo(pax(record(b"size", b"512"), kind=b"g"), member(b"tokenizer.model", b"x" * 512 + HIDDEN)),
    "a folder with bytes": nemo(member(b"folder/", HIDDEN, b"5")),
    "an old folder with bytes": nemo(member(b"folder/", HIDDEN, b"\0")),
    "a link with bytes": nemo(member(b"vocab.txt", HIDDEN, b"2", link=b"other.txt")),
    "a pipe with bytes": nemo(member(b"pipe", HIDDEN, b"6")),
    "a prefix": nemo(member(b"x.yaml", RUNS, prefix=b"configs"), member(b".bashrc", b"x", prefix=b"../..")),
    "a long name with a NUL": nemo(member(b"././@LongLink", b"model_config.yaml\0x.txt\0", b"L"), member(b"x", RUNS)),
    "two long names": nemo(
        member(b"././@LongLink", b"x.yaml\0", b"L"), member(b"././@LongLink", b"x.txt\0", b"L"), member(b"x", RUNS)
    ),
    "a long name and a path": nemo(
        pax(record(b"path", b"x.yaml")), member(b"././@LongLink", b"x.txt\0", b"L"), member(b"x", RUNS)
    ),
    "records behind their end": nemo(
        header(b"pax", len(record(b"a", b"b")), b"x")
        + (record(b"a", b"b") + record(b"path", b"model_config.yaml")).ljust(512, b"\0"),
        member(b"x", RUNS),
    ),
    "a name behind its end": nemo(
        header(b"././@LongLink", 8, b"L") + b"notes.txt.yaml".ljust(512, b"\0"), member(b"x", RUNS)
    ),
    "records of Solaris": nemo(pax(record(b"path", b"model_config.yaml"), kind=b"X"), member(b"x", RUNS)),
    "holes": nemo(member(b"x.yaml", RUNS, b"S")),
    "a size behind a NUL": nemo(member(b"tokenizer.model", HIDDEN, digits=b"\0%010o" % len(HIDDEN))),
    "a negative size": nemo(member(b"tokenizer.model", HIDDEN, digits=b"\xff" * 12)),
    "a link that takes its name": nemo(
        member(b"notes.txt", RUNS), header(b"model_config.yaml", 0, b"1", link=b"notes.txt")
    ),
    "a long link": nemo(member(b"././@LongLink", b"/etc/passwd\0", b"K"), header(b"vocab.txt", 0, b"2")),
    "a link by a record": nemo(pax(record(b"linkpath", b"/etc/passwd")), header(b"vocab.txt", 0, b"2", link=b"x")),
    "a name with steps": nemo(member(b".//./model_config.yaml/", RUNS)),
}


@pytest.mark.parametrize("kind", TOLD)
def test_a_tar_that_readers_read_differently_is_not_good(kind: str) -> None:
    health = read(TOLD[kind], "x.nemo").health
    assert health.verdict in ("unknown", "unsafe"), health
    assert health.detail


def test_what_the_reader_sees_under_every_kind_is_judged_by_what_it_is() -> None:
    """These are no riddles: the second configuration is read, and what it runs is named."""
    for kind in ("kind 7", "kind A", "kind V", "two paths", "a path in a comment", "a name with steps"):
        found = read(TOLD[kind], "x.nemo")
        assert (found.health.verdict, found.code) == ("unsafe", ("os.system",)), (kind, found.health)


@pytest.mark.parametrize(
    "content",
    [
        nemo(member(b"folder/", b"", b"5"), member(b"folder/vocab.txt", b"a")),
        nemo(pax(record(b"mtime", b"1.5"), record(b"path", b"x/" * 90 + b"vocab.txt")), member(b"vocab.txt", b"a")),
        nemo(pax(record(b"comment", b"made by git"), kind=b"g"), member(b"vocab.txt", b"a")),
        nemo(pax(record(b"size", b"3")), member(b"vocab.txt", b"abc")),
        nemo(pax(record(b"size", b"3")), member(b"vocab.txt", b"abc", digits=b"00000000000\0")),
        nemo(pax(record(b"hdrcharset", b"BINARY"), record(b"path", b"vocab-\xff.txt")), member(b"x", b"abc")),
        nemo(member(b"././@LongLink", b"a/" * 90 + b"vocab.txt\0", b"L", magic=b"ustar  \0"), member(b"x", b"abc")),
        nemo(member(b"vocab.txt", b"a", prefix=b"tokenizers/a")),
        nemo(header(b"vocab.txt", 0, b"2", link=b"other.txt")),
    ],
)
def test_what_honest_writers_make_is_good(content: bytes) -> None:
    health = read(content, "x.nemo").health
    assert health.verdict == "good", health


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_what_python_itself_writes_is_good(form: int) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in (
            ("./model_config.yaml", CONFIG),
            ("./model_weights.ckpt", good_zip()),
            ("./" + "a" * 90 + "/" + "b" * 60, b"text"),
        ):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime = len(content), 12.5 if form == tarfile.PAX_FORMAT else 12
            archive.addfile(entry, io.BytesIO(content))
    assert read(out.getvalue(), "x.nemo").health.verdict == "good"


def test_a_second_stream_in_a_packed_archive() -> None:
    """Python's gzip goes on with the next stream, which holds members that the first one's end hides."""
    first, second = nemo()[:-1024], member(b"more.yaml", RUNS) + bytes(1024)
    assert read(gzip.compress(first + bytes(1024)), "x.nemo").health.verdict == "good"
    assert read(gzip.compress(first) + gzip.compress(second), "x.nemo").health.verdict != "good"


def test_a_packed_archive_with_a_broken_header_is_not_good() -> None:
    content = nemo()[:-1024] + b"x" * 512 + member(b"more.yaml", RUNS) + bytes(1024)
    assert read(gzip.compress(content), "x.nemo").health.verdict != "good"


@pytest.mark.parametrize("kind", [b"1", b"2", b"3", b"6"])
def test_the_oldest_torch_files_hold_no_links(kind: bytes) -> None:
    parts = [member(name, b"\x80\x02K\0.") for name in (b"storages", b"tensors")]
    whole = b"".join([*parts, member(b"pickle", b"\x80\x02}.")]) + bytes(1024)
    assert read(whole, "x.pt").health.verdict == "good"
    linked = b"".join([*parts, header(b"pickle", 0, kind, link=b"/tmp/x")]) + bytes(1024)
    assert read(linked, "x.pt").health.verdict in ("unknown", "unsafe")


def test_what_the_oldest_torch_files_unpickle_is_walked_whatever_it_looks_like() -> None:
    hidden = b"I0\n0" + b"N0" * 300 + EVIL[2:]
    for name in (b"storages", b"tensors", b"pickle"):
        parts = [
            member(one, hidden if one == name else b"\x80\x02K\0.")
            for one in (b"sys_info", b"storages", b"tensors", b"pickle")
        ]
        assert read(b"".join(parts) + bytes(1024), "x.pt").health.verdict == "unsafe", name


_WORDS = st.sampled_from(
    [b"model_config.yaml", b"./a.yaml", b"x/", b"a//b", b"notes.txt", b"model_weights.ckpt", b"a" * 100, b"x\0y"]
)
_SIZES = st.sampled_from(
    [
        b"",
        b"00000000003",
        b"00000001000\0",
        b"\0" + b"0" * 9 + b"7",
        b"\x80" + bytes(9) + b"\2\0",
        b"\xff" * 12,
        b" 10 ",
    ]
)
_KEYS = st.sampled_from(
    [b"path", b"size", b"linkpath", b"comment", b"hdrcharset", b"GNU.sparse.name", b"GNU.sparse.major", b"uid"]
)
_VALUES = st.sampled_from([b"512", b"0", b"a.yaml", b"x/", b"1", b"5 path=z", b"x\n10 path=q", b"", b"BINARY", b"-512"])
_RECORDS = st.one_of(st.builds(record, _KEYS, _VALUES), st.sampled_from([b"12 size=512", b"99 path=a\n", b"\0", b"x"]))


@st.composite
def _pieces(draw: st.DrawFn) -> bytes:
    kind = draw(
        st.sampled_from([b"0", b"\0", b"1", b"2", b"5", b"6", b"7", b"A", b"S", b"L", b"K", b"x", b"g", b"X", b"V"])
    )
    content = draw(st.binary(max_size=40) | st.just(member(b"within", b"hidden")) | _WORDS)
    if kind in (b"x", b"g", b"X"):
        content = b"".join(draw(st.lists(_RECORDS, max_size=3)))
    fields = {}
    if draw(st.integers(0, 3)) == 0:
        fields["digits"] = draw(_SIZES)
    if draw(st.integers(0, 4)) == 0:
        fields["prefix"] = draw(_WORDS)
    if draw(st.booleans()):
        fields["magic"] = draw(st.sampled_from([b"ustar  \0", b"ustar\x0000", bytes(8)]))
    whole = member(draw(_WORDS), content, kind, **fields)
    if draw(st.integers(0, 9)) == 0:
        whole = whole[:-1] + b"x"
    return whole


@settings(max_examples=400, deadline=None)
@given(
    st.lists(_pieces(), min_size=1, max_size=6),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), max_size=2),
)
def test_what_pythons_reader_takes_out_is_seen(pieces: list[bytes], changes: list[tuple[int, int]]) -> None:
    content = bytearray(b"".join(pieces) + bytes(1024))
    for at, value in changes:
        content[at % len(content)] = value
    links: list[tuple[str, str]] = []
    try:
        ours = {
            (one.name, bytes(content[one.start : one.start + one.size]))
            for one in members(io.BytesIO(content), len(content), LIMITS, links)
        }
    except FormatProblem:
        return  # told: the file is not good
    for name, data, link in _taken(bytes(content)):
        if link is None:
            assert (plain_name(name), data) in ours
        else:
            assert (plain_name(name), link) in links


def _taken(content: bytes) -> list[tuple[str, bytes, str | None]]:
    """The files and links that Python's reader finds, with what they hold."""
    found: list[tuple[str, bytes, str | None]] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # What was found before an error counts.
        with (
            contextlib.suppress(tarfile.TarError, ValueError, OSError),
            tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive,
        ):
            for entry in archive:
                if entry.islnk() or entry.issym():
                    found.append((entry.name, b"", entry.linkname))
                elif entry.isreg() or entry.type not in tarfile.SUPPORTED_TYPES:
                    data = content[entry.offset_data : entry.offset_data + entry.size] if entry.size >= 0 else b""
                    found.append((entry.name, data, None))
    return found
