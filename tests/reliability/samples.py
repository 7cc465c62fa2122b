"""A few good files of every format, of some kilobytes each."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile

from factory import gguf_bytes, safetensors_bytes
from formats.hdf5_files import hdf5, layer, sequential
from formats.torch_files import good_legacy, good_zip, mapping, pickled, tar, tensor, text, torch_zip
from headers import (
    ctranslate2_bytes,
    ggml_tensor,
    number,
    onnx_bytes,
    onnx_tensor,
    payload,
    tflite_bytes,
    whisper_bytes,
)

_OPENVINO = b"""<?xml version="1.0"?>
<net name="bert" version="11"><layers>
<layer id="0" name="input_ids" type="Parameter"><data element_type="i64" shape="?,?"/></layer>
<layer id="1" name="w" type="Const"><data element_type="u8" offset="0" shape="8, 4" size="32"/></layer>
</layers><rt_info><Runtime_version value="2024.1"/></rt_info></net>
"""


def npy(shape: str = "(2, 3)", descr: str = "'<f4'", content: bytes = b"\1" * 24) -> bytes:
    words = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\1\0" + struct.pack("<H", len(words)) + words + content


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def old_torch_tar() -> bytes:
    """PyTorch before 0.1.10: pickles and storages one after another in a tar."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in (
            ("storages", pickled(number_of(0))),
            ("tensors", pickled(number_of(0))),
            ("pickle", pickled(b"}")),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def number_of(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def _picture() -> bytes:
    picture = payload(1, payload(1, "image") + payload(3, payload(4, number(1, 224))))
    words = payload(100, payload(1, "finds cats") + payload(3, "someone") + payload(4, "MIT"))
    return number(1, 4) + payload(2, picture + words) + payload(500, payload(1, payload(1, bytes(300))))


def _xl() -> dict[str, tuple[str, tuple[int, ...]]]:
    top = "model.diffusion_model."
    return {
        f"{top}input_blocks.0.0.weight": ("F16", (4, 4)), f"{top}output_blocks.0.0.weight": ("F16", (4, 4)),
        f"{top}input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight": ("F16", (4, 2048)),
        **{f"{top}middle_block.{n}.weight": ("F16", (2, 2)) for n in range(6)}, "first_stage_model.decoder.w": ("F32", (1,)),
    }  # fmt: skip


def _lora() -> dict[str, tuple[str, tuple[int, ...]]]:
    names = (
        "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k",
        "lora_te_text_model_encoder_layers_0_q",
    )
    return {f"{name}.lora_{way}.weight": ("F16", (4, 768)) for name in names for way in ("down", "up")}


def _gptq() -> dict[str, tuple[str, tuple[int, ...]]]:
    top = "model.layers.0.self_attn.q_proj"
    return {
        f"{top}.qweight": ("I32", (8, 16)), f"{top}.scales": ("F16", (2, 16)), f"{top}.qzeros": ("I32", (2, 2)),
        f"{top}.g_idx": ("I32", (64,)), "model.embed_tokens.weight": ("F16", (16, 16)),
    }  # fmt: skip


SAMPLES: dict[str, list[tuple[str, bytes]]] = {
    "gguf": [
        ("a.gguf", gguf_bytes({"general.name": "Tiny", "tokenizer.ggml.tokens": [f"t{n}" for n in range(60)]})),
        ("a.gguf", gguf_bytes({"tokenizer.chat_template": "{% if tools %}", "split.count": 2, "split.no": 0}, order=">")),
        ("a.gguf", gguf_bytes(version=1)),
    ],
    "safetensors": [
        ("a.safetensors", safetensors_bytes(_xl(), {"modelspec.title": "A", "ss_tag_frequency": '{"a":{"b":3}}'})),
        ("a.safetensors", safetensors_bytes(_lora(), {"ss_network_module": "lycoris", "ss_sd_model_name": "x"})),
        ("a.safetensors", safetensors_bytes(_gptq())),
    ],
    "ggml": [
        ("ggml-tiny.bin", whisper_bytes((51865, 1500, 384, 6, 4, 448, 384, 6, 4, 80, 1), ggml_tensor("w", (8, 4), 1, 64))),
    ],
    "tflite": [("a.tflite", tflite_bytes())],
    "hdf5": [
        ("a.h5", hdf5({"model_config": sequential(layer("Dense", units=3)), "training_config": b'{"loss": "mse"}'})),
        ("a.h5", hdf5({"model_config": sequential(layer("Dense", units=3))}, 3)),
    ],
    "keras": [
        ("a.keras", zipped({"metadata.json": b'{"keras_version": "3.9.0"}', "config.json": sequential(layer("Dense")),
                            "model.weights.h5": hdf5({})}, zipfile.ZIP_STORED)),
    ],
    "skops": [
        ("a.skops", zipped({"schema.json": b'{"__class__": "LogisticRegression", "__module__": "sklearn.linear_model"}'})),
    ],
    "numpy": [
        ("a.npy", npy()),
        ("a.npz", zipped({"style.npy": npy("(2, 1, 256)", "'<f4'", b"\1" * 2048), "b.npy": npy()})),
        ("a.npy", npy("(1,)", "'|O'", pickled(text("a")))),
    ],
    "nemo": [
        ("a.nemo", tar({"./model_config.yaml": b"target: nemo.collections.asr.models.ctc_models.EncDecCTCModel\n",
                        "./model_weights.ckpt": good_zip()})),
        ("a.nemo", tar({"model_config.yaml": b"target: nemo.collections.tts.models.FastPitchModel\n"}, "w:gz")),
    ],
    "pickle": [
        ("a.pt", good_zip()),
        ("a.pth", good_legacy()),
        ("a.bin", pickled(mapping({"w": number_of(4), "x": b"ccollections\nOrderedDict\n)R"}))),
        ("a.pt", torch_zip(pickled(mapping({"w": tensor("0", (2, 2))})), {"0": b"\1" * 16}, {"archive/code/a.py": b"def f"})),
        ("a.pt", old_torch_tar()),
        ("a.joblib", gzip.compress(pickled(mapping({"w": number_of(4), "x": b"ccollections\nOrderedDict\n)R"})))),
        ("a.bin", b"(dp0\nVa\np1\nccollections\nOrderedDict\np2\n(tRp3\ns."),
    ],
    "ncnn": [("a.param", b"7767517\n3 3\nInput data 0 1 data 0=1\nConvolution conv 1 1 data a 0=3\nPixelShuffle o 1 1 a o 0=4\n")],
    "openvino": [("a.xml", _OPENVINO)],
    "ctranslate2": [("model.bin", ctranslate2_bytes("WhisperSpec", {"encoder/layer_0/w": ((2, 2), 4, 8), "b": ((4,), 0, 16)}))],
    "onnx": [
        ("a.onnx", onnx_bytes({"input": (0, 3, 640, 640)}, ("output0",), [onnx_tensor((2, 2), 1, bytes(16))], ("Conv",), {"names": "{0: 'cat'}"})),
        ("a.onnx", onnx_bytes({"input": (), "input_lengths": (), "scales": ()}, tensors=[onnx_tensor((4,), 1, location="w.data", length=16)])),
    ],
    "coreml": [("a.mlmodel", _picture())],
    "flax": [("flax_model.msgpack", b"\x81\xa5model\x82\xa6encoder\x81\xa1w\xc4\x01\x00\xa1b\xc4\x02\x00\x01")],
}  # fmt: skip
