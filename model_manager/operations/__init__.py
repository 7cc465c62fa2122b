"""The only code that changes the user's disk: a plan is shown, applied once, journalled, undone."""

from __future__ import annotations

from model_manager.operations.apply import Operations
from model_manager.operations.disk import Disk
from model_manager.operations.identity import Identity, identity_of
from model_manager.operations.operation import Operation, StepState
from model_manager.operations.plan import Plan, Step, as_json, new_id

__all__ = [
    "Disk",
    "Identity",
    "Operation",
    "Operations",
    "Plan",
    "Step",
    "StepState",
    "as_json",
    "identity_of",
    "new_id",
]
