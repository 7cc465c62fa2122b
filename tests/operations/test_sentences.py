"""Sentences of a journal: in English as ever, with their parts beside them; journals from before, and from elsewhere."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from scenes import plan_of

from model_manager.base import text
from model_manager.base.localised import localised
from model_manager.base.messages import counted, figure, said
from model_manager.base.text import later
from model_manager.operations import Operation, Plan, Step
from model_manager.operations.operation import replay
from model_manager.operations.plan import from_record, to_record
from model_manager.operations.sentences import all_with_parts, parts_of, with_parts

NAME = "it is not there any more"
"""A model of this name is nobody's sentence."""
LINK = said("{0} is a link", NAME)


@pytest.fixture
def german() -> Iterator[None]:
    text.use_language("de")
    yield
    text.use_language("en")


def _plan() -> Plan:
    why = said("the folder of {0}: everything in it belongs to it", NAME)
    title = said("{0}: {1}", later("Move to the trash"), counted("{0} item", "{0} items", 1200, figure(1200)))
    return replace(
        plan_of(Step(1, 1, "trash", "/m/a", "/t", 10, 10, why, True, None)),
        title=title, warnings=(LINK, "a plain word"), left=(said("{0}: {1}", "/x", LINK),),
    )  # fmt: skip


PLAN = _plan()


def told(record: Any, **refused: object) -> Operation:
    rest = [{"record": "apply", "at": 1.0}, {"record": "refused", "n": 1} | refused, {"record": "end", "at": 2.0}]
    return replay(json.loads(json.dumps([{"record": "plan", "plan": record}, *rest]))).operation()


def german_of(operation: Operation) -> list[str]:
    plan_, (step,) = operation.plan, operation.steps
    return [localised(one) for one in (plan_.title, plan_.steps[0].why, *plan_.warnings, *plan_.left, step.problem)]


@pytest.mark.usefixtures("german")
def test_what_a_journal_says_is_german_after_a_restart() -> None:
    found = told(to_record(PLAN), problem=str(LINK), **parts_of({"problem": LINK}))
    assert german_of(found) == [
        "In den Papierkorb: 1.200 Einträge", f"der Ordner von {NAME}: alles darin gehört dazu",
        f"{NAME} ist eine Verknüpfung", "a plain word", f"/x: {NAME} ist eine Verknüpfung",
        f"{NAME} ist eine Verknüpfung",
    ]  # fmt: skip
    assert found.as_json()["title"] == "Move to the trash: 1,200 items"


def without_parts(record: Any) -> Any:
    """As versions wrote it that kept plain sentences."""
    if isinstance(record, dict):
        return {name: without_parts(value) for name, value in record.items() if name != "said"}
    return [without_parts(one) for one in record] if isinstance(record, list) else record


@pytest.mark.usefixtures("german")
def test_a_journal_from_before_is_read_and_shown_in_english() -> None:
    found = told(without_parts(to_record(PLAN)), problem="a file is in the way")
    assert found.plan == PLAN and found.state == "refused"
    assert german_of(found) == [
        "Move to the trash: 1,200 items", f"the folder of {NAME}: everything in it belongs to it",
        f"{NAME} is a link", "a plain word", f"/x: {NAME} is a link", "a file is in the way",
    ]  # fmt: skip


def test_an_older_version_finds_every_sentence_where_it_was() -> None:
    record = json.loads(json.dumps(to_record(PLAN)))
    assert (record["title"], record["warnings"]) == ("Move to the trash: 1,200 items", [str(LINK), "a plain word"])
    assert record["steps"][0]["why"] == f"the folder of {NAME}: everything in it belongs to it"


@pytest.mark.parametrize(
    "parts",
    [
        None, [], 5, "x", {"title": 5}, {"title": {"said": "Delete {0} for good ({1})", "with": ["all", "0 B"]}},
        {"title": {"said": "{0}", "with": [{"said": "{0}"}] * 30}}, {"title": ["Move"]}, {"warnings": ["one"]},
        {"warnings": {"said": "x"}}, {"left": [{"said": 5}]},
    ],
)  # fmt: skip
def test_parts_that_are_not_those_of_the_sentence_change_nothing(parts: object) -> None:
    record = copy.deepcopy(to_record(PLAN)) | {"said": parts}
    found = from_record(json.loads(json.dumps(record)))
    assert found == PLAN and found.title == "Move to the trash: 1,200 items"


def test_plain_sentences_get_nothing_beside_them() -> None:
    assert parts_of({"why": "plain", "warnings": ("plain",)}) == {}
    assert with_parts({}, "why", "plain") == "plain" and all_with_parts({}, "left", ["a", 5]) == ("a", "5")
