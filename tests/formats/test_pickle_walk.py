"""Malicious pickles of every kind are told; harmless ones are not accused; nothing takes long."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import pickle_names
from model_manager.formats.pickle_reader import Budget
from model_manager.formats.pickle_walk import walk
from model_manager.formats.problem import LIMITS, FormatProblem, Limits
from model_manager.formats.sniff import facts_of
from model_manager.formats.state_dict import state_dict
from tests.formats.torch_files import good_legacy, good_zip, mapping, pickled, tensor, text, torch_zip


def _short(value: str) -> bytes:
    return b"\x8c" + bytes([len(value)]) + value.encode()


CALL = _short("id") + b"\x85R"
EVIL = b"\x80\x04" + _short("os") + _short("system") + b"\x93" + CALL + b"."
NPY = (
    b"\x93NUMPY\x01\x00" + struct.pack("<H", 70) + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(70)
)


def _zip(entries: dict[str, bytes], packed: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def _patched(content: bytes, find: bytes, skip: int, value: bytes, last: bool = False) -> bytes:
    at = (content.rfind(find) if last else content.find(find)) + skip
    return content[:at] + value + content[at + len(value) :]


HONEST = _zip({"archive/data.pkl": pickled(b"}")})
NESTED = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}." + EVIL + b"\x80\x02]." + b"\0" * 300
INNER = struct.pack("<I", len(NESTED)) + NESTED
TWICE = _zip({"archive/data.pkl": pickled(b"}"), "archive/Data.pkl": EVIL}).replace(b"Data", b"data")

MALICIOUS = {
    "global": b"\x80\x02cos\nsystem\n" + text("id") + b"\x85R.",
    "protocol 0": b"cos\nsystem\n(S'id'\ntR.",
    "posix": b"\x80\x02cposix\nsystem\n" + text("id") + b"\x85R.",
    "python 2 eval": b"\x80\x02c__builtin__\neval\n" + text("1") + b"\x85R.",
    "stack global": EVIL,
    "stack global through memo": b"\x80\4" + _short("os") + b"\x940" + _short("system") + b"\x940h\0h\1\x93.",
    "stack global, escaped text": b"\x80\x04S'\\x6fs'\nV\\u0073ystem\n\x93" + CALL + b".",
    "stack global, computed": b"\x80\x04ccollections\nCounter\n)R" + _short("system") + b"\x93" + CALL + b".",
    "inst": b"(S'id'\nios\nsystem\n.",
    "obj": b"\x80\x02(cos\nsystem\n" + text("id") + b"o.",
    "newobj": b"\x80\x02csubprocess\nPopen\n" + text("id") + b"\x85\x81.",
    "newobj ex": b"\x80\x04csubprocess\nPopen\n" + text("id") + b"\x85}\x92.",
    "behind stop": pickled(b"}") + EVIL,
    "behind two stops": pickled(b"}") + pickled(b"N") + EVIL,
    "ext1": b"\x80\x02\x82\x01)R.",
    "ext2": b"\x80\x02\x83\x01\x02)R.",
    "ext4": b"\x80\x02\x84\x01\x02\x03\x04)R.",
    "persid": b"(cos\nsystem\n" + text("id") + b"\x85RQ.",
    "getattr": b"\x80\x02cbuiltins\ngetattr\nctorch\nTensor\n" + text("__globals__") + b"\x86R.",
    "getattr to os": b"\x80\x02cbuiltins\ngetattr\nctorch.serialization\nos\n" + text("system") + b"\x86R.",
    "getattr handed on": b"\x80\x02cfunctools\npartial\ncbuiltins\ngetattr\n\x85R.",
    "getattr kept": b"\x80\x02cbuiltins\ngetattr\n.",
    "dotted": b"\x80\x04" + _short("torch") + _short("serialization.os.system") + b"\x93" + CALL + b".",
    "dunder": b"\x80\x04" + _short("collections") + _short("OrderedDict.__init__") + b"\x93.",
    "build changes a global": b"\x80\x02ctorch._utils\n_rebuild_tensor\nN" + mapping({"x": b"N"}) + b"\x86b.",
    "runpy": b"\x80\x02crunpy\n_run_code\n)R.",
    "pickle in pickle": b"\x80\x02c_pickle\nloads\nC\x01.\x85R.",
    "import": b"\x80\x02cimportlib\nimport_module\n" + text("x") + b"\x85R.",
    "network": b"\x80\x02crequests.api\nget\n" + text("x") + b"\x85R.",
    "socket": b"\x80\x02csocket\nsocket\n)R.",
    "browser": b"\x80\x02cwebbrowser\nopen\n" + text("x") + b"\x85R.",
    "ctypes": b"\x80\x02cctypes\nCDLL\n)R.",
    "attrgetter": b"\x80\x02coperator\nattrgetter\n)R.",
    "pip": b"\x80\x02cpip._internal\nmain\n)R.",
    "torch.load": b"\x80\x02ctorch\nload\n)R.",
    "torch.hub": b"\x80\x02ctorch.hub\nload\n)R.",
    "cpp extension": b"\x80\x02ctorch.utils.cpp_extension\nload\n)R.",
    "numpy.load": b"\x80\x02cnumpy\nload\n)R.",
    "numpy runstring": b"\x80\x02cnumpy.testing._private.utils\nrunstring\n)R.",
    "file in a tensor": b"\x80\4ctorch.storage\n_load_from_bytes\nB" + INNER + b"\x85R.",
    "computed file in a tensor": b"\x80\x04ctorch.storage\n_load_from_bytes\nN\x85R.",
    "cut off": EVIL[:-4],
    "cut off before the name": b"\x80\x04\x95\x10\0\0\0\0\0\0\0" + _short("o"),
    "junk behind the call": EVIL[:-1] + b"\xff\xff",
    "behind many steps": b"\x80\x04" + b"N0" * 200_000 + b"cposix\nsystem\n)R.",
    "zip": _zip({"archive/data.pkl": EVIL}),
    "zip, deflated": _zip({"archive/data.pkl": EVIL}, zipfile.ZIP_DEFLATED),
    "zip, wrong extension": _zip({"archive/data.pkl": pickled(b"}"), "archive/data.txt": EVIL}),
    "zip, only a wrong extension": _zip({"data.txt": EVIL}),
    "zip, another pickle": _zip({"archive/data.pkl": pickled(b"}"), "config.pkl": EVIL}),
    "zip, second table": _zip({"archive/data.pkl": pickled(b"}"), "other/data.pkl": EVIL}),
    "zip in zip": _zip({"archive/data.pkl": pickled(b"}"), "archive/inner.bin": _zip({"x/data.pkl": EVIL})}),
    "zip, bad checksum": _patched(HONEST, pickled(b"}"), 2, b"]"),
    "zip, checksums differ": _patched(HONEST, b"PK\x03\x04", 14, b"\1\2\3\4"),
    "zip, encrypted (directory)": _patched(HONEST, b"PK\x01\x02", 8, b"\1"),
    "zip, encrypted (member)": _patched(HONEST, b"PK\x03\x04", 6, b"\x41"),
    "zip, patched data": _patched(HONEST, b"PK\x01\x02", 8, b"\x20\x20"),
    "zip, method": _patched(HONEST, b"PK\x01\x02", 10, b"\x0c"),
    "zip, two names": _patched(HONEST, b"archive/data.pkl", 0, b"archive/dato.pkl"),
    "zip, offset": _patched(HONEST, b"PK\x01\x02", 42, b"\5"),
    "zip, directory elsewhere": _patched(HONEST, b"PK\x05\x06", 16, b"\1\0\0\0"),
    "zip, count": _patched(HONEST, b"PK\x05\x06", 10, b"\7"),
    "zip, same name twice": TWICE,
    "legacy": good_legacy().replace(b"ccollections\nOrderedDict\n", b"cos\nsystem\n"),
    "behind legacy": good_legacy() + EVIL,
    "npy of objects": NPY + EVIL,
    "npz of objects": _zip({"x.npy": NPY + EVIL}),
    "npz of objects, deflated": _zip({"x.npy": NPY + EVIL}, zipfile.ZIP_DEFLATED),
    "npz beside a pickle": _zip({"x.npy": NPY + b"\x80\x02N.", "y.txt": EVIL}),
}  # fmt: skip


@pytest.mark.parametrize("name", MALICIOUS)
def test_malicious(name: str) -> None:
    content = MALICIOUS[name]
    for suffix in ("x.npz",) if "np" in name[:3] else ("x.pt", "x.ckpt"):
        found = facts_of(io.BytesIO(content), len(content), suffix)
        assert found.health.verdict == "unsafe", (name, found)
        assert "safe" not in found.health.detail.replace("unsafe", "")


def test_the_code_is_named() -> None:
    found = facts_of(io.BytesIO(EVIL), len(EVIL), "x.pt")
    assert found.code == ("os.system",)
    assert "os.system" in found.health.detail


def test_names_that_neither_run_nor_are_known_are_code() -> None:
    content = b"\x80\x02cultralytics.nn.tasks\nDetectionModel\n)\x81cargparse\nNamespace\n)\x81\x86."
    found = facts_of(io.BytesIO(content), len(content), "yolo.pt")
    assert (found.health.verdict, found.code) == ("good", ("ultralytics.nn.tasks.DetectionModel",))


def test_getattr_of_a_known_name_is_the_name_it_leads_to() -> None:
    content = b"\x80\x02c__builtin__\ngetattr\nctorch.nn.modules.block\nC2f\n" + text("forward_split") + b"\x86R."
    found = facts_of(io.BytesIO(content), len(content), "yolo.pt")
    assert (found.health.verdict, len(found.code)) == ("good", 2)


@pytest.mark.parametrize("name", ["os.system", "eval"])
def test_texts_that_only_look_bad_are_harmless(name: str) -> None:
    content = torch_zip(
        pickled(mapping({name: tensor("0", (2,)), "cos\nsystem\n": text("subprocess")})), {"0": b"\1" * 8}
    )
    assert facts_of(io.BytesIO(content), len(content), "x.pt").health.verdict == "good"


def test_the_table_of_names() -> None:
    for module, name in pickle_names.KNOWN:
        assert not pickle_names.runs(module, name)
    for full in ("os.system", "nt.system", "shutil.rmtree", "torch.hub.load", "builtins.compile", "sys.modules"):
        assert pickle_names.runs(*full.rsplit(".", 1)), full
    for full in ("builtins.ValueError", "my.model.Net", "fairseq.data.Dictionary", "torch.nn.modules.conv.Conv2d"):
        assert not pickle_names.runs(*full.rsplit(".", 1)), full


MANY = 1_000_000
BOMBS = {
    "lists": b"\x80\x04" + b"]" * MANY,
    "dicts and memo": b"\x80\x04" + b"}\x94" * MANY,
    "marks": b"\x80\x04" + b"(" * MANY,
    "copies": b"\x80\x04]" + b"2" * MANY,
    "doubling tuples": b"\x80\x04)" + b"2\x86" * MANY + b".",
    "calls": b"\x80\x02cx\ny\n" + b")R" * MANY,
    "texts": b"\x80\x04" + (b"\x8c\xff" + b"a" * 255) * 60_000,
    "names": b"\x80\x04" + b"".join(b"cmod%d\nname\n" % number for number in range(100_000)),
    "claims": b"\x80\x04\x8d" + b"\xff" * 8 + b"a",
    "digits": b"\x80\x02(I" + b"9" * 100_000 + b"\n.",
    "laughs": b"\x80\x04]\x94"
    + b"".join(b"]\x94(" + (b"j" + struct.pack("<I", number)) * 9 + b"e" for number in range(200))
    + b".",
    "itself": b"\x80\x04]\x94(" + b"h\x00" * 9 + b"e.",
    "zip": _zip({"archive/data.pkl": b"\x80\x02" + b"N" * 30_000_000}, zipfile.ZIP_DEFLATED),
    "zips": _zip(
        {"archive/data.pkl": pickled(b"}")}
        | {f"archive/{n}": b"\x80\x02B\0\0\xa0\0" + b"\0" * 0xA00000 + b"." for n in range(8)},
        zipfile.ZIP_DEFLATED,
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_end_soon_and_small(name: str) -> None:
    content = BOMBS[name]
    started = time.process_time()
    found = facts_of(io.BytesIO(content), len(content), "x.pkl")
    spent = time.process_time() - started
    assert found.health.detail
    assert spent < 1.0 or sys.gettrace()  # 0.2 s where measured; others run beside it, coverage is slower
    tracemalloc.start()
    facts_of(io.BytesIO(content), len(content), "x.pkl")
    held = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert held < 64 * 1024 * 1024


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300))
def test_the_walker_never_fails(content: bytes) -> None:
    walk(io.BytesIO(b"\x80\x04" + content), 0, len(content) + 2, Budget.of(LIMITS))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([bytes([code]) for code in b"(012NR)}]abdelopqstu\x81\x85\x86\x87\x88\x90\x91\x93\x94Q"]))
)
def test_any_order_of_opcodes_ends(codes: list[bytes]) -> None:
    content = b"\x80\x04" + b"".join(codes) + b"."
    facts_of(io.BytesIO(content), len(content), "x.pkl")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(_VALUES, st.integers(0, 5))
def test_every_pickle_of_plain_data_is_walked_to_its_end(value: object, protocol: int) -> None:
    content = pickle.dumps(value, protocol=protocol)
    found = walk(io.BytesIO(content), 0, len(content), Budget.of(LIMITS))
    assert (found.broken, found.beyond, found.end) == ("", "", len(content))
    assert all(pickle_names.known(*pair) for pair in found.names)


@pytest.mark.parametrize("protocol", range(6))
def test_long_texts_are_no_fault(protocol: int) -> None:
    content = pickle.dumps({"a": "x" * 300_000, "b": b"y" * 300_000}, protocol=protocol)
    found = walk(io.BytesIO(content), 0, len(content), Budget.of(LIMITS))
    assert (found.broken, found.end) == ("", len(content))


def test_good_files_name_no_code() -> None:
    for content in (good_zip(), good_legacy()):
        assert facts_of(io.BytesIO(content), len(content), "x.pt").code == ()


def walked(body: bytes):  # type: ignore[no-untyped-def]
    content = pickled(body)
    return walk(io.BytesIO(content), 0, len(content), Budget.of(LIMITS))


def test_items_set_on_an_object_are_followed() -> None:
    """Trainers' own containers are dicts and lists by inheritance: what is put into them are weights too."""
    own = b"ctrainer.state\nOwn\n)\x81"
    found = walked(own + b"(" + text("w") + tensor("0", (2, 3)) + b"u")
    assert list(state_dict(found.value, LIMITS).weights) == ["w"]
    found = walked(own + b"(" + tensor("0", (2, 3)) + tensor("1", (4,)) + b"e")
    assert list(state_dict(found.value, LIMITS).weights) == ["0", "1"]
    found = walked(own + b"N}" + text("w") + tensor("0", (2, 3)) + b"s\x86b")
    assert found.broken == "" and list(state_dict(found.value, LIMITS).weights) == []
    found = walked(own + b"}" + text("w") + tensor("0", (2, 3)) + b"sN\x86b")
    assert list(state_dict(found.value, LIMITS).weights) == ["w"]


def test_a_getattr_of_something_computed_is_told() -> None:
    """What it gives cannot be known without doing it; of something named it is that thing's part."""
    body = b"c__builtin__\ngetattr\n(c__builtin__\ngetattr\n(NNtR" + text("x") + b"tR"
    assert walked(body).names == {("?", "getattr of something computed")}
    content = pickled(b"c__builtin__\ngetattr\n(cposix\nsystem\n" + text("__call__") + b"tR(" + text("id") + b"tR")
    told = facts_of(io.BytesIO(content), len(content), "x.pkl").health
    assert told.verdict == "unsafe" and "system" in told.detail


def test_more_tensors_than_are_followed() -> None:
    table = mapping({f"t{n}": tensor("0", (2, 3)) for n in range(4)})
    found = walked(table)
    assert len(state_dict(found.value, LIMITS).weights) == 4
    with pytest.raises(FormatProblem, match="lists 4 tensors, over the limit of 2") as told:
        state_dict(found.value, Limits(tensors=2))
    assert told.value.kind == "unknown"
