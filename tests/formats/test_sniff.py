"""What lies under a model's name and is none: told by its content, whatever the suffix."""

from __future__ import annotations

import io
import os
import pickle
import random
import zipfile
from collections import OrderedDict
from pathlib import Path

import pytest
from factory import gguf_bytes, tree

from model_manager.base.facts import Facts
from model_manager.formats.pickle_head import looks_like_pickle, may_be_pickle
from model_manager.formats.sniff import facts_of
from model_manager.stores.discovered import FoundModel
from model_manager.stores.walk.plain import Plain
from model_manager.stores.walk.store_reader import StoreReader
from model_manager.stores.walk.tree import describe_tree
from tests.formats.torch_files import good_zip

SUFFIXES = (".bin", ".pt", ".pth", ".ckpt", ".onnx", ".gguf", ".safetensors", ".pkl", ".h5", ".keras", ".nemo")
LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 497774208\n"
PAGE = "a web page saved under a model's name: download it again"
ERROR = "an error message saved under a model's name: download it again"
NO_MODEL = {
    "pointer": (LFS, "a Git LFS pointer: the model itself was not downloaded (run `git lfs pull`)"),
    "page": (b"<!DOCTYPE html><html><head><title>Sign in</title>", PAGE),
    "page after a comment": (b"<!-- saved -->\n<html lang=en>" + b"x" * 90_000, PAGE),
    "page with a mark": (b"\xef\xbb\xbf\r\n<HTML>", PAGE),
    "page after a long comment": (b"<!--" + b"x" * 9_000 + b"--><html>", PAGE),
    "bucket's answer": (b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', PAGE),
    "error": (b'{"error": "Repository not found"}', ERROR),
    "failure": (b'{ "success" : false, "error": 1 }', ERROR),
    "detail": (b'{"detail":"Not Found"}', ERROR),
    "entry": (b"Entry not found", ERROR),
    "gated": (b"Access to model meta-llama/Llama-2 is restricted.", ERROR),
    "login": (b"Invalid username or password.", ERROR),
    "status": (b"404: Not Found", ERROR),
}


class Runs:
    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("true",)


def facts(content: bytes, name: str) -> Facts:
    return facts_of(io.BytesIO(content), len(content), name)


@pytest.mark.parametrize("kind", NO_MODEL)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_downloads_that_failed(kind: str, suffix: str) -> None:
    content, why = NO_MODEL[kind]
    found = facts(content, "pytorch_model" + suffix)
    assert (found.health.verdict, found.health.detail) == ("not-a-model", why)


@pytest.mark.parametrize("value", [[Runs()], {"a": Runs()}, (Runs(), 1), Runs(), ["x" * 9_000, Runs()], [1.5, Runs()]])
@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("suffix", [".bin", ".pt", ".ckpt", ".pth", ".pkl"])
def test_pickles_of_every_protocol_and_name(value: object, protocol: int, suffix: str) -> None:
    content = pickle.dumps(value, protocol)
    unmarked = content[2:] if protocol > 1 else b"I1\n0" + content
    longer = b"V" + b"x" * 9_000 + b"\n0" + content
    for one in (content, unmarked, b"N0" + unmarked, b"(((" + unmarked, *((longer,) if protocol < 2 else ())):
        found = facts(one, "pytorch_model" + suffix)
        assert (found.format, found.health.verdict) == ("pickle", "unsafe"), one[:40]


@pytest.mark.parametrize("protocol", range(6))
def test_harmless_pickles_named_bin(protocol: int) -> None:
    for value in (OrderedDict(a=1), {"a": [1, 2], "b": "x" * 5_000}, [1, "two", None]):
        found = facts(pickle.dumps(value, protocol), "x.bin")
        assert (found.format, found.health.verdict) == ("pickle", "good")


def test_files_of_other_programs_are_not_taken_for_models() -> None:
    chance = random.Random(7)
    files = [
        b"\x7fELF\2\1\1" + bytes(500), b"MZ" + bytes(600), bytes(4096), b"\xff" * 4096, b"#!/bin/sh\necho hello\n",
        b"Version 1\ncopyright holder\nsome one\n", b"I am a text\nof two lines\n", b"{}", b"(a list)", b"N.\n",
        b"\x89PNG\r\n\x1a\n" + bytes(90), b"class Foo:\n    pass\n", b"GIF89a" + bytes(90), b"RIFF" + bytes(90),
    ]  # fmt: skip
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("readme.txt", "hello")
    files += [zipped.getvalue(), *(chance.randbytes(600) for _ in range(500))]
    known = [one for one in files if facts(one, "x.bin").format != "unknown"]
    assert len(known) <= 1, known  # chance makes one of 5,000 begin like a pickle
    assert not any(looks_like_pickle(one[:512]) for one in files[:15])
    assert facts(b'<?xml version="1.0"?><settings/>', "x.xml").format == "unknown"


def test_a_checkpoint_that_was_packed_anew_is_known_by_its_directory() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, zipfile.ZipFile(io.BytesIO(good_zip())) as whole:
        archive.writestr("archive/", "")
        for one in whole.infolist():
            archive.writestr(one.filename, whole.read(one))
    found = facts(packed.getvalue(), "pytorch_model.bin")
    assert (found.format, found.health.verdict, len(found.shares)) == ("pickle", "good", 2)


def test_what_goes_on_behind_the_head() -> None:
    assert may_be_pickle(b"X\xff\xff\0\0" + b"a" * 500) and not may_be_pickle(b"\x7fELF") and not may_be_pickle(b"")


def test_they_are_listed_in_folders_of_the_user(home: Path) -> None:
    folder = home / "AI"
    tree(folder, {
        "page/pytorch_model.bin": NO_MODEL["page"][0], "pointer/model.bin": LFS, "error/x.bin": NO_MODEL["entry"][0],
        "text/pytorch_model.bin": pickle.dumps([Runs()], 0), "plain.bin": pickle.dumps(OrderedDict(a=1), 0),
        "firmware.bin": b"\5" * 300, "empty.bin": b"", "noise.bin": bytes(range(256)), "settings.xml": b"<?xml version='1.0'?><a/>",
        "m.gguf": gguf_bytes(seed=1),
    })  # fmt: skip
    read: dict[str, Facts] = {}

    def look_into(path: str, stat: os.stat_result) -> Facts:
        with open(path, "rb") as file:
            read[path] = facts_of(file, stat.st_size, os.path.basename(path))
        return read[path]

    found = [
        one
        for one in describe_tree(str(folder), StoreReader(look_into), Plain(believed=False))
        if isinstance(one, FoundModel)
    ]
    verdicts = {one.name: read[one.path].health.verdict if one.path in read else "" for one in found}
    assert verdicts == {
        "page/pytorch_model": "not-a-model", "pointer/model": "not-a-model", "error/x": "not-a-model",
        "text/pytorch_model": "unsafe", "plain": "good", "m": "",
    }  # fmt: skip
