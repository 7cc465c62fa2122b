"""NeMo archives: the configuration's class and the weights' tensors."""

from __future__ import annotations

import io

import pytest

from model_manager.base.facts import Facts
from model_manager.formats.sniff import facts_of
from tests.formats.torch_files import good_zip, tar

TARGET = b"sample_rate: 16000\ntarget: nemo.collections.%s\n"
ASR = TARGET % b"asr.models.ctc_bpe_models.EncDecCTCModelBPE"


def facts(content: bytes, name: str = "x.nemo") -> Facts:
    return facts_of(io.BytesIO(content), len(content), name)


@pytest.mark.parametrize("prefix", ["", "./"])
def test_an_archive(prefix: str) -> None:
    content = tar({f"{prefix}model_config.yaml": ASR, f"{prefix}model_weights.ckpt": good_zip()})
    found = facts(content)
    claims = {claim.field: claim.value for claim in found.claims}
    assert (found.format, found.health.verdict) == ("nemo", "good")
    assert (claims["category"], claims["architecture"]) == ("stt", "EncDecCTCModelBPE")
    assert claims["parameters"] == 10


@pytest.mark.parametrize(
    ("target", "category"),
    [(b"tts.models.FastPitchModel", "tts"), (b"asr.models.EncDecFrameClassificationModel", "audio/vad")],
)
def test_a_packed_archive_tells_what_it_is_for(target: bytes, category: str) -> None:
    content = tar({"./model_config.yaml": TARGET % target, "./model_weights.ckpt": good_zip()}, "w:gz")
    found = facts(content)
    assert found.health.verdict == "unknown"
    assert category in [claim.value for claim in found.claims]


def test_weights_that_run_code_are_told() -> None:
    content = tar({"model_config.yaml": ASR, "model_weights.ckpt": b"\x80\x02cos\nsystem\n)R."})
    assert facts(content).health.verdict == "unsafe"


def test_a_cut_archive_is_truncated() -> None:
    content = tar({"model_config.yaml": ASR, "model_weights.ckpt": good_zip()})
    assert facts(content[:1800]).health.verdict == "truncated"


def test_without_weights_it_is_incomplete() -> None:
    assert facts(tar({"model_config.yaml": ASR})).health.verdict == "incomplete"


@pytest.mark.parametrize("content", [tar({"blobs/x": b"1"}), tar({"x": b"1"}, "w:gz"), b"plain text, no archive"])
def test_other_archives_are_unknown(content: bytes) -> None:
    assert facts(content).health.verdict == "unknown"
