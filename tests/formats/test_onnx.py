"""ONNX: what it is for, what lies beside it, and what is wrong with it."""

from __future__ import annotations

import io
import time

import pytest
from headers import number, onnx_bytes, onnx_tensor, payload, read, values
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import onnx
from model_manager.formats.byte_window import ByteWindow
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.protobuf import MessageWalker

PIPER = onnx_bytes(
    {"input": (0, 0), "input_lengths": (0,), "scales": (3,)}, tensors=[onnx_tensor((8, 4), 1, bytes(128))]
)


def test_a_piper_voice() -> None:
    facts = read(PIPER, "x.onnx")
    held = values(facts)
    assert facts.format == "onnx" and facts.health.verdict == "good"
    assert held["category"] == "tts" and held["base_model"] == "piper"
    assert held["parameters"] == 32 and held["quant"] == "F32" and held["bits_per_weight"] == 32


@pytest.mark.parametrize(
    ("inputs", "outputs", "category"),
    [
        ({"input": (), "state": (), "sr": ()}, ["output"], "audio/vad"),
        ({"input_ids": (), "attention_mask": ()}, ["last_hidden_state"], "embedding"),
        ({"input_ids": (), "attention_mask": ()}, ["sentence_embedding"], "embedding"),
        ({"input_ids": (), "attention_mask": (), "past_key_values.0.key": ()}, ["logits"], "llm"),
        ({"input_features": (0, 80, 3000)}, ["last_hidden_state"], "stt"),
        ({"pixel_values": (0, 3, 224, 224)}, ["logits"], "vision"),
        ({"tokens": (), "style": (), "speed": ()}, ["audio"], "tts"),
        ({"sample": (), "timestep": (), "encoder_hidden_states": ()}, ["out"], "diffusion/diffusion_models"),
        ({"x": (0, 10)}, ["y"], None),
    ],
)
def test_kinds_by_inputs_and_outputs(
    inputs: dict[str, tuple[int, ...]], outputs: list[str], category: str | None
) -> None:
    assert values(read(onnx_bytes(inputs, outputs), "x.onnx")).get("category") == category


def test_a_picture_with_convolutions_is_seen_without_it_is_unknown() -> None:
    picture = {"data_0": (1, 3, 224, 224)}
    assert values(read(onnx_bytes(picture, operators=["Conv"]), "x.onnx"))["category"] == "vision"
    assert "category" not in values(read(onnx_bytes(picture, operators=["Add"]), "x.onnx"))


def test_sherpa_says_it_in_its_metadata() -> None:
    held = values(read(onnx_bytes({"x": ()}, props={"model_type": "zipformer2", "license": "mit"}), "x.onnx"))
    assert held["category"] == "stt" and held["architecture"] == "zipformer2" and held["licence"] == "mit"


def test_external_data_is_a_companion_with_the_bytes_it_needs() -> None:
    tensors = [
        onnx_tensor((1000,), 1, location="model.onnx_data", offset=0, length=4000),
        onnx_tensor((500,), 10, location="model.onnx_data", offset=4096),
    ]
    facts = read(onnx_bytes({"x": ()}, tensors=tensors), "model.onnx")
    assert [(one.name, one.bytes) for one in facts.companions] == [("model.onnx_data", 5096)]
    assert values(facts)["parameters"] == 1500 and facts.health.verdict == "good"


@pytest.mark.parametrize("name", ["model.onnx_data", "model.onnx.data", "weights.pb", "model.bin", "model.onnx_data_1", "onnx__MatMul_12",
                                  "encoder.layers.0.attn.weight", "Constant_7_attr__value", "sub/model.data", "decoder_12"])  # fmt: skip
def test_names_that_exporters_give_to_weights(name: str) -> None:
    facts = read(onnx_bytes({"x": (1,)}, ["y"], [onnx_tensor((10,), 1, location=name, length=40)]), "x.onnx")
    assert [one.name for one in facts.companions] == [name] and facts.health.verdict == "good"


@pytest.mark.parametrize("name", ["diary.docx", "other.onnx", "llama.gguf", "lora.safetensors", "notes.txt", "photo.jpg", "sub/thesis.pdf",
                                  "config.json", "diary", ".bashrc", "id_rsa", "backup.zip", "data"])  # fmt: skip
def test_no_document_and_no_other_model_is_a_part_of_it(name: str) -> None:
    """What a graph names goes with it."""
    facts = read(onnx_bytes({"x": (1,)}, ["y"], [onnx_tensor((10,), 1, location=name, length=40)]), "x.onnx")
    assert facts.companions == () and facts.health.verdict == "unknown" and name in facts.health.detail


