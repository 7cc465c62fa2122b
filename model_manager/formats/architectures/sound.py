"""Models that hear and speak, by their tensors."""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.formats.architectures.names import Names, claims

# (keys that must begin names, category, architecture, base): first fit wins.
_RULES: tuple[tuple[tuple[str, ...], str, str, str | None], ...] = (
    (("model.encoder.conv1.", "model.decoder.layers."), "stt", "whisper", "Whisper"),
    (("encoder.conv1.", "decoder.blocks.", "decoder.token_embedding"), "stt", "whisper", "Whisper"),
    (("encoder.conv1.", "encoder.blocks.", "decoder.positional_embedding"), "stt", "whisper", "Whisper"),
    (("wav2vec2.feature_extractor.", "lm_head."), "stt", "wav2vec2", None),
    (("hubert.feature_extractor.", "lm_head."), "stt", "hubert", None),
    (("encoder.pre_encode.", "joint."), "stt", "parakeet", "Parakeet"),
    (("encoder.pre_encode.", "decoder."), "stt", "conformer", None),
    (("preprocessor.featurizer", "encoder."), "stt", "nemo", None),
    (("bert.module.", "predictor.module.", "text_encoder.module."), "tts", "kokoro", "Kokoro"),
    (("bert.embeddings.", "predictor.", "text_encoder."), "tts", "styletts2", None),
    (("gpt.", "hifigan_decoder."), "tts", "xtts", "XTTS"),
    (("speech_encoder.", "t3."), "tts", "chatterbox", None),
    (("backbone.layers.0.", "audio_head", "codebook0_head."), "tts", "csm", "CSM"),
    (("decoder.model.decoder.layers.", "text_encoder.encoder.block.", "audio_encoder."), "tts", "parler", "Parler"),
    (("semantic.", "coarse_acoustics.", "fine_acoustics."), "tts", "bark", "Bark"),
    (("enc_p.", "dec.ups.", "flow."), "tts", "vits", "VITS"),
    (("text_encoder.embed_tokens.", "flow.", "decoder."), "tts", "vits", "VITS"),
    (("fast_embeddings.", "layers.0."), "tts", "fish-speech", "Fish Speech"),
    (("transformer.text_embed.", "mel_spec."), "tts", "f5-tts", "F5-TTS"),
    (("ema_model.transformer.",), "tts", "f5-tts", "F5-TTS"),
    (("speecht5.",), "tts", "speecht5", "SpeechT5"),
    (("encoder.layers.0.conv.", "quantizer.layers."), "audio", "encodec", "EnCodec"),
    (("encoder.block.", "decoder.model.", "quantizer.quantizers."), "audio", "dac", None),
    (("backbone.embed.", "backbone.convnext.", "head.out."), "audio", "vocos", "Vocos"),
    (("models.0.encoder.", "models.0.decoder."), "audio", "demucs", "Demucs"),
    (("crosstransformer.", "encoder."), "audio", "demucs", "Demucs"),
    (("stft.forward_basis_buffer",), "audio/vad", "silero-vad", "silero"),
    (("_model.stft.", "_model.decoder."), "audio/vad", "silero-vad", "silero"),
    (("stft_conv.", "lstm_cell."), "audio/vad", "silero-vad", "silero"),
)  # fmt: skip


def claims_of(names: Names) -> Iterator[Claim]:
    for keys, category, architecture, base in _RULES:
        if all(names.begins(key) for key in keys):
            yield from claims(category, architecture, base, said("{0} among the tensors", keys[0]))
            return
    if names.holds("stft") and names.holds("lstm", "rnn") and len(names.tensors) < 60:
        yield from claims("audio/vad", "silero-vad", "silero", said("a small recurrent net behind an STFT"))
    yield from _voices(names)


def _voices(names: Names) -> Iterator[Claim]:
    """Kokoro's voices are [510, 1, 256]; CSM's are tokens and a mask over 32 codebooks and text."""
    shapes = [tensor.shape for tensor in names.tensors.values()]
    if shapes and all(len(shape) == 3 and shape[1:] == (1, 256) for shape in shapes):
        yield from claims("tts/voices", "kokoro-voice", "kokoro", said("a style table of {0}", shapes[0]))
    elif names.has("tokens") and names.has("mask") and all(shape[-1:] in ((32,), (33,)) for shape in shapes):
        yield from claims("tts/voices", "csm-voices", "sesame-csm", said("prompts of 32 audio codebooks"))
