"""NeMo archives: the configuration's class and the weights' tensors."""

from __future__ import annotations

import io
import tarfile
import time

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
    assert found.health.verdict == "good"
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


EVIL = b"\x80\x02cposix\nsystem\nX\1\0\0\0x\x85R."


@pytest.mark.parametrize(
    ("members", "verdict", "told"),
    [
        ({"extra.pkl": EVIL}, "unsafe", "posix.system"),
        ({"notes.txt": EVIL}, "unsafe", "posix.system"),
        ({"punct/bert.ckpt": EVIL}, "unsafe", "posix.system"),
        ({"tokenizer.pkl": b"not a pickle \xff\xff"}, "unknown", "neither"),
        (
            {"other.pt": b"\x80\x02cmine\nModel\n)R."},
            "unknown",
            "calls code that this program does not know: mine.Model",
        ),
        ({"../../home/.bashrc": b"x"}, "unsafe", "outside its folder"),
        ({"/etc/cron.d/x": b"x"}, "unsafe", "outside its folder"),
        ({"a\\..\\..\\x": b"x"}, "unsafe", "outside its folder"),
        ({"more.yaml": b"_target_: os.system"}, "unsafe", "os.system"),
        ({"vocab.txt": b"a\nb\n", "tokenizer.model": b"\x0a\x05<unk>"}, "good", ""),
    ],
)
@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_what_else_lies_in_it(members: dict[str, bytes], verdict: str, told: str, mode: str) -> None:
    content = tar({"model_config.yaml": ASR, "model_weights.ckpt": good_zip(), **members}, mode)
    found = facts(content)
    assert (found.health.verdict, told in found.health.detail) == (verdict, True), found.health


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("preprocessor:\n  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor\n", "good"),
        ("optim:\n  target: torch.optim.AdamW\n  sched: {name: x}\n", "good"),
        ("a:\n  _target_: os.system\n", "unsafe"),
        ("a: {_target_: subprocess.Popen, args: [id]}\n", "unsafe"),
        ("a:\n  '_target_' : \"builtins.exec\"\n", "unsafe"),
        ('a: {"_target_":builtins.eval}\n', "unsafe"),
        ("a:\n  _target_:\n    os.system\n", "unsafe"),
        ('a:\n  "\\x5ftarget_": os.system\n', "unsafe"),
        ("a:\n  _target_: nemo.core.connectors.save_restore_connector.os.system\n", "unsafe"),
        ("a:\n  _target_: torch.nn.modules.module.torch.hub.load\n", "unsafe"),
        ("a:\n  _target_: torch.optim.optimizer.torch.load\n", "unsafe"),
        ("a:\n  _target_: nemo.collections.asr.tempfile.mktemp\n", "unsafe"),
        ("a:\n  _target_: torch.optim.lr_scheduler.CosineAnnealingLR\n", "good"),
        ("a:\n  _target_: nemo.collections.tts.torch.g2ps.EnglishG2p\n", "good"),
        ("a:\n  _target_: mine.module.Model\n", "unknown"),
        ("a:\n  _target_: nemo.utils.model_utils.import_class_by_path\n", "unknown"),
        ("a:\n  _target_: ${other}\n", "unknown"),
        ("a: &x os.system\nb:\n  _target_: *x\n", "unknown"),
        ("a: !!python/object/apply:os.system [id]\n", "unsafe"),
        ("target: evil.payload.Model\n", "unknown"),
        ("labels: [a, b]\ntarget_sr: 16000\nloss:\n  target: speech\n", "good"),
    ],
)
def test_what_its_configuration_calls(text: str, verdict: str) -> None:
    found = facts(tar({"model_config.yaml": ASR + text.encode(), "model_weights.ckpt": good_zip()}))
    assert found.health.verdict == verdict, found.health
    assert (found.code == ()) == (verdict == "good" or "!!" in text or "$" in text or "*" in text)


def test_a_small_packed_archive_is_read_whole_and_a_large_one_is_unknown() -> None:
    small = tar({"./model_config.yaml": ASR, "./model_weights.ckpt": good_zip()}, "w:gz")
    assert facts(small).health.verdict == "good"
    large = {"model_config.yaml": ASR, "model_weights.ckpt": b"\x80\x02}." + bytes(9 << 20)}
    assert facts(tar(large, "w:gz")).health.verdict == "unknown"


@pytest.mark.parametrize(
    ("name", "target", "kind", "verdict"),
    [
        ("vocab.txt", "../../.ssh/id", tarfile.SYMTYPE, "unsafe"),
        ("vocab.txt", "/etc/passwd", tarfile.SYMTYPE, "unsafe"),
        ("model_weights.ckpt", "../x", tarfile.LNKTYPE, "unsafe"),
        ("dev", "", tarfile.CHRTYPE, "unsafe"),
        ("vocab.txt", "other.txt", tarfile.SYMTYPE, "good"),
    ],
)
def test_links_that_lead_outside(name: str, target: str, kind: bytes, verdict: str) -> None:
    out = io.BytesIO(tar({"model_config.yaml": ASR, "model_weights.ckpt": good_zip()}))
    with tarfile.open(fileobj=out, mode="a") as archive:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        archive.addfile(entry)
    assert facts(out.getvalue()).health.verdict == verdict


def test_many_members_end_soon() -> None:
    long = b"\x80\x02" + b"N0" * 60_000 + b"N."
    many = {f"p{count}.pkl": long for count in range(60)} | {f"c{count}.yaml": b"a:\n" * 9_000 for count in range(60)}
    content = tar({"model_config.yaml": ASR, "model_weights.ckpt": good_zip(), **many})
    started = time.process_time()
    assert facts(content).health.verdict == "unknown"
    assert time.process_time() - started < 1.5
