"""What an ONNX model is for, from its inputs and outputs, its operators and what its exporter wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.formats.onnx_graph import Graph

_LANGUAGE = frozenset({"input_ids", "attention_mask", "token_type_ids", "position_ids", "task_id"})
# sherpa-onnx names a model's kind in metadata_props `model_type` (k2-fsa/sherpa-onnx, scripts/*/export-onnx.py).
_SHERPA = {
    "zipformer": "stt", "zipformer2": "stt", "zipformer2_ctc": "stt", "conformer": "stt", "lstm": "stt",
    "wenet_ctc": "stt", "paraformer": "stt", "sense_voice": "stt", "sense_voice_ctc": "stt", "telespeech_ctc": "stt",
    "tdnn": "stt", "dolphin": "stt", "fire-red-asr": "stt", "moonshine": "stt", "canary": "stt",
    "encdechybridrnntctcbpemodel": "stt", "encdecrnntbpemodel": "stt", "encdecctcmodelbpe": "stt",
    "encdecctcmodel": "stt", "vits": "tts", "matcha": "tts", "kokoro": "tts", "kitten-tts": "tts", "zipvoice": "tts",
    "ct_transformer": "text/punctuation", "cnn-bilstm": "text/punctuation", "silero-vad": "audio/vad",
    "ten-vad": "audio/vad", "uvr": "audio", "spleeter": "audio", "gtcrn": "audio",
}  # fmt: skip


def claims_of(graph: Graph, words: Mapping[str, object]) -> Iterator[Claim]:
    """Category, architecture and base model; nothing where the graph could be anything."""
    yield from _told(words)
    inputs, outputs = frozenset(graph.inputs), frozenset(graph.outputs)
    shown = said("inputs {0}", ", ".join(sorted(inputs)[:6]))
    if {"input", "input_lengths", "scales"} <= inputs:
        yield from _kind("tts", "vits", "piper", shown)
    elif {"input", "sr"} <= inputs and inputs & {"state", "h"}:
        yield from _kind("audio/vad", "silero-vad", "silero", shown)
    elif {"tokens", "style", "speed"} <= inputs or {"input_ids", "style", "speed"} <= inputs:
        yield from _kind("tts", "kokoro", "kokoro", shown)
    elif {"input_features"} <= inputs or {"encoder_hidden_states", "input_ids"} <= inputs:
        yield from _listens(graph, inputs, shown)
    elif {"pixel_values", "input_ids"} <= inputs:
        yield Claim("category", "diffusion/clip_vision", "tensors", shown)
    elif {"sample", "timestep", "encoder_hidden_states"} <= inputs:
        yield Claim("category", "diffusion/diffusion_models", "tensors", shown)
    elif "latent_sample" in inputs or "latent_sample" in outputs:
        yield Claim("category", "diffusion/vae", "tensors", shown)
    elif "input_ids" in inputs:
        yield from _reads(inputs, outputs, shown)
    elif _pictures(graph):
        yield Claim("category", "vision", "tensors", _pictures(graph))


def _kind(category: str, architecture: str, base: str, why: str) -> Iterator[Claim]:
    yield Claim("category", category, "tensors", why)
    yield Claim("architecture", architecture, "tensors", why)
    yield Claim("base_model", base, "tensors", why)


def _told(words: Mapping[str, object]) -> Iterator[Claim]:
    kind = words.get("model_type")
    if not isinstance(kind, str) or not kind:
        return
    yield Claim("architecture", kind[:100], "metadata", "metadata_props model_type")
    category = _SHERPA.get(kind.lower())
    if category:
        yield Claim("category", category, "metadata", said("metadata_props model_type is {0}", kind[:100]))


def _listens(graph: Graph, inputs: frozenset[str], why: str) -> Iterator[Claim]:
    """Whisper hears a spectrogram of 80 or 128 bands; other encoder-decoders read text."""
    bands = graph.inputs.get("input_features", ())
    if "input_features" in inputs and len(bands) == 3 and (bands[1] in (80, 128) or bands[2] == 3000):
        yield Claim("category", "stt", "tensors", said("{0}, {1} bands", why, bands[1] or 80))
        yield Claim("architecture", "whisper", "tensors", why)
    elif "input_features" in inputs:
        yield Claim("category", "stt", "tensors", why)


def _reads(inputs: frozenset[str], outputs: frozenset[str], why: str) -> Iterator[Claim]:
    """Models of text: a cache of keys and values speaks, hidden states embed, a lone logit of two inputs ranks."""
    if any(name.startswith(("past_key_values", "past.", "past_key", "cache.")) for name in inputs) or any(
        name.startswith(("present", "present_key")) for name in outputs
    ):
        yield Claim("category", "llm", "tensors", said("{0}; keeps a cache of keys and values", why))
    elif outputs & {"sentence_embedding", "token_embeddings", "dense_vecs", "embeddings"}:
        yield Claim("category", "embedding", "tensors", said("{0}; answers {1}", why, ", ".join(sorted(outputs)[:3])))
    elif "last_hidden_state" in outputs and inputs <= _LANGUAGE:
        if "pooler_output" in outputs and inputs == {"input_ids"}:
            yield Claim("category", "diffusion/text_encoders", "tensors", said("{0}; answers pooler_output", why))
        else:
            yield Claim("category", "embedding", "tensors", said("{0}; answers last_hidden_state", why))
    elif "text_embeds" in outputs:
        yield Claim("category", "diffusion/text_encoders", "tensors", said("{0}; answers text_embeds", why))


def _pictures(graph: Graph) -> str:
    """Why a model sees: a picture of one, three or four channels goes in and convolutions work on it."""
    if "pixel_values" in graph.inputs:
        return "input pixel_values"
    if not graph.operators.get("Conv", 0):
        return ""
    for name, sides in graph.inputs.items():
        planes_first = len(sides) == 4 and sides[1] == 3 and all(side == 0 or side >= 16 for side in sides[2:])
        planes_last = len(sides) == 4 and sides[3] == 3 and all(side == 0 or side >= 16 for side in sides[1:3])
        if planes_first or planes_last:
            return said("input {0} is a picture of 3 channels, with convolutions", name)
    return ""