@pytest.mark.parametrize("location", ["/etc/passwd", "../x.bin", "a/../../x", "C:\\x", "\\\\host\\x", "a\0b"])
def test_a_location_outside_the_folder_is_refused(location: str) -> None:
    facts = read(onnx_bytes({"x": ()}, tensors=[onnx_tensor((4,), 1, location=location, length=16)]), "x.onnx")
    assert facts.health.verdict == "corrupt" and "outside" in facts.health.detail and not facts.companions


def test_packed_weights_count_as_what_they_hold() -> None:
    bits = payload(5, payload(1, "bits") + number(3, 4) + number(20, 2))
    node = payload(4, "MatMulNBits") + bits
    data = onnx_bytes({"x": ()}, tensors=[onnx_tensor((64, 8, 16), 2, bytes(8192))], nodes=[node])
    held = values(read(data, "x.onnx"))
    assert held["quant"] == "INT4" and held["parameters"] == 2 * 64 * 8 * 16


def test_a_cut_file_is_truncated_and_still_tells_what_it_knew() -> None:
    facts = read(PIPER[:-40], "x.onnx")
    assert facts.health.verdict == "truncated"
    assert read(PIPER[:30], "x.onnx").health.verdict == "truncated"


def test_weights_in_branches_are_found() -> None:
    inner = payload(5, onnx_tensor((16,), 1, bytes(64)))
    node = payload(4, "If") + payload(5, payload(1, "then_branch") + payload(6, inner))
    assert values(read(onnx_bytes({"x": ()}, nodes=[node]), "x.onnx"))["parameters"] == 16


def test_hostile_graphs_end_quickly() -> None:
    graph = b""
    for _ in range(200):
        graph = payload(1, payload(4, "If") + payload(5, payload(6, graph)))
    many = payload(1, b"") * 2_000_000
    for inner, verdict in ((graph, "unknown"), (many, "unknown"), (payload(5, number(1, 1 << 62) * 3), "corrupt")):
        started = time.perf_counter()
        facts = read(number(1, 8) + payload(2, "x") + payload(7, inner), "x.onnx")
        assert facts.health.verdict == verdict, facts.health
        assert time.perf_counter() - started < 2


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(PIPER) - 1), st.binary(min_size=1, max_size=6), st.integers(0, len(PIPER)))
def test_damage_is_never_more_than_a_verdict(at: int, junk: bytes, cut: int) -> None:
    broken = PIPER[:at] + junk + PIPER[at + len(junk) :]
    read(broken[: max(cut, 1)], "x.onnx")
    read(broken, "x.onnx")


@pytest.mark.parametrize(
    ("inputs", "outputs", "category"),
    [
        ({"input_features": (1, 80, 3000)}, (), "stt"), ({"input_features": ()}, (), "stt"),
        ({"input": (), "sr": (), "state": ()}, (), "audio/vad"), ({"tokens": (), "style": (), "speed": ()}, (), "tts"),
        ({"pixel_values": (), "input_ids": ()}, (), "diffusion/clip_vision"),
        ({"sample": (), "timestep": (), "encoder_hidden_states": ()}, (), "diffusion/diffusion_models"),
        ({"x": ()}, ("latent_sample",), "diffusion/vae"), ({"input_ids": ()}, ("present.0.key",), "llm"),
        ({"input_ids": ()}, ("sentence_embedding",), "embedding"), ({"input_ids": (), "attention_mask": ()}, ("last_hidden_state",), "embedding"),
        ({"input_ids": ()}, ("last_hidden_state", "pooler_output"), "diffusion/text_encoders"),
        ({"input_ids": ()}, ("text_embeds",), "diffusion/text_encoders"), ({"input_ids": ()}, ("logits",), None),
        ({"input_ids": (), "encoder_hidden_states": ()}, (), None), ({"pixel_values": (1, 3, 9, 9)}, (), "vision"),
        ({"x": (1, 224, 224, 3)}, (), "vision"), ({"x": (1, 5, 224, 224)}, (), None),
    ],
)  # fmt: skip
def test_kinds(inputs: dict[str, tuple[int, ...]], outputs: tuple[str, ...], category: str | None) -> None:
    assert values(read(onnx_bytes(inputs, outputs, operators=["Conv"]), "x.onnx")).get("category") == category


def test_words_that_are_no_kind() -> None:
    held = values(read(onnx_bytes({"x": ()}, props={"model_type": "new one"}), "x.onnx"))
    assert held["architecture"] == "new one" and "category" not in held
    assert "architecture" not in values(read(onnx_bytes({"x": ()}, props={"model_type": ""}), "x.onnx"))


