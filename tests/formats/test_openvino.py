"""OpenVINO: the XML, and the weights that it needs beside it."""

from __future__ import annotations

import io

import pytest
from headers import read, values
from hypothesis import given, settings
from hypothesis import strategies as st

from model_manager.formats import openvino
from model_manager.formats.problem import LIMITS, FormatProblem, Limits

GOOD = b"""<?xml version="1.0"?>
<net name="bert" version="11"><layers>
<layer id="0" name="input_ids" type="Parameter"><data element_type="i64" shape="?,?"/></layer>
<layer id="1" name="w" type="Const"><data element_type="u8" offset="0" shape="8, 4" size="32"/></layer>
<layer id="2" name="s" type="Const"><data element_type="f16" offset="64" shape="8" size="16"/></layer>
</layers><rt_info><Runtime_version value="2024.1"/></rt_info></net>
"""


def test_the_weights_are_the_bin_of_the_same_stem() -> None:
    facts = read(GOOD, "openvino_model.xml")
    held = values(facts)
    assert facts.format == "openvino" and facts.health.verdict == "good"
    assert [(one.name, one.bytes) for one in facts.companions] == [("openvino_model.bin", 80)]
    assert held["parameters"] == 40 and held["quant"] == "UINT8" and held["name"] == "bert"


def test_entities_are_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE net [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><net name="&b;" version="11"/>'
    assert read(bomb, "x.xml").health.verdict == "corrupt"


def test_a_cut_file_and_other_xml() -> None:
    assert read(GOOD[:-30], "x.xml").health.verdict == "truncated"
    assert read(GOOD.replace(b"</layers>", b"</layer>"), "x.xml").health.verdict == "corrupt"
    assert read(b"<?xml version='1.0'?><html><body/></html>", "x.xml").health.verdict == "not-a-model"


def test_tags_and_numbers_are_bounded() -> None:
    assert read(b'<net name="a" version="11">' + b"<layer>" * 5000, "x.xml").health.verdict == "truncated"
    assert read(b'<net name="a" version="11">' + b"<layer>" * 300_000, "x.xml").health.verdict == "unknown"
    assert "tag longer" in read(b'<net name="' + b"a" * 400_000, "x.xml").health.detail
    big = GOOD.replace(b'size="32"', b'size="' + b"9" * 5000 + b'"')
    assert read(big, "x.xml").companions[0].bytes == 80


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=6), st.integers(1, len(GOOD)))
def test_damage_is_never_more_than_a_verdict(at: int, junk: bytes, cut: int) -> None:
    broken = GOOD[:at] + junk + GOOD[at + len(junk) :]
    read(broken, "x.xml")
    read(broken[:cut], "x.xml")


def test_what_is_beyond_the_limits_or_another_xml() -> None:
    with pytest.raises(FormatProblem, match="bytes of XML are over the limit") as told:
        openvino.read(io.BytesIO(GOOD), len(GOOD), Limits(header=100))
    assert told.value.kind == "unknown"
    with pytest.raises(FormatProblem, match="not a network of OpenVINO"):
        openvino.read(io.BytesIO(b"<html/>"), 7, LIMITS)
    foreign = GOOD.replace(b'<?xml version="1.0"?>', b'<?xml version="1.0" encoding="made-up"?>')
    assert read(foreign, "x.xml").health.verdict == "corrupt"
    deep = GOOD.replace(b'shape="8, 4"', b'shape="' + b"1," * 99 + b'1"')
    facts = read(deep, "x.xml")
    assert facts.health.verdict == "corrupt" and "a constant of 100 dimensions" in facts.health.detail
