"""Facts and claims as the catalogue keeps them: with the parts of their sentences, and as older versions kept them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from model_manager.base import text
from model_manager.base.facts import Claim, Facts, Health
from model_manager.base.localised import localised
from model_manager.base.messages import counted, figure, said
from model_manager.catalog.codec import claim_rows, dump, dump_facts, dump_health, load_claims, load_facts, load_health

MISSING = Health("truncated", said("needs {0} bytes, the file has {1}", figure(7123), figure(5000)))
FACTS = Facts(
    "gguf", (Claim("parameters", 5, "tensors", counted("{0} tensor", "{0} tensors", 1, figure(1))),), health=MISSING
)


@pytest.fixture(autouse=True)
def german() -> Iterator[None]:
    text.use_language("de")
    yield
    text.use_language("en")


def test_what_was_read_of_a_file_is_german_after_a_restart() -> None:
    found = load_facts(dump_facts(FACTS))
    assert found == FACTS
    assert localised(found.health.detail) == "braucht 7.123 Bytes, die Datei hat 5.000"
    assert localised(found.claims[0].detail) == "1 Tensor"


def test_what_older_versions_kept_is_read_and_shown_in_english() -> None:
    row = json.loads(dump_facts(FACTS))
    row[1], row[3] = [["parameters", 5, "tensors", "1 tensor"]], ["truncated", str(MISSING.detail)]
    found = load_facts(json.dumps(row))
    assert found == FACTS and localised(found.health.detail) == "needs 7,123 bytes, the file has 5,000"


def test_a_path_in_a_claim_is_what_it_is() -> None:
    claims = [
        Claim("name", "x", "sidecar", "Tom and Jerry"),
        Claim("name", "y", "sidecar", said("{0} is a link", "trash")),
    ]
    found = load_claims(json.loads(dump(claim_rows(claims))))
    assert [localised(one.detail) for one in found] == ["Tom and Jerry", "trash ist eine Verknüpfung"]


def test_raw_parts_are_known_whoever_kept_them() -> None:
    words = "in raw parts that must be joined into one file before any tool can use it"
    raw = Health("incomplete", said(words), "raw-parts")
    assert load_health(json.loads(json.dumps(dump_health(raw)))) == raw
    assert load_health(["incomplete", words]) == raw and load_health(["incomplete", "raw"]) == Health(
        "incomplete", "raw"
    )
    assert load_health(dump_health(None)) is None


@pytest.mark.parametrize("detail", [5, None, {"said": 5}, {"said": "{0}" * 9000, "with": ["x" * 99]}, ["a"]])
def test_a_detail_that_nobody_kept_says_nothing(detail: object) -> None:
    assert load_health(["corrupt", detail]) == Health("corrupt", "")
    assert load_claims([["name", "x", "hash", detail]]) == (Claim("name", "x", "hash", ""),)
