"""Finds the tensors in a walked checkpoint, and names them as its loaders would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base.messages import figure, said
from model_manager.base.text import later
from model_manager.formats.metadata import bounded
from model_manager.formats.pickle_values import GlobalName, Made, TensorValue
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.torch_rebuild import settled

# In the order in which loaders look (spandrel: params_ema before params; kohya and A1111: state_dict).
WRAPPERS = ("state_dict", "params_ema", "params-ema", "params", "model_state_dict", "model", "module", "net",
            "weights", "weight", "generator", "g_ema")  # fmt: skip
# An nn.Module that was pickled whole keeps its tensors and parts in these; its loaders never see them in a name.
_SLOTS = frozenset({"_parameters", "_buffers", "_modules"})
_OPTIMIZER = ("optim", "lr_sched", "sched", "rng", "scaler", "amp", "callbacks", "loops", "params", "params_ema")
_COMPONENT, _NAME, _NAMES_HELD = 300, 1_000, 8 * 1024 * 1024
_VALUES = 400_000
_SHARED = 8


@dataclass(frozen=True, slots=True)
class StateDict:
    """`weights` are the model's tensors by name, `others` those of its training beside them."""

    weights: Mapping[str, TensorValue]
    others: Mapping[str, TensorValue] = field(default_factory=dict)


def state_dict(value: object, limits: Limits) -> StateDict:
    """The tensors of a walked pickle. Raises FormatProblem when there are too many."""
    value = settled(value)
    if isinstance(value, TensorValue):
        return StateDict({"tensor": value})
    parts = {key: _named(part, limits) for key, part in _children(value)}
    holding = {key: found for key, found in parts.items() if found}
    for wrapper in WRAPPERS:
        found = holding.get(wrapper)
        rest = [key for key in holding if key != wrapper]
        if found and "" not in found and all(key.startswith(_OPTIMIZER) for key in rest):
            return StateDict(found, _joined({key: holding[key] for key in rest}, limits))
    return StateDict(_joined(holding, limits))


def _joined(parts: Mapping[str, Mapping[str, TensorValue]], limits: Limits) -> dict[str, TensorValue]:
    joined: dict[str, TensorValue] = {}
    for key, found in parts.items():
        prefix = "" if key in _SLOTS else key
        for name, tensor in found.items():
            joined[f"{prefix}.{name}"[:_NAME] if prefix and name else (prefix or name)] = tensor
    if len(joined) > limits.tensors:
        raise FormatProblem(
            "unknown", said("lists {0} tensors, over the limit of {1}", figure(len(joined)), figure(limits.tensors))
        )
    return joined


def _named(value: object, limits: Limits) -> dict[str, TensorValue]:
    """Every tensor below a value by its path; each container a few times, so that cycles end."""
    found: dict[str, TensorValue] = {}
    seen: dict[int, int] = {}
    held = visited = 0
    waiting: list[tuple[str, object, int]] = [("", value, 0)]
    while waiting:
        path, item, depth = waiting.pop()
        visited += 1
        item = settled(item)
        if isinstance(item, TensorValue):
            found[path] = item
            held += len(path)
            if len(found) > limits.tensors or held > _NAMES_HELD:
                raise FormatProblem(
                    "unknown", said("lists over {0} tensors, beyond this program's limits", figure(len(found) - 1))
                )
        elif isinstance(item, dict | list | tuple | Made) and depth < limits.nesting:
            times = seen[id(item)] = seen.get(id(item), 0) + 1
            if times > _SHARED:
                continue
            for key, part in _reversed(item):
                name = path if key in _SLOTS else f"{path}.{key}"[:_NAME] if path else key
                waiting.append((name, part, depth + 1))
        if len(waiting) + visited > _VALUES:
            raise FormatProblem("unknown", said("has more than {0} values in its containers", figure(_VALUES)))
    return found


def _reversed(item: object) -> list[tuple[str, object]]:
    """The parts that may hold tensors, last first: the stack then gives them in their order."""
    found = [pair for pair in _children(item) if isinstance(pair[1], dict | list | tuple | Made | TensorValue)]
    return found[::-1]


def _children(item: object) -> Iterator[tuple[str, object]]:
    if isinstance(item, dict):
        for key, part in item.items():
            yield (key if isinstance(key, str) else str(key))[:_COMPONENT], part
    elif isinstance(item, list | tuple):
        for number, part in enumerate(item):
            yield str(number), part
    elif isinstance(item, Made):
        for part in (item.state, item.items):
            if isinstance(part, tuple) and len(part) == 2:  # BUILD with slots: (dict, slots)
                yield from _children(part[0])
            elif isinstance(part, dict | list):
                yield from _children(part)


def summary(value: object) -> dict[str, object]:
    """The plain values at the top of a checkpoint, one level down too: epoch, step, hyper-parameters."""
    found: dict[str, object] = {}
    for key, part in _children(value):
        if isinstance(part, Made):
            part = part.state if isinstance(part.state, dict) else part
        if isinstance(part, dict) and key not in WRAPPERS and len(part) <= 200:
            plain = {f"{key}.{inner}"[:200]: _plain(item) for inner, item in part.items() if _is_plain(item)}
            found.update(plain)
        elif _is_plain(part):
            found[key] = _plain(part)
        if len(found) > 400:
            break
    return bounded(found)


def _is_plain(value: object) -> bool:
    if isinstance(value, list | tuple):
        return len(value) <= 64 and all(isinstance(item, str | int | float | bool | None) for item in value)
    return isinstance(value, str | int | float | bool | bytes | None)


def _plain(value: object) -> object:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def training_leftover(value: object) -> str:
    """Why a file is what training leaves behind and no model, or "". Certain structures only.

    Source: torch.optim.Optimizer.state_dict, torch LRScheduler.state_dict, transformers' Trainer (`rng_state.pth`,
    `training_args.bin`).
    """
    if isinstance(value, dict):
        keys = set(list(value)[:40])
        if keys == {"state", "param_groups"} and isinstance(value["param_groups"], list):
            return later("an optimizer's state")
        if {"last_epoch", "_step_count"} <= keys and not any(isinstance(part, TensorValue) for part in value.values()):
            return later("a learning rate schedule's state")
        if {"python", "numpy", "cpu"} <= keys <= {"python", "numpy", "cpu", "cuda", "xla", "npu", "mps", "hpu", "mlu"}:
            return later("a random generator's state")
    state = value.state if isinstance(value, Made) and isinstance(value.callee, GlobalName) else None
    if isinstance(state, dict) and set(list(state)[:1000]) >= {"output_dir", "per_device_train_batch_size"}:
        return later("a training's arguments")
    return ""
