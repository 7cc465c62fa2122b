"""What an ONNX model is for: told by its inputs and outputs, and not told where the graph could be anything."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.base.facts import Claim
from model_manager.formats.onnx_graph import Graph
from model_manager.formats.onnx_kinds import claims_of

Sides = dict[str, tuple[int, ...]]


def claims(inputs: Sides | None = None, outputs: Sides | None = None, operators: dict[str, int] | None = None, **words: object) -> list[Claim]:  # fmt: skip
    graph = Graph(seen=True, inputs=inputs or {}, outputs=outputs or {}, operators=operators or {})
    return list(claims_of(graph, words))


def told(found: list[Claim]) -> dict[str, object]:
    assert len({claim.field for claim in found}) == len(found)
    return {claim.field: claim.value for claim in found}


def named(*names: str) -> Sides:
    return dict.fromkeys(names, ())


@pytest.mark.parametrize(
    ("inputs", "outputs", "category", "architecture", "base"),
    [
        (named("input", "input_lengths", "scales"), {}, "tts", "vits", "piper"),
        (named("input", "input_lengths", "scales", "sid"), {}, "tts", "vits", "piper"),
        (named("input", "sr", "state"), {}, "audio/vad", "silero-vad", "silero"),
        (named("input", "sr", "h", "c"), {}, "audio/vad", "silero-vad", "silero"),
        (named("tokens", "style", "speed"), {}, "tts", "kokoro", "kokoro"),
        (named("input_ids", "style", "speed"), {}, "tts", "kokoro", "kokoro"),
        ({"input_features": (1, 80, 3000)}, {}, "stt", "whisper", None),
        ({"input_features": (0, 128, 0)}, {}, "stt", "whisper", None),
        ({"input_features": (0, 0, 3000)}, {}, "stt", "whisper", None),
        ({"input_features": (1, 64, 1000)}, {}, "stt", None, None),
        ({"input_features": (80,)}, {}, "stt", None, None),
        (named("encoder_hidden_states", "input_ids"), {}, None, None, None),
        (named("pixel_values", "input_ids"), {}, "diffusion/clip_vision", None, None),
        (named("sample", "timestep", "encoder_hidden_states"), {}, "diffusion/diffusion_models", None, None),
        (named("latent_sample"), named("sample"), "diffusion/vae", None, None),
        (named("sample"), named("latent_sample"), "diffusion/vae", None, None),
        (named("input_ids", "past_key_values.0.key"), {}, "llm", None, None),
        (named("input_ids"), named("logits", "present.0.key"), "llm", None, None),
        (named("input_ids", "attention_mask"), named("sentence_embedding"), "embedding", None, None),
        (named("input_ids", "attention_mask"), named("last_hidden_state"), "embedding", None, None),
        (named("input_ids", "task_id"), named("last_hidden_state"), "embedding", None, None),
        (named("input_ids"), named("last_hidden_state", "pooler_output"), "diffusion/text_encoders", None, None),
        (named("input_ids", "attention_mask"), named("last_hidden_state", "pooler_output"), "embedding", None, None),
        (named("input_ids"), named("text_embeds"), "diffusion/text_encoders", None, None),
        (named("input_ids", "other"), named("last_hidden_state"), None, None, None),
        (named("input_ids"), named("logits"), None, None, None),
        (named("pixel_values"), {}, "vision", None, None),
        (named("input", "scales"), {}, None, None, None),
        (named("input", "sr"), {}, None, None, None),
        (named("x"), named("y"), None, None, None),
    ],
)  # fmt: skip
def test_kinds(inputs: Sides, outputs: Sides, category: str | None, architecture: str | None, base: str | None) -> None:
    found = told(claims(inputs, outputs))
    expected = {"category": category, "architecture": architecture, "base_model": base}
    assert found == {field: value for field, value in expected.items() if value}


def test_what_the_graph_tells_is_the_tensors_word_with_its_reason() -> None:
    (one,) = claims(named("input_ids", "attention_mask"), named("b", "sentence_embedding"))
    assert one.source == "tensors" and one.detail == "inputs attention_mask, input_ids; answers b, sentence_embedding"
    (bands, _) = claims({"input_features": (1, 128, 3000)})
    assert bands.detail == "inputs input_features, 128 bands"


def test_at_most_six_inputs_are_named() -> None:
    (one,) = claims(named(*"abcdefg", "latent_sample"))
    assert one.detail == "inputs a, b, c, d, e, f"


@pytest.mark.parametrize(
    ("sides", "sees"),
    [
        ((1, 3, 224, 224), True), ((0, 3, 0, 0), True), ((1, 224, 224, 3), True), ((1, 3, 16, 16), True),
        ((1, 3, 15, 16), False), ((1, 15, 16, 3), False), ((1, 4, 224, 224), False), ((3, 224, 224), False), ((1, 3, 8), False),
    ],
)  # fmt: skip
def test_a_picture_of_three_channels_with_convolutions(sides: tuple[int, ...], sees: bool) -> None:
    found = claims({"x": sides}, operators={"Conv": 3})
    assert told(found) == ({"category": "vision"} if sees else {})
    if sees:
        assert found[0].detail == "input x is a picture of 3 channels, with convolutions"
    assert claims({"x": sides}, operators={"MatMul": 3}) == []


@pytest.mark.parametrize(
    ("kind", "category"),
    [("zipformer2", "stt"), ("Kokoro", "tts"), ("ct_transformer", "text/punctuation"), ("silero-vad", "audio/vad"),
     ("spleeter", "audio"), ("EncDecCTCModelBPE", "stt")],
)  # fmt: skip
def test_sherpa_says_it_in_its_metadata(kind: str, category: str) -> None:
    architecture, said = claims(model_type=kind)
    assert (architecture.field, architecture.value, architecture.source) == ("architecture", kind, "metadata")
    assert (said.field, said.value, said.source) == ("category", category, "metadata")
    assert said.detail == f"metadata_props model_type is {kind}"


def test_other_words_are_an_architecture_or_nothing() -> None:
    assert told(claims(model_type="mine")) == {"architecture": "mine"}
    assert told(claims(model_type="m" * 300)) == {"architecture": "m" * 100}
    assert [claims(model_type=one) for one in ("", 7, None, ["stt"])] == [[]] * 4


@settings(max_examples=4)
@given(st.dictionaries(st.text(max_size=8), st.lists(st.integers(0, 9), max_size=5).map(tuple), max_size=4))
def test_names_that_say_nothing_claim_nothing(inputs: Sides) -> None:
    assert claims({f"my_{name}": sides for name, sides in inputs.items()}, operators={"Conv": 1}) == []
