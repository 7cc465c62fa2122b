"""How a verb says no."""

from __future__ import annotations


class Refused(Exception):
    """The world is not as planned, or what is there must stay. `str()` says why in words."""


class MustGoBack(Refused):
    """The last act of a step must not happen, and the step is to be taken back."""


class NotInForce(Refused):
    """What a step did is not there any more, and it cannot go back either: the words tell what lies where."""
