"""scipy's distributions: loading one runs the text of a function that its state holds.

Source: scipy/stats/_distn_infrastructure.py, `rv_generic.__setstate__` and `parse_arg_template`.
"""

from __future__ import annotations

import re

from model_manager.formats.pickle_values import GlobalName

_TEXT = "_parse_arg_template"
_NAMES = r"(?:[A-Za-z_]\w{0,60}, ){0,20}"
_IN = r"(?:, ?)?(?:loc=0(?:, scale=1)?)?"
_OUT = r"(?:, ?)?(?:(?:loc, (?:scale|1))|)"
_WRITTEN = re.compile(
    rf"\n?def _parse_args\(self, {_NAMES} ?{_IN}\):\n"
    rf" {{4}}return \({_NAMES}\), {_OUT}\n\n"
    rf"def _parse_args_rvs\(self, {_NAMES} ?{_IN}, size=None\):\n"
    rf" {{4}}return self\._argcheck_rvs\({_NAMES} ?{_OUT}, size=size\)\n\n"
    rf"def _parse_args_stats\(self, {_NAMES} ?{_IN}, moments='mv'\):\n"
    rf" {{4}}return \({_NAMES}\), {_OUT}, moments\n?"
)
"""The text as scipy writes it, for any names of a distribution's shapes."""


def runs_text(callee: object, state: object) -> bool:
    """Whether a state gives a distribution another text than its own, or may do so."""
    if not isinstance(callee, GlobalName) or callee.module.split(".")[:2] != ["scipy", "stats"]:
        return False
    old = (
        isinstance(state, tuple) and len(state) == 2
    )  # scipy before 1.6: arguments of the constructor, and a generator
    table = state[0] if old and isinstance(state, tuple) else state
    if not isinstance(table, dict) or not all(isinstance(key, str) for key in table):
        return True
    if old:
        return len(table) == 2  # such a one is read as a name and its value
    text = table.get(_TEXT)
    return text is not None and not (isinstance(text, str) and _WRITTEN.fullmatch(text))
