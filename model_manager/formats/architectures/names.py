"""Fast questions to a tensor table: what its names begin with and hold, and the shapes behind them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache, cached_property

from model_manager.base.facts import Claim
from model_manager.formats.tensors import Tensors

# What trainers and savers put in front of a diffusion model's own names (InvokeAI, ComfyUI model_detection.py).
WRAPPERS = ("model.diffusion_model.", "diffusion_model.", "transformer.", "module.", "unet.", "net.", "model.")


class Names:
    """One joined text instead of loops over names, and before it the few kinds of names that there are.

    A model's names differ in their numbers: without digits 2,531 of SDXL are 250. What no kind holds, no name
    does: most questions end there in 2 microseconds, a search of all names takes 100.
    """

    def __init__(self, tensors: Tensors, wrapper: str = "", outer: Names | None = None) -> None:
        """`wrapper`: only the names of `outer` that begin with it, without it."""
        self._all = tensors
        self._wrapper = wrapper
        self._outer = outer

    @cached_property
    def tensors(self) -> Tensors:
        if not self._wrapper:
            return self._all
        length = len(self._wrapper)
        return {name[length:]: one for name, one in self._all.items() if name.startswith(self._wrapper)}

    @cached_property
    def text(self) -> str:
        """All names, each between two line ends."""
        return "\n" + "\n".join(self.tensors) + "\n"

    @cached_property
    def _kinds(self) -> str:
        """The names without their digits, each kind once; a few too many where a wrapper was taken off."""
        if self._outer is not None:
            start = _without_digits(self._wrapper)
            kinds = self._outer._kinds.split("\n")
            return "\n" + "\n".join(kind[len(start) :] for kind in kinds if kind.startswith(start)) + "\n"
        raw = "\n".join(self.tensors).encode("utf-8", "surrogatepass").translate(None, _DIGITS)
        return "\n" + b"\n".join({*raw.split(b"\n")}).decode("utf-8", "surrogatepass") + "\n"

    def _in(self, part: str) -> bool:
        return _without_digits(part) in self._kinds and part in self.text

    def begins(self, *prefixes: str) -> bool:
        """Whether a name begins with any of these."""
        return any(self._begins(prefix) for prefix in prefixes)

    def _begins(self, prefix: str) -> bool:
        if "\n" + _without_digits(prefix) not in self._kinds:
            return False
        if self._outer is not None:
            return self._outer._begins(self._wrapper + prefix)
        return "\n" + prefix in self.text

    def holds(self, *parts: str) -> bool:
        """Whether any name holds any of these."""
        return any(self._in(part) for part in parts)

    def times(self, part: str) -> int:
        """How often this stands in all names together."""
        return self.text.count(part) if _without_digits(part) in self._kinds else 0

    def has(self, name: str) -> bool:
        return self._wrapper + name in self._all

    def find(self, part: str) -> str:
        """The first name that holds this; empty when none does."""
        if not self._in(part):
            return ""
        at = self.text.find(part)
        return self.text[self.text.rfind("\n", 0, at + 1) + 1 : self.text.find("\n", at + 1)]

    def shape(self, name: str) -> tuple[int, ...]:
        """A tensor's shape, () when there is none of this name."""
        tensor = self._all.get(self._wrapper + name)
        return tuple(tensor.shape) if tensor is not None else ()

    def side(self, name: str, axis: int) -> int:
        """One side of a tensor, 0 when there is none."""
        shape = self.shape(name)
        return shape[axis] if -len(shape) <= axis < len(shape) else 0

    def count(self, pattern: str, most: int = 200) -> int:
        """How many numbered blocks there are: `blocks.{}.` counts from 0 up."""
        number = 0
        while number < most and self.begins(pattern.format(number)):
            number += 1
        return number

    @cached_property
    def bare(self) -> Names:
        """These names without the wrapper that more than five of them have."""
        for wrapper in WRAPPERS:
            if self.times("\n" + wrapper) > 5:
                return self.below(wrapper)
        return self

    def below(self, wrapper: str) -> Names:
        """The names that begin with this, without it."""
        return Names(self.tensors if self._wrapper else self._all, wrapper, self)


_DIGITS = b"0123456789"


@cache
def _without_digits(part: str) -> str:
    return part.translate(_NO_DIGITS)


_NO_DIGITS = str.maketrans("", "", _DIGITS.decode())


def claims(category: str, architecture: str, base: str | None, why: str, tags: Iterable[str] = ()) -> Iterator[Claim]:
    """The usual claims of a kind, with the deciding key as the reason."""
    yield Claim("category", category, "tensors", why)
    yield Claim("architecture", architecture, "tensors", why)
    if base:
        yield Claim("base_model", base, "tensors", why)
    for tag in tags:
        yield Claim("tag", tag, "tensors", why)
