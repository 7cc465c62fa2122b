"""ncnn's text of layers, and the weights beside it."""

from __future__ import annotations

from headers import read, values

TEXT = b"7767517\n3 3\nInput data 0 1 data 0=1\nConvolution conv 1 1 data a 0=3\nPixelShuffle out 1 1 a out 0=4\n"


def test_what_it_names() -> None:
    facts = read(TEXT, "realesr-x4.param")
    assert facts.format == "ncnn" and facts.health.verdict == "good"
    assert [one.name for one in facts.companions] == ["realesr-x4.bin"]
    assert values(facts)["category"] == "diffusion/upscale_models"


def test_cut_and_odd() -> None:
    assert read(TEXT[:40], "x.param").health.verdict == "truncated"
    assert read(b"7767517\nlayers\n", "x.param").health.verdict == "corrupt"
    assert read(b"a b c\n", "x.param").format == "unknown"
