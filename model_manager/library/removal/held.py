"""What an operation that could not be settled may still put back, or needs for that, does not go meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from model_manager.base import reach
from model_manager.base.messages import said
from model_manager.base.text import later
from model_manager.catalog.roots import RootRow
from model_manager.library.removal.unused import BY_CONTENT
from model_manager.operations.held import why_held
from model_manager.stores.host.env import Env
from model_manager.stores.hub.layout import repository_of
from model_manager.stores.parts import Asking, CannotRemove, Part

_HINT = later(
    "start the program as when that began, or give it up: `model-manager undo OPERATION --give-up`, by its id in"
    " `model-manager history`"
)


def not_held(parts: Iterator[Part], root: RootRow, env: Env) -> Iterator[Part]:
    """The parts, as long as none is held. In a store whose models share payloads everything is: what comes back may need it."""
    for part in parts:
        for path in part.paths if isinstance(part, Asking) else (part.path,):
            must_not_be_held(path, root, env)
        yield part


def must_not_be_held(path: str, root: RootRow, env: Env) -> None:
    """Raises CannotRemove where a path may be needed by what is not settled."""
    shares = root.tool in BY_CONTENT or repository_of(path)
    top = reach.realpath(root.path) if env.held and shares else ""
    if env.held and (why := why_held(reach.real_parent(path), env.held, top)):
        raise CannotRemove(said("clear away"), path, why, _HINT)
