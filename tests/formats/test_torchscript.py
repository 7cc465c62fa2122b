"""TorchScript's program: arithmetic is good, what writes or loads is told, however it is spelled."""

from __future__ import annotations

import io
import time

import pytest

from model_manager.base.facts import Facts
from model_manager.formats import torchscript
from model_manager.formats.sniff import facts_of
from tests.formats.torch_files import mapping, pickled, tensor, text, torch_zip

HEAD = """class M(Module):
  __parameters__ = ["w", ]
  __buffers__ = []
  w : Tensor
  training : bool
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
"""
MODULE = b"c__torch__\nM\n)\x81" + mapping({"w": tensor("0", (2,)), "training": b"\x88"}) + b"b"


def script(body: str, extra: dict[str, bytes] | None = None, table: bytes = MODULE) -> Facts:
    """As torch.jit.save packs a module."""
    members = {
        "archive/code/__torch__.py": (HEAD + body).encode(),
        "archive/constants.pkl": pickled(b")"),
        **(extra or {}),
    }
    content = torch_zip(pickled(table), {"0": b"\1" * 8}, members)
    return facts_of(io.BytesIO(content), len(content), "model.pt")


PLAIN = {
    "a layer": "    return torch.linear(x, self.w)\n",
    "parts by number": '    _0 = getattr(self, "0")\n    return (getattr(getattr(self.layers, "1"), "save_me")).forward(x, )\n',
    "operators": '    ops.prim.RaiseException("bad", "builtins.RuntimeError")\n    return ops.quantized.linear(x, self.w, 1., 0)\n',
    "a part named classes": "    return torch.add(self.classes.weight, num_classes.size(0))\n",
    "a function of torch's": "    return __torch__.torch.nn.functional.relu(x, )\n",
    "detection": "    return ops.torchvision.nms(x, x, 0.5)\n",
    "quantised": "    y = __torch__.torch.classes.quantized.LinearPackedParamsBase\n    return x\n",
    "names that begin alike": "    return self.saved + self.save_all + self.from_files\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", PLAIN)
def test_what_modules_are_made_of_is_good(kind: str) -> None:
    found = script(PLAIN[kind])
    assert (found.health.verdict, found.code) == ("good", ("torchscript: code/",)), found


# Each of these compiles, and writes or reads a file where the method is called.
FILES = {
    "save": '    torch.save(x, "/models/x.gguf")\n',
    "from_file": '    return torch.from_file("/models/x.gguf", True, 3)\n',
    "another name for torch": '    s = torch\n    s.save(x, "y")\n',
    "over a line": '    torch.\\\n  save(x, "y")\n',
    "behind a remark": '    (torch. # a remark\n  save)(x, "y")\n',
    "by a text": '    getattr(torch, "save")(x, "y")\n',
    "within parts": '    getattr(getattr(self, "0"), "from_file")("y")\n',
    "of its namespace": '    ops.aten.save(x, "y")\n',
}
STRANGE = {
    "two texts": '    getattr(torch, "sa" "ve")(x, "y")\n',
    "a long text": '    getattr(torch, """save""")(x, "y")\n',
    "single quotes": "    getattr(torch, 'sa\\166e')(x, 'y')\n",
    "another name for getattr": '    g = getattr\n    g(torch, "save")(x, "y")\n',
    "another library": "    return ops.mine.run(x)\n",
    "another name for ops": "    o = ops\n    return o.mine.run(x)\n",
    "over a line": "    return ops.\\\n  mine.run(x)\n",
    "sound files": '    ops.torchaudio.sox_io_save_audio_file("y", x, 16000)\n',
    "images": '    ops.image.encode_jpeg(x, 75)\n',
    "a library's class by another name": "    t = __torch__.torch\n    y = t.classes.mine.Thing()\n",
    "a place of classes by another name": "    t = __torch__.torch.classes\n    y = t.mine.Thing()\n",
    "all types by another name": "    t = __torch__\n    y = t.torch.classes.mine.Thing()\n",
    "a library's class, spread": "    y = __torch__ .torch. classes.\\\n mine.Thing()\n",
    "a library's class": "    y = __torch__.torch.classes.mine.Thing()\n",
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_a_program_that_writes_or_reads_files_is_told(kind: str) -> None:
    health = script(FILES[kind]).health
    assert health.verdict == "unknown", health
    assert health.detail.startswith("its TorchScript program calls ")
    assert health.detail.endswith(", which reads or writes files")


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_not_followed_is_never_good(kind: str) -> None:
    health = script(STRANGE[kind]).health
    assert health.verdict == "unknown", health
    assert "its TorchScript program" in health.detail


def test_wherever_the_program_lies() -> None:
    call = (HEAD + FILES["save"]).encode()
    plain = PLAIN["a layer"]
    for name in ("archive/code/__torch__/deep/er.py", "code/__torch__.py", "archive/code/odd"):
        assert script(plain, {name: call}).health.verdict == "unknown", name
    compiled = pickled(b"(" + text("forward") + b"(" + text("aten::save") + text("") + b"tt")
    assert "aten::save" in script(plain, {"archive/bytecode.pkl": compiled}).health.detail
    harmless = pickled(b"(" + text("forward") + b"(" + text("aten::add") + text("Tensor") + b"tt")
    assert script(plain, {"archive/bytecode.pkl": harmless}).health.verdict == "good"


def test_an_object_of_another_librarys_class() -> None:
    for namespace, verdict in (("quantized", "good"), ("mine", "unknown")):
        made = b"c__torch__.torch.classes." + namespace.encode() + b"\nThing\n)\x81}b"
        assert script(PLAIN["a layer"], table=mapping({"m": MODULE, "other": made})).health.verdict == verdict


def test_a_long_program_is_not_read_to_its_end() -> None:
    for part in ("save.", "save. ", "save.#\n", "ops.aten.add ", 'getattr(self, "0") ', "getattr(a.", "classes "):
        started = time.process_time()
        torchscript.judge((part * (1 << 20))[: 1 << 20].encode())
        assert time.process_time() - started < 1, part
    assert "longer than this program reads" in script("    return x\n" * 200_000).health.detail
