"""Vosk's folders, new and old."""

from __future__ import annotations

from memory_folder import facts, values

NEW = {"am/final.mdl": 9, "conf/mfcc.conf": b"", "conf/model.conf": b"", "graph/HCLr.fst": 9, "graph/Gr.fst": 9}


def test_both_layouts() -> None:
    found = facts(NEW)
    assert found.format == "vosk" and found.health.verdict == "good" and values(found)["category"] == "stt"
    assert facts({"final.mdl": 9, "mfcc.conf": b"", "HCLG.fst": 9}).health.verdict == "good"


def test_a_missing_graph() -> None:
    found = facts({name: one for name, one in NEW.items() if name != "graph/Gr.fst"})
    assert found.health.verdict == "incomplete" and found.health.detail == "graph/Gr.fst is missing"


def test_settings_that_are_missing() -> None:
    found = facts({"am/final.mdl": 9, "graph/HCLG.fst": 9})
    assert found.health.verdict == "incomplete" and found.health.detail == "conf/mfcc.conf is missing"
    assert facts({"am/final.mdl": 9, "graph/HCLG.fst": 9, "conf/model.conf": b""}).health.verdict == "good"