def test_packed_sides_and_odd_tensors() -> None:
    packed = payload(1, bytes([4, 4])) + number(2, 1) + payload(9, bytes(64))
    assert values(read(onnx_bytes({"x": ()}, tensors=[packed]), "x.onnx"))["parameters"] == 16
    unknown = number(1, 5) + number(2, 99) + payload(9, bytes(7))
    assert read(onnx_bytes({"x": ()}, tensors=[unknown]), "x.onnx").shares[0].bytes == 7
    for sides in (payload(1, b"\1" * 65), payload(1, b"\1" * 9999), b"".join(number(1, 1) for _ in range(70))):
        assert read(onnx_bytes({"x": ()}, tensors=[sides]), "x.onnx").health.verdict == "corrupt"
    many = [onnx_tensor((1,), 1, location=f"{n}", length=4) for n in range(8)]
    with pytest.raises(FormatProblem, match="too many files"):
        data = onnx_bytes({"x": ()}, tensors=many)
        onnx.read(io.BytesIO(data), len(data), Limits(keys=7))


def test_onnx_runtimes_own_form_and_no_onnx() -> None:
    assert [claim.value for claim in read(bytes(4) + b"ORTM" + bytes(99), "x.onnx").claims] == ["ort"]
    assert read(b"\x08\x08\x12\x03a\x01b" + bytes(9), "x.onnx").health.verdict == "corrupt"
    assert read(b"no", "x.onnx").health.verdict == "corrupt"


@pytest.mark.parametrize(
    ("data", "verdict", "why"),
    [
        (number(0, 1), "corrupt", "numbered 0"), (b"\x0b", "corrupt", "wire type 3"), (b"\x09" + bytes(8), "", ""),
        (b"\x0a\x05abc", "truncated", "go on to byte"), (b"\x0d\0\0", "truncated", "go on"), (b"\x80" * 11, "corrupt", "more than 10"),
        (b"\x80\x80", "truncated", "does not end"),
    ],
)  # fmt: skip
def test_fields_without_a_schema(data: bytes, verdict: str, why: str) -> None:
    walker = MessageWalker(ByteWindow(io.BytesIO(data), len(data)))
    if not verdict:
        assert list(walker.fields(0, len(data))) == [(1, 1, 9)]
        return
    if "numbered 0" in why:
        data = payload(0, b"x")
        walker = MessageWalker(ByteWindow(io.BytesIO(data), len(data)))
    with pytest.raises(FormatProblem, match=why) as told:
        list(walker.fields(0, len(data)))
    assert told.value.kind == verdict


def test_a_field_beyond_its_message() -> None:
    data = payload(1, b"\x0a\x20") + bytes(64)
    with pytest.raises(FormatProblem, match="beyond the message"):
        list(MessageWalker(ByteWindow(io.BytesIO(data), len(data))).fields(2, 4))


def test_a_list_of_numbers() -> None:
    data = b"\x05\x80\x01\x07"
    walker = MessageWalker(ByteWindow(io.BytesIO(data), 4))
    assert walker.numbers(0, 4, 8) == (5, 128, 7)
    with pytest.raises(FormatProblem, match="more than"):
        walker.numbers(0, 4, 0)
    with pytest.raises(FormatProblem, match="does not end"):
        walker.numbers(0, 2, 8)


_FIELDS = {1: number(1, 8), 2: "producer", 3: "2.4.1", 4: "ai.onnx", 5: number(5, 3), 6: "a document"}
_GRAPH = PIPER[len(number(1, 8) + payload(2, "test")) :]


@pytest.mark.parametrize("length", [0, 1, 127, 128, 300, 511, 5_000, 70_000])
@pytest.mark.parametrize("field", [2, 3, 4, 6])
def test_texts_of_any_length_are_no_damage(field: int, length: int) -> None:
    body = number(1, 8) + payload(field, "pytorch äé "[: length % 12] + "x" * length) + _GRAPH
    facts = read(body, "voice.onnx")
    assert (facts.format, facts.health.verdict, values(facts)["category"]) == ("onnx", "good", "tts")
    assert onnx.matches(body[:4096])


@settings(max_examples=100, deadline=None)
@given(st.permutations(list(_FIELDS)), st.integers(0, 6), st.sampled_from([1, 200, 1_000, 5_000]))
def test_fields_may_stand_in_any_order(order: list[int], graph: int, length: int) -> None:
    parts = [one if isinstance(one, bytes) else payload(field, one + "x" * length) for field in order
             for one in (_FIELDS[field],)]  # fmt: skip
    parts.insert(graph, _GRAPH)
    facts = read(b"".join(parts), "voice.onnx")
    assert (facts.format, facts.health.verdict, values(facts).get("category")) == ("onnx", "good", "tts")


def test_what_is_no_model_is_corrupt_under_its_name() -> None:
    for body in (b"hello, this is text", b"\x00" * 100, b"\xff" * 100, b"PK\x05\x06" + bytes(18)):
        assert read(body, "x.onnx").health.verdict in ("corrupt", "truncated"), body
    assert not onnx.matches(b"\x08\x07\x12\x05a\x01bcd\x3a\x02\x0a\x00")
    assert not onnx.matches(b"\x08\x07") and not onnx.matches(b"\x08\x64\x12\x01a\x3a\x00")
