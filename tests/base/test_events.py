"""What background work tells: whoever asks for an event by its class gets each of them, and nobody can change one."""

from __future__ import annotations

import dataclasses
import inspect
import typing

import pytest

from model_manager.base import events
from model_manager.base.events import ChangedElsewhere, ModelsChanged, OperationChanged, RootsChanged, ScanFinished

ONE_OF_EACH = (
    ModelsChanged((1, 2)), RootsChanged(), ScanFinished(3, 4, 0.5, 1, False), OperationChanged("x"), ChangedElsewhere(),
)  # fmt: skip


def test_every_event_belongs_to_what_a_listener_may_get() -> None:
    classes = {one for _name, one in inspect.getmembers(events, inspect.isclass) if one.__module__ == events.__name__}
    assert classes == set(typing.get_args(events.Event)) == {type(one) for one in ONE_OF_EACH}


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=lambda event: type(event).__name__)
def test_one_listener_cannot_change_what_the_next_one_hears(event: events.Event) -> None:
    for one in dataclasses.fields(event):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(event, one.name, None)
    assert event == dataclasses.replace(event) and hash(event) == hash(dataclasses.replace(event))
    with pytest.raises((AttributeError, TypeError)):
        event.more = 1  # type: ignore[union-attr]
