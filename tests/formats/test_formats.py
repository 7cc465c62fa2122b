"""All formats together: each knows its own files and no other's."""

from __future__ import annotations

import pytest
from factory import gguf_bytes, safetensors_bytes
from headers import ctranslate2_bytes, number, onnx_bytes, payload, read, tflite_bytes, whisper_bytes

from model_manager.formats import FORMATS, gguf
from model_manager.formats.metadata import bounded

SAMPLES = {
    "gguf": gguf_bytes(),
    "safetensors": safetensors_bytes({"a": ("F32", (4,))}),
    "ggml": whisper_bytes((51865, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1)),
    "tflite": tflite_bytes(),
    "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(100),
    "ncnn": b"7767517\n0 0\n",
    "openvino": b'<?xml version="1.0"?><net name="a" version="11"></net>',
    "ctranslate2": ctranslate2_bytes("WhisperSpec", {}),
    "onnx": onnx_bytes({"x": ()}),
    "coreml": number(1, 4) + payload(2, payload(1, payload(1, "x") + payload(3, b"\x22\x00"))) + payload(500, b""),
    "flax": b"\x81\xa5model\x81\xa1w\xc4\x01\x00",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_each_sample_has_one_format(name: str) -> None:
    matching = [format_.NAME for format_ in FORMATS if format_.matches(SAMPLES[name][:512])]
    assert matching == [name]
    assert read(SAMPLES[name], "x.bin").format == name


def test_short_and_empty_heads_match_nothing() -> None:
    for format_ in FORMATS:
        for length in range(4):
            assert not format_.matches(SAMPLES.get(format_.NAME, b"")[:length])


def test_names_are_unique() -> None:
    assert len({format_.NAME for format_ in FORMATS}) == len(FORMATS)


@pytest.mark.parametrize("error", [MemoryError(), RecursionError(), OverflowError()])
def test_a_reader_that_is_overcome_says_so_and_no_more(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file may be good: it is unknown, and the scan goes on."""

    def overcome(*arguments: object) -> None:
        raise error

    monkeypatch.setattr(gguf, "read", overcome)
    health = read(SAMPLES["gguf"], "x.gguf").health
    assert health.verdict == "unknown" and health.detail == f"beyond this program's limits ({type(error).__name__})"


def test_metadata_is_cut_to_what_a_person_can_look_at() -> None:
    """Long texts, long lists and great numbers say how much there was."""
    told = bounded({f"key{n}": n for n in range(500)})
    assert len(told) == 401 and told["…"] == "100 more keys"
    told = bounded({"text": "x" * 5000, "list": [1] * 65, "few": [1, [2], "a"], "great": 1 << 70, "object": {"a": 1}})
    assert told["text"] == "x" * 4000 + "… (5,000 characters)" and told["list"] == "[65 values]"
    assert told["few"] == [1, "…", "a"] and told["great"] == "0x400000000000000000…" and told["object"] == "{'a': 1}"
