"""From walked pickles to facts: what they name, whether that runs, which tensors they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from model_manager.base.facts import Claim, Facts, Health, worst
from model_manager.base.messages import counted, figure, said
from model_manager.base.text import shown
from model_manager.formats import architectures, packed, pickle_names
from model_manager.formats.metadata import bounded
from model_manager.formats.pickle_familiar import may_be_called, may_be_made
from model_manager.formats.pickle_opcodes import COMPUTED
from model_manager.formats.pickle_values import TensorValue
from model_manager.formats.pickle_walk import Pickle
from model_manager.formats.problem import FormatProblem, Limits
from model_manager.formats.state_dict import state_dict, summary, training_leftover
from model_manager.formats.tensors import Tensor, Tensors, shares

_LISTED = 100
Pair = tuple[str, str]
"""A global's module and name."""


@dataclass(slots=True)
class Contents:
    """What was found in one file, whichever container it has."""

    kind: str
    """As people call it: torch zip, torch legacy, torchscript, torch tar, bare pickle …"""
    value: object = None
    """The symbols of the pickle that is the checkpoint."""
    pickles: list[Pickle] = field(default_factory=list)
    """All walked pickles: each may name code."""
    healths: list[Health] = field(default_factory=list)
    own_code: str = ""
    """A program that the format carries by design (TorchScript), as an entry of `code`."""


def facts(name: str, contents: Contents, limits: Limits) -> Facts:
    """The facts of a file of format `name`."""
    code, healths = _judged(contents.pickles, contents.own_code)
    healths += contents.healths
    weights: Tensors = {}
    others: Tensors = {}
    metadata: dict[str, object] = {}
    leftover = ""
    try:
        found = state_dict(contents.value, limits)
        weights, others = _plain(found.weights), _plain(found.others)
        metadata, leftover = summary(contents.value), training_leftover(contents.value)
    except FormatProblem as problem:
        healths.append(Health(problem.kind, problem.why))
    metadata |= {"pickle.kind": contents.kind, "pickle.tensor_count": len(weights)}
    return Facts(
        format=name,
        claims=tuple(_claims(contents.kind, weights, others, leftover)),
        shares=shares({**weights, **{f"other {key}": tensor for key, tensor in others.items()}}),
        health=health(healths, code),
        code=code,
        metadata=bounded(metadata),
    )


def health(healths: Iterable[Health], code: tuple[str, ...]) -> Health:
    """The first verdict that applies; a file that was read to its end tells what it does not name."""
    found = [entry for entry in healths if entry.verdict != "good"]
    if found:
        return worst(found)
    return Health("good", "" if code else said("names only code that PyTorch itself counts as safe"))


def code_of(pickles: Iterable[Pickle]) -> tuple[tuple[str, ...], list[Health]]:
    """The code that pickles name, and what that and their reading says of health."""
    return _judged(list(pickles), "")


def called(names: set[Pair], familiar: Callable[[Pair], bool]) -> tuple[tuple[str, ...], list[Health]]:
    """The same of names that something else than a pickle calls; `familiar` are those that its own program has."""
    strange = {
        pair for pair in names if not pickle_names.known(*pair) and not may_be_called(*pair) and not familiar(pair)
    }
    strange |= {pair for pair in names if _runs(pair)}
    return tuple(sorted(map(_text, strange)))[:_LISTED], [*_named(strange), *_called(strange)]


def _judged(pickles: list[Pickle], own: str) -> tuple[tuple[str, ...], list[Health]]:
    names = {pair for pickle in pickles for pair in pickle.names}
    strange = _strange(pickles, own)
    healths = [*_named(names), *_unread(pickles), *_called(strange)]
    if any(pickle.foreign for pickle in pickles):
        healths.append(Health("unknown", said("asks its loader for objects that this program does not know")))
    return _code(names, own, strange), healths


def _code(names: set[Pair], own: str, strange: set[Pair]) -> tuple[str, ...]:
    """What is named outside the allow-list; where that is too long, what is run or called stays."""
    outside = [pair for pair in names if not pickle_names.known(*pair) and not (own and _script(pair))]
    outside.sort(key=lambda pair: (not _runs(pair), pair not in strange, pair))
    return tuple(sorted({_text(pair) for pair in outside[:_LISTED]} | ({own} if own else set())))


def _strange(pickles: list[Pickle], own: str) -> set[Pair]:
    """What is called, or made, and is neither known to build data nor familiar."""
    found = set[Pair]()
    if any(pickle.loose for pickle in pickles):
        found |= {pair for pickle in pickles for pair in pickle.strangers if not _allowed(pair, own)}
    for pickle in pickles:
        found |= {pair for pair in pickle.called if not _allowed(pair, own) and not may_be_called(*pair)}
        found |= {pair for pair in pickle.made if not _allowed(pair, own) and not may_be_made(*pair)}
    return found


def _allowed(pair: Pair, own: str) -> bool:
    return pickle_names.known(*pair) or (bool(own) and _script(pair))


def _called(strange: set[Pair]) -> Iterator[Health]:
    """An allow-list decides: no list of what is bad can be finished."""
    texts = sorted(_text(pair) for pair in strange)
    if texts:
        named = ", ".join(texts[:5])
        if len(texts) > 5:
            yield Health(
                "unknown", said("calls code that this program does not know: {0} and {1} more", named, len(texts) - 5)
            )
        else:
            yield Health("unknown", said("calls code that this program does not know: {0}", named))


def _script(pair: Pair) -> bool:
    """A class that the TorchScript archive defines itself; it is no Python name."""
    return pair[0].split(".", 1)[0] == "__torch__"


def _text(pair: Pair) -> str:
    return shown(pair[1] if pair[0] == COMPUTED[0] else f"{pair[0]}.{pair[1]}")


def _named(names: set[Pair]) -> Iterator[Health]:
    bad = sorted(_text(pair) for pair in names if pair[0] == COMPUTED[0] or _runs(pair))
    if bad:
        named = ", ".join(bad[:5])
        if len(bad) > 5:
            yield Health("unsafe", said("loading it would reach {0} and {1} more", named, len(bad) - 5))
        else:
            yield Health("unsafe", said("loading it would reach {0}", named))


def _runs(pair: Pair) -> bool:
    return pair[0] != COMPUTED[0] and not _script(pair) and pickle_names.runs(*pair)


def _unread(pickles: Iterable[Pickle]) -> Iterator[Health]:
    for pickle in pickles:
        if pickle.broken:
            yield Health("unsafe", said("its pickle cannot be read to the end: it {0}", pickle.broken))
        elif pickle.beyond:
            yield Health("unknown", said("its pickle {0}: not read to its end", pickle.beyond))


def _plain(tensors: Mapping[str, TensorValue]) -> Tensors:
    return {name: Tensor(value.shape, value.dtype, value.bytes) for name, value in tensors.items()}


def _claims(kind: str, weights: Tensors, others: Tensors, leftover: str) -> Iterator[Claim]:
    yield Claim("tag", kind, "metadata", said("how the file is packed"))
    if leftover:
        yield Claim("tag", "training-leftover", "metadata", leftover)
        return
    yield from architectures.claims_of(weights)
    yield from packed.claims_of(weights, shares(weights))
    if others:
        total = sum(tensor.bytes for tensor in others.values())
        yield Claim(
            "tag",
            "training-state",
            "tensors",
            counted(
                "{0} tensor, {1} bytes, of its training",
                "{0} tensors, {1} bytes, of its training",
                len(others),
                figure(len(others)),
                figure(total),
            ),
        )
