"""Archives and arrays of objects within archives, twins, and names that are spelled another way than they are read."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import zipfile

import pytest
from headers import read

from tests.formats.torch_files import good_zip, tar

EVIL = b"\x80\x02cposix\nsystem\nX\1\0\0\0x\x85R."
CONFIG = b"target: nemo.collections.asr.models.EncDecCTCModel\n"


def npy(descr: str, body: bytes) -> bytes:
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00v\x00" + text.encode() + body


def zipped(members: list[tuple[str, bytes]], packed: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packed) as made:
        for name, content in members:
            made.writestr(name, content)
    return out.getvalue()


INNER = zipped([("archive/data.pkl", EVIL)])
NESTED = {
    "tar": (tar({"model_weights.ckpt": EVIL}), "is an archive: not looked into"),
    "gzip": (gzip.compress(EVIL), "is an archive: not looked into"),
    "bzip2": (bz2.compress(EVIL), "is an archive: not looked into"),
    "xz": (lzma.compress(EVIL), "is an archive: not looked into"),
    "zip behind a script": (b"#!/bin/sh\n" + INNER, "is an archive: not looked into"),
    "objects": (npy("'|O'", EVIL), "is an array of pickled objects: not looked into"),
    "records of objects": (npy("[('a', '|O')]", EVIL), "is an array of pickled objects: not looked into"),
}


def nemo(extra: dict[str, bytes], config: bytes = CONFIG) -> bytes:
    return tar({"model_config.yaml": config, "model_weights.ckpt": good_zip(), **extra})


def keras(extra: list[tuple[str, bytes]], config: object, packed: int = zipfile.ZIP_STORED) -> bytes:
    begin = [("metadata.json", b'{"keras_version": "3.0.0"}'), ("config.json", json.dumps(config).encode())]
    return zipped([*begin, *extra], packed)


MODEL = {"class_name": "Sequential", "config": {"name": "s", "layers": []}, "module": "keras"}


@pytest.mark.parametrize("kind", NESTED)
def test_what_lies_within_is_not_taken_for_good(kind: str) -> None:
    content, told = NESTED[kind]
    torch = [("archive/data.pkl", b"\x80\x02}."), ("archive/version", b"3"), ("archive/extra/x.bin", content)]
    for whole, name in (
        (nemo({"x.bin": content}), "x.nemo"),
        (keras([("assets/x.bin", content)], MODEL), "x.keras"),
        (zipped(torch), "x.pt"),
    ):
        health = read(whole, name).health
        assert health.verdict == "unknown" and told in health.detail, (name, health)


def test_packed_members_are_looked_at_by_their_beginning() -> None:
    for content in (tar({"x": EVIL}), gzip.compress(EVIL), INNER, npy("'|O'", EVIL)):
        assert read(keras([("x", content)], MODEL, zipfile.ZIP_DEFLATED), "x.keras").health.verdict == "unknown"


def test_numbers_and_texts_within_are_good() -> None:
    for content in (npy("'<f4'", bytes(4)), b"a\nb\n", b"PK\x05\x06 in a text that goes on", b""):
        assert read(nemo({"x.bin": content}), "x.nemo").health.verdict == "good"
        assert read(keras([("assets/x.bin", content)], MODEL), "x.keras").health.verdict == "good"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_schemas_of_which_readers_take_another() -> None:
    plain = json.dumps({"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode"}).encode()
    bad = json.dumps({"__class__": "system", "__module__": "posix", "__loader__": "TypeNode"}).encode()
    health = read(zipped([("schema.json", plain), ("schema.json", bad)]), "x.skops").health
    assert (health.verdict, health.detail) == ("unsafe", "two members are named 'schema.json'")


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        (b'"_tar\\\n  get_": os.system\n', "unsafe"),
        (b'"_tar\\\r\n\t get_": os.system\n', "unsafe"),
        (b'"_tar\\\n  \\\n get\\x5f": os.system\n', "unsafe"),
        (b'_target_: "os.sys\\\n  tem"\n', "unsafe"),
        (b"%TAG !p! tag:yaml.org,2002:python/\n---\na: !p!object/apply:os.system [id]\n", "unknown"),
        (b"a: !<tag:yaml.org,2002:pyth%6fn/object/apply:os.system> [id]\n", "unknown"),
        (b"a: !!pyth%6fn/object/apply:os.system [id]\n", "unknown"),
        (b"a: &k _target_\n*k : os.system\n", "unknown"),
        (b"? >-\n  _target_\n: os.system\n", "unsafe"),
        (b"? _target_ # it\n: os.system\n", "unknown"),
        (b"labels: ['?', '*', '%', '!', ' ']\nurl: https://x.y/a%20b\nname: What? *all* 5%!\nglob: '*.wav'\n", "good"),
        (b'path: a\\b\nlong: "a \\\n  b"\n- ? \n', "good"),
    ],
)
def test_keys_and_tags_that_yaml_reads_otherwise(text: bytes, verdict: str) -> None:
    health = read(nemo({}, CONFIG + text), "x.nemo").health
    assert health.verdict == verdict, health


@pytest.mark.parametrize(
    ("module", "name", "verdict"),
    [
        ("builtins", "eval", "unsafe"),
        ("builtins", "exec", "unsafe"),
        ("builtins", "__import__", "unsafe"),
        ("keras.utils", "get_file", "unsafe"),
        ("keras.src.utils.file_utils", "get_file", "unsafe"),
        ("keras.saving", "load_model", "unsafe"),
        ("keras.utils", "Own", "unknown"),
        ("keras.layers", "lower", "unknown"),
        ("keras.layers", "Dense", "good"),
        ("keras", "Sequential", "good"),
        ("keras.src.models.functional", "Functional", "good"),
        ("keras.initializers", "GlorotUniform", "good"),
        ("keras.optimizers.legacy", "Adam", "good"),
        ("keras.dtype_policies", "DTypePolicy", "good"),
        ("tensorflow.keras.layers", "Dense", "good"),
        ("keras_hub.src.models.bert.bert_backbone", "BertBackbone", "good"),
        ("keras_nlp.models", "GPT2Tokenizer", "good"),
    ],
)
def test_what_keras_own_modules_hold(module: str, name: str, verdict: str) -> None:
    config = {**MODEL, "config": {"layers": [{"module": module, "class_name": name, "config": {}}]}}
    assert read(keras([], config), "x.keras").health.verdict == verdict


def test_a_function_that_fetches_under_a_module_of_functions() -> None:
    one = {"class_name": "function", "module": "keras.losses.utils", "config": "get_file"}
    assert read(keras([], {**MODEL, "config": one}), "x.keras").health.verdict == "unsafe"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("loader.py", b"import os\n"),
        ("assets/Model.PY", b"import os\n"),
        ("lib/__pycache__/x.cpython-312.pyc", b"\xcb\r\r\n"),
        ("native.so", b"data"),
        ("run.sh", b"echo\n"),
        ("README", b"#!/usr/bin/env python3\nimport os\n"),
        ("weights.dat", b"\x7fELF\2\1\1" + bytes(60)),
        ("weights.dat", b"MZ\x90\0" + bytes(60)),
    ],
)
def test_programs_within_are_told(name: str, content: bytes) -> None:
    """Whoever unpacks or imports them runs them; nobody looked into them."""
    arrays = [("a.npy", npy("'<f4'", bytes(4)))]
    torch = [("archive/data.pkl", b"\x80\x02}."), ("archive/version", b"3")]
    schema = json.dumps({"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode"}).encode()
    for whole, container in (
        (nemo({name: content}), "x.nemo"),
        (keras([(name, content)], MODEL), "x.keras"),
        (keras([(name, content)], MODEL, zipfile.ZIP_DEFLATED), "x.keras"),
        (zipped([*torch, (name, content)]), "x.pt"),
        (zipped([*arrays, (name, content)]), "x.npz"),
        (zipped([("schema.json", schema), (name, content)]), "x.skops"),
    ):
        health = read(whole, container).health
        assert (health.verdict, repr(name) in health.detail) == ("unknown", True), (container, health)


def test_the_source_that_torchscript_is_made_of_is_no_stranger() -> None:
    script = [("m/data.pkl", b"\x80\x02}."), ("m/constants.pkl", b"\x80\x02)."), ("m/code/__torch__/x.py", b"class X")]
    found = read(zipped([*script, ("m/version", b"3")]), "x.pt")
    assert (found.health.verdict, found.code) == ("good", ("torchscript: code/",))
    assert read(zipped([*script, ("m/extra/x.py", b"import os")]), "x.pt").health.verdict == "unknown"


@pytest.mark.parametrize(
    ("one", "verdict", "code"),
    [
        ({"module": "keras.layers", "class_name": "Dense", "registered_name": "mine>Dense"}, "unknown", "mine.Dense"),
        ({"module": "keras.layers", "class_name": "Dense", "registered_name": "Evil"}, "unknown", "registered.Evil"),
        ({"class_name": "mine>Attention", "config": {}}, "unknown", "mine.Attention"),
        ({"class_name": "os>system", "config": {}}, "unsafe", "os.system"),
        ({"module": "keras.layers", "class_name": "Dense", "registered_name": ["x"]}, "unknown", "registered"),
        ({"module": ["os"], "class_name": "Dense"}, "unknown", "module"),
        ({"module": "keras.layers", "class_name": ["Dense"], "config": {}}, "unknown", "class_name"),
        ({"module": "keras.layers", "class_name": "Dense", "registered_name": "Dense"}, "good", ""),
        ({"module": "keras.layers", "class_name": "Dense", "registered_name": None}, "good", ""),
        ({"module": "keras.activations", "class_name": "function", "config": "relu", "registered_name": "relu"}, "good", ""),
        ({"module": "builtins", "class_name": "function", "config": "mine", "registered_name": "function"}, "unknown", ""),
        (
            {"module": "keras_hub.src.models.bert.bert_backbone", "class_name": "BertBackbone",
             "registered_name": "keras_hub>BertBackbone"}, "good", "",
        ),
        ({"module": "keras.src.models.functional", "class_name": "Functional", "registered_name": "Functional"}, "good", ""),
    ],
)  # fmt: skip
def test_names_that_the_loading_program_registered(one: object, verdict: str, code: str) -> None:
    found = read(keras([], {**MODEL, "config": {"layers": [one]}}), "x.keras")
    assert (found.health.verdict, code in f"{found.code} {found.health.detail}") == (verdict, True), found


@pytest.mark.parametrize("text", ['{"class_name": "Lambda", "config": {"function": ["4wEA", null, null]}}',
    ' [{"module": "os", "class_name": "function", "config": "system"}]',
    '"{\\"class_name\\": \\"Lambda\\", \\"config\\": {}}"', '{"cl\\u0061ss_name": "Lambda", "config": {}}'])  # fmt: skip
def test_a_configuration_within_a_text(text: str) -> None:
    """What keeps a configuration as a text hands it to the loader again."""
    assert read(keras([], {**MODEL, "config": {"inner": text}}), "x.keras").health.verdict == "unsafe"


def test_a_text_that_looks_like_one_and_cannot_be_read() -> None:
    for text in ("{'class_name': 'Lambda'}", '{"class_name": "Lambda", '):
        health = read(keras([], {**MODEL, "config": {"inner": text}}), "x.keras").health
        assert (health.verdict, "within a text" in health.detail) == ("unknown", True), health
    for text in ("{node} of class_name", "[CLS] {x}", '["a", "b"]', "class_name"):
        assert read(keras([], {**MODEL, "config": {"inner": text}}), "x.keras").health.verdict == "good"


def test_keys_that_are_there_twice() -> None:
    """Readers differ in which of the two they take, so both are looked at."""
    layers = b'[{"class_name": "Lambda", "class_name": "Dense", "config": {}}]'
    config = b'{"class_name": "Sequential", "module": "keras", "config": {"layers": %s}}'
    begin = [("metadata.json", b'{"keras_version": "3.0.0"}')]
    found = read(zipped([*begin, ("config.json", config % layers)]), "x.keras")
    assert (found.health.verdict, found.code) == ("unsafe", ("Lambda: without a name",))
    twice = b'[{"class_name": "Dense", "name": "a", "name": "b"}]'
    health = read(zipped([*begin, ("config.json", config % twice)]), "x.keras").health
    assert (health.verdict, health.detail) == (
        "unknown",
        "its configuration has the key 'name' twice: readers differ in which one they take",
    )
    hidden = b'{"class_name": "Dense", "config": {"class_name": "Lambda"}, "config": {}}'
    assert read(zipped([*begin, ("config.json", config % hidden)]), "x.keras").health.verdict == "unsafe"
    schema = b'{"__class__": "system", "__module__": "posix", "__class__": "dict", "__module__": "builtins"}'
    assert read(zipped([("schema.json", schema)]), "x.skops").health.verdict == "unsafe"


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("cls: os.system\n", "unsafe"),
        ("a: {cls: 'subprocess.Popen'}\n", "unsafe"),
        ("class: mine.module.Model\n", "unknown"),
        ("class_path: builtins.exec\n", "unsafe"),
        ("_cls_: mine.x\n", "unknown"),
        ("callable: posix.system\n", "unsafe"),
        ("_callable_: mine.run\n", "unknown"),
        ("hook: os.system\n", "unknown"),
        ("hooks:\n  - subprocess.run\n", "unknown"),
        ("hooks: [os.system, x]\n", "unknown"),
        ("a:\n  b: nemo.core.config.os.system\n", "unknown"),
        ('fn: "importlib.import_module"  # it\n', "unsafe"),
        ('x: "shutil.rmtree"  # it\n', "unknown"),
        ("cls: nemo.collections.asr.modules.ConvASREncoder\n", "good"),
        ("class: torch.nn.ReLU\n", "good"),
        ("file: os.json\nlog: sys.log\nother: test.json\nname: io.wav\nclass: dog\ncls: 101\n", "good"),
        ("model: tokenizer.model\nversion: 1.2.3\nurl: http://os.system/x\npath: /a/os.system.txt\n", "good"),
    ],
)
def test_other_keys_that_name_code(text: str, verdict: str) -> None:
    health = read(nemo({}, CONFIG + text.encode()), "x.nemo").health
    assert health.verdict == verdict, health
