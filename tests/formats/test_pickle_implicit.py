"""Pickles that run code without calling it: each is really loaded, in a child, and each is told."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest

from model_manager.base.facts import Facts
from model_manager.formats.sniff import facts_of
from tests.formats.test_pickle_facts import STRANGE, called, made, named
from tests.formats.torch_files import mapping, number, pickled, tensor, text, torch_zip

RUN = named("payload.run")
COMMAND = text("touch ran #")
SHELL = named("_osx_support._read_output")  # of Python itself: runs its argument in a shell
PAYLOAD = """
import os
def run(*args, **more):
    os.system("touch ran")
class Kind:
    def __new__(cls, *args):
        run()
        return object.__new__(cls)
    def append(self, one):
        run()
class Asked:
    replace = keys = staticmethod(run)
"""
SPACE = named("argparse.Namespace") + b")\x81"
SIMPLE = named("types.SimpleNamespace") + b")R"
COUNTER = named("collections.Counter") + b")\x81"
ORDERED = named("collections.OrderedDict") + b")R"


def spelled(key: str) -> bytes:
    """A key that is made by a call, so that it is written nowhere as a key."""
    return called("builtins.str", text(key))


def put(key: bytes, value: bytes = SHELL) -> bytes:
    """BUILD with a state of one entry."""
    return b"}" + key + value + b"sb"


def space(attribute: str, value: bytes = RUN) -> bytes:
    return SPACE + put(text(attribute), value)


def pairs(key: str, value: bytes = SHELL) -> bytes:
    return b"](" + text(key) + value + b"\x86e"


LATER = b"q\x01" + text("append") + SHELL + b"s0h\x00" + COMMAND + b"a"
ATTACKS = {
    "a method in the state": space("append", SHELL) + COMMAND + b"a",
    "a table by inheritance as state": SPACE + COUNTER + text("append") + SHELL + b"sb" + COMMAND + b"a",
    "an ordered table as state": SPACE + ORDERED + text("append") + SHELL + b"sb" + COMMAND + b"a",
    "a called table as state": SPACE + called("builtins.dict", pairs("append")) + b"b" + COMMAND + b"a",
    "a called tuple as state": SPACE
    + called("builtins.tuple", b"](N}" + text("append") + SHELL + b"se") + b"b" + COMMAND + b"a",
    "a spelled key": SPACE + put(spelled("append")) + COMMAND + b"a",
    "a key from bytes": SPACE
    + put(named("builtins.str") + b"C\x06append" + text("ascii") + b"\x86R") + COMMAND + b"a",
    "a key of Python 2": SPACE + put(b"T\x06\0\0\0append") + COMMAND + b"a",
    "add, spelled": SPACE + put(spelled("add")) + b"(" + COMMAND + b"\x90",
    "extend, spelled": SIMPLE + put(spelled("extend"), RUN) + b"(" + COMMAND + b"e",
    "setstate, spelled": SPACE + put(spelled("__setstate__")) + COMMAND + b"b",
    "setstate in a table by inheritance": SPACE + COUNTER + text("__setstate__") + SHELL + b"sb" + COMMAND + b"b",
    "slots, spelled": SPACE + b"N}" + spelled("append") + SHELL + b"s\x86b" + COMMAND + b"a",
    "the attributes' own table": SPACE + b"q\x00N}" + text("__dict__") + b"}q\x01s\x86b0h\x01" + LATER[2:],
    "the own table of an ordered dict": ORDERED + b"q\x00N}" + text("__dict__") + b"}q\x01s\x86b0h\x01" + LATER[2:],
    "attributes of an ordered dict": ORDERED + put(spelled("append")) + COMMAND + b"a",
    "attributes of a counter": COUNTER + put(spelled("extend"), RUN) + b"(" + COMMAND + b"e",
    "attributes of an exception": named("builtins.ValueError") + b")R" + put(spelled("append")) + COMMAND + b"a",
    "attributes behind many": ORDERED
    + b"}(" + b"".join(text(f"a{count}") + b"N" for count in range(300)) + spelled("append") + SHELL + b"ub" + COMMAND + b"a",
    "two spelled keys": SPACE + b"}" + spelled("append") + SHELL + b"s" + spelled("x") + b"Nsb" + COMMAND + b"a",
    "pairs from a table's keys": SPACE
    + called("builtins.dict", called("builtins.list", b"}" + text("append") + SHELL + b"\x86Ns")) + b"b" + COMMAND + b"a",
    "another's class": SPACE + b"N}" + spelled("__class__") + named("payload.Kind") + b"s\x86b" + COMMAND + b"a",
    "a known maker as method": SPACE
    + put(spelled("append"), named("copyreg.__newobj__")) + named("payload.Kind") + b"a",
    "keys of a dict's argument": called("builtins.dict", space("keys")),
    "keys of an ordered dict's argument": called("collections.OrderedDict", space("keys")),
    "keys of a default dict's argument": named("collections.defaultdict") + b"N" + space("keys") + b"\x86R",
    "keys of a base's argument": named("copyreg._reconstructor")
    + named("builtins.dict") + named("builtins.dict") + space("keys") + b"\x87R",
    "keys, by OBJ": b"(" + named("builtins.dict") + space("keys") + b"o",
    "keys, by INST": b"(" + space("keys") + b"i" + named("builtins.dict")[1:],
    "replace of an UUID's argument": called("uuid.UUID", space("replace")),
    "replace, spelled": called("uuid.UUID", SPACE + put(spelled("replace"), RUN)),
    "a class's own replace": called("uuid.UUID", named("payload.Asked")),
    "a class's own keys": called("builtins.dict", named("payload.Asked")),
    "the list in a user's list": made("collections.UserList", mapping({"data": space("extend")})) + COMMAND + b"a",
    "the list in a user's list, extended": made(
        "collections.UserList", mapping({"data": SPACE + put(spelled("extend"), RUN)})
    ) + b"(" + COMMAND + b"e",
    "a partial's computed state": called(
        "builtins.dict",
        SPACE + put(text("keys"), called("functools.partial", named("builtins.int"))
        + called("builtins.tuple", b"](" + RUN + b")}Ne") + b"b"),
    ),
}  # fmt: skip


def facts(content: bytes) -> Facts:
    return facts_of(io.BytesIO(content), len(content), "model.pt")


@pytest.mark.skipif(sys.platform == "win32", reason="the harmless command is touch")
@pytest.mark.parametrize("kind", ATTACKS)
def test_what_runs_without_a_call_is_told(kind: str, tmp_path: Path) -> None:
    (tmp_path / "payload.py").write_text(PAYLOAD, encoding="utf-8")
    content = pickled(ATTACKS[kind], 4)
    load = "import io, pickle, sys; sys.path.insert(0, ''); pickle.load(io.BytesIO(sys.stdin.buffer.read()))"
    subprocess.run([sys.executable, "-c", load], input=content, cwd=tmp_path, capture_output=True, check=False)
    assert (tmp_path / "ran").exists(), "this one runs nothing: it proves nothing"
    for found in (facts(content), facts(torch_zip(content, {}))):
        assert found.health.verdict in ("unknown", "unsafe"), found
        assert STRANGE in found.health.detail or found.health.verdict == "unsafe"


OPTIMIZER = made("torch.optim.adamw.AdamW", mapping({"defaults": space("setdefault")}))
FAMILIAR = {
    "an optimizer's defaults": OPTIMIZER,
    "an optimizer's own step": made("torch.optim.adamw.AdamW", mapping({"_patch_step_function": RUN})),
    "a layer's parts": made("torch.nn.modules.linear.Linear", mapping({"_non_persistent_buffers_set": space("discard")})),
    "a list of layers": made("torch.nn.modules.container.ModuleList", mapping({"add_module": RUN})) + COMMAND + b"a",
    "a dict whose entries are attributes": named("lightning_fabric.utilities.data.AttributeDict")
    + b")\x81" + spelled("append") + RUN + b"s" + COMMAND + b"a",
    "setstate among such entries": named("pytorch_lightning.utilities.parsing.AttributeDict")
    + b")\x81" + text("__setstate__") + RUN + b"sNb",
    "a familiar function as method": SPACE + put(spelled("append"), named("timm.models.create_model")) + COMMAND + b"a",
    "a method left for who loads it": SPACE + put(spelled("append")),
    "the same, by its own table": SPACE + b"N}" + text("__dict__") + put(text("append"))[:-1] + b"s\x86b",
    "a parameter's data": called("torch.nn.parameter.Parameter", space("detach")),
    "a place of a storage": b"(" + text("storage") + named("torch.FloatStorage") + text("0") + space("startswith") + number(2) + b"tQ",
    "a part of an entry": named("builtins.getattr")
    + named("lightning_fabric.utilities.data.AttributeDict") + b")\x81" + text("x") + RUN + b"s" + text("x") + b"\x86R",
    "keywords of NEWOBJ_EX": named("uuid.UUID") + b")" + mapping({"hex": space("replace")}) + b"\x92",
    "a tensor's attributes": tensor("0", (2,)) + put(spelled("append")) + COMMAND + b"a",
}  # fmt: skip


@pytest.mark.parametrize("kind", FAMILIAR)
def test_so_is_what_only_other_libraries_run(kind: str) -> None:
    found = facts(torch_zip(pickled(FAMILIAR[kind], 4), {"0": b"\1" * 8}))
    assert found.health.verdict in ("unknown", "unsafe"), found


HARMLESS = {
    "a function among arguments": space("func", named("train.main")),
    "arguments in arguments": space("inner", space("func", named("train.main"))),
    "functions in a list": b"](" + named("train.main") + named("mine.loss") + b"e",
    "classes in a set": called("builtins.set", b"](" + named("mine.A") + named("mine.B") + b"e"),
    "functions in an ordered dict": ORDERED + text("loss") + named("mine.loss") + b"s",
    "the same, of Python 2": called("collections.OrderedDict", b"](](" + text("loss") + named("mine.loss") + b"ee"),
    "a table by function": b"}" + named("mine.loss") + number(2) + b"s",
    "hyper-parameters": named("lightning_fabric.utilities.data.AttributeDict")
    + b")\x81(" + text("loss") + named("mine.loss") + text("optimizer") + named("torch.optim.adamw.AdamW") + b"u",
    "an activation": made("torch.nn.modules.transformer.TransformerEncoderLayer", mapping({"activation": named("torch.nn.functional.relu")})),
    "a fused layer": made("ultralytics.nn.modules.conv.Conv", mapping({"forward": named("__builtin__.getattr")
    + made("ultralytics.nn.modules.conv.Conv") + text("forward_fuse") + b"\x86R"})),
    "a kind of layer": made("timm.models.vision_transformer.Block", mapping({"norm_layer": named("torch.nn.modules.normalization.LayerNorm")})),
    "metadata of a state dict": ORDERED + text("w") + tensor("0", (2,)) + b"s" + mapping({"_metadata": ORDERED}) + b"b"
    + b"0" + space("func", named("train.main")),
    "an array beside a function": b"(" + named("train.main") + named("numpy.core.multiarray.scalar")
    + named("numpy.dtype") + text("f8") + b"\x89\x88\x87R(K\x03" + text("<") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    + b"C\x08" + bytes(8) + b"\x86Rt",
    "a queue": named("collections.deque") + b")K\x03\x86R" + number(2) + b"a",
}  # fmt: skip


@pytest.mark.parametrize("kind", HARMLESS)
def test_a_name_that_is_only_kept_accuses_nobody(kind: str) -> None:
    table = pickled(mapping({"w": tensor("0", (2,)), "more": HARMLESS[kind]}))
    found = facts(torch_zip(table, {"0": b"\1" * 8}))
    assert found.health.verdict == "good", found


def test_looking_for_names_ends() -> None:
    """Each call's argument holds all that came before."""
    body = (
        named("mine.loss") + b"0]q\0" + b"".join(b"h\0" + called("builtins.str", b"h\0") + b"a0" for _ in range(10_000))
    )
    started = time.process_time()
    found = facts(pickled(body + b"N"))
    assert time.process_time() - started < 1.0 or sys.gettrace()
    assert found.health.verdict == "unknown"
