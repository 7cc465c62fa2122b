"""A plan and what became of it in words: how many, how much, what comes back and what does not."""

from __future__ import annotations

import pytest
from planned import done, of_places, plan, step

from model_manager.library.removal.plan_words import (
    BACK,
    STATES,
    VERBS,
    action_text,
    final_text,
    frees_text,
    is_final,
    settled_text,
    things,
    undo_text,
    united_text,
)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("applied", "it is done"), ("partly", "a part of it is done, what was begun of the rest was put back"),
        ("undone", "it is put back"), ("refused", "what was begun of it was put back"),
    ],
)  # fmt: skip
def test_what_became_of_a_change_that_was_interrupted(state: str, words: str) -> None:
    one = done(plan(step(1)), "done", state=state)
    assert settled_text(one) == f"an earlier change was interrupted (Move m to the trash) and is settled now: {words}"


def test_why_it_cannot_be_settled_yet() -> None:
    two = plan(step(1), step(2))
    stuck = done(two, "done", "stuck", state="stuck", problem="the drive is away")
    begin = "an earlier change was interrupted (Move m to the trash) and cannot be settled yet: "
    assert settled_text(stuck) == begin + "the drive is away"
    assert settled_text(done(two, "done", "done", state="stuck", problem="no")) == begin, "no step says why"


def test_things_are_counted_as_a_person_does() -> None:
    """Two names that share a file are one unit and two things; what both use is with the first."""
    origin = of_places(("m:a", "/m/1", ("/m/3",)), ("m:b", "/m/2", ("/m/3", "/m/4")))
    both = plan(step(1), step(2), step(3), step(4), step(5, unit=2, of="alone"), origins={1: origin, 2: of_places()})
    assert [(name, [one.n for one in steps]) for name, steps in things(both)] == [
        ("m:a", [1, 3]), ("m:b", [2, 4]), ("alone", [5]),
    ]  # fmt: skip


def test_one_name_in_two_places_is_one_thing() -> None:
    origin = of_places(("m", "/m/1", ()), ("m", "/m/2", ()))
    assert [name for name, _steps in things(plan(step(1), step(2), origins={1: origin}))] == ["model-1"]
    assert [name for name, _steps in things(plan(step(1, unit=4), origins={4: "nonsense"}))] == ["model-4"]


@pytest.mark.parametrize(
    ("frees", "now", "words"),
    [
        (0, 0, "Frees nothing."), (2000, 2000, "Frees 2.00 kB."),
        (5000, 2000, "Frees 2.00 kB now and 3.00 kB once the trash is emptied."),
        (5000, 0, "Frees 5.00 kB once the trash is emptied; until then nothing."),
    ],
)  # fmt: skip
def test_what_comes_back_and_when(frees: int, now: int, words: str) -> None:
    assert frees_text(plan(step(1), frees=frees, now=now)) == words


def test_what_undo_does() -> None:
    trash, delete = step(1), step(2, "delete")
    assert undo_text(plan(trash)) == "Undo puts everything back."
    assert undo_text(plan(step(1, "delete"))) == undo_text(plan(step(1, "ask"))) == "This cannot be undone."
    assert undo_text(plan(trash, delete)) == "1 step cannot be undone."
    assert undo_text(plan(trash, delete, step(3, "ask"))) == "2 steps cannot be undone."


def test_what_sharing_makes_of_the_count() -> None:
    told = "What was shared is one model now, in several places, and counts once."
    assert united_text(plan(step(1, "link", how={"kind": "hardlink"}))) == told == united_text(plan(step(1, "link")))
    assert united_text(plan(step(1, "link", how={"kind": "reflink"}))) == "", "these stay two files"
    assert united_text(plan(step(1))) == ""
    assert united_text(plan(step(1, "link", how={"kind": "reflink"}), step(2, "link"))) == told


def test_what_is_final() -> None:
    assert is_final(plan(step(1, "delete"))) and is_final(plan(step(1), step(2, "ask")))
    assert not is_final(plan(step(1)))
    assert not is_final(plan(step(1, "link", undo=False))), "shared blocks lose nothing"


def test_the_question_before_what_cannot_be_undone() -> None:
    end = "go to the trash and cannot be put back."
    assert final_text(plan(step(1, "delete"))) == (f"1 item (1.00 kB) will be gone for good. It does not {end}")
    two = plan(step(1, "delete"), step(2, "delete", unit=2), step(3, unit=3))
    assert final_text(two) == f"2 items (2.00 kB) will be gone for good. They do not {end}"
    pieces = plan(step(1, "delete"), step(2, "delete"), step(3, unit=2), weighs=1500)
    assert final_text(pieces) == f"1 item (2.00 kB) will be gone for good. It does not {end}"
    whole = plan(step(1, "delete"), step(2, "delete"), weighs=1500)
    assert final_text(whole).startswith("1 item (1.50 kB)"), "what has two names weighs once"
    linked = plan(step(1, "delete"), step(2, "link", undo=False, unit=2))
    assert final_text(linked).startswith("1 item (1.00 kB)"), "what is only shared is not gone"


@pytest.mark.parametrize(
    ("verbs", "words"),
    [
        (("trash",), "Move 1 item (1.00 kB) to the trash"), (("trash", "trash"), "Move 2 items (2.00 kB) to the trash"),
        (("trash", "write"), "Move 2 items (2.00 kB) to the trash"), (("write",), "Move 1 item (1.00 kB) to the trash"),
        (("delete",), "Delete 1 item (1.00 kB) for good"), (("delete", "trash"), "Delete 2 items (2.00 kB) for good"),
        (("ask",), "Delete 1 item (1.00 kB) for good"), (("ask", "delete"), "Delete 2 items (2.00 kB) for good"),
        (("link",), "Share 1 copy (1.00 kB)"), (("link", "link"), "Share 2 copies (2.00 kB)"),
        (("make_folder",), "Make 1 folder"), (("make_folder", "make_folder"), "Make 2 folders"),
        (("move",), "Do 1 step"), (("move", "make_folder"), "Do 2 steps"),
    ],
)  # fmt: skip
def test_what_the_button_says(verbs: tuple[str, ...], words: str) -> None:
    steps = [step(n, verb, unit=n) for n, verb in enumerate(verbs, 1)]
    assert action_text(plan(*steps)) == words


def test_what_is_set_aside_is_called_so() -> None:
    aside = step(1, target="/drive/.model-manager/aside")
    assert action_text(plan(aside)) == "Set 1 item (1.00 kB) aside"
    assert action_text(plan(aside, step(2, unit=2))) == "Set 2 items (2.00 kB) aside"
    assert action_text(plan(step(1, target="/drive/Trash/files/1"))) == "Move 1 item (1.00 kB) to the trash"
    assert action_text(plan(aside, step(2, "write"))) == "Move 1 item (2.00 kB) to the trash"


def test_things_in_one_unit_count_as_many() -> None:
    origin = of_places(("a", "/m/1", ()), ("b", "/m/2", ()))
    assert action_text(plan(step(1), step(2), origins={1: origin})) == "Move 2 items (2.00 kB) to the trash"
    assert action_text(plan(step(1), step(2))) == "Move 1 item (2.00 kB) to the trash"


def test_every_verb_and_state_has_its_words() -> None:
    assert set(VERBS) == set(BACK) == {"trash", "delete", "move", "copy", "link", "write", "make_folder", "ask"}
    assert set(STATES) == {"planned", "applied", "partly", "undone", "refused", "stuck"}
