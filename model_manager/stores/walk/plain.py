"""How a tool keeps plain files, and what that says of each folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from model_manager.base.facts import Claim
from model_manager.base.messages import said
from model_manager.stores.walk.folder_memory import digest


@dataclass(frozen=True, slots=True)
class Plain:
    """How one tool keeps plain files.

    `categories`: folder relative to the root (lower case) -> category, evidence `folder`.
    `whole`: folders whose every subfolder is one model, relative; "" is the root itself.
    """

    categories: Mapping[str, str] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    claims: tuple[Claim, ...] = ()
    believed: bool = True
    """Whether files with ambiguous suffixes are models because they lie here (a tool's own folder)."""
    passed_over: frozenset[str] = frozenset()
    """Names of subfolders that this tool does not keep models in (lower case)."""

    def mark(self) -> bytes:
        """What stands for these rules: with others, nothing remembered is believed."""
        return digest(
            sorted(self.categories.items()), sorted(self.whole), self.claims, self.believed, sorted(self.passed_over)
        )


@dataclass(slots=True)
class PlainFolder:
    """A folder met in a walk. `relative`: from where the walk began, with `/`; empty there."""

    path: str
    relative: str
    depth: int
    claim: Claim | None
    """The category of the innermost folder that the tool gives one."""
    apart: bool = False
    """Whether nothing is remembered of it: reached by a link, or with a download's records above it."""

    @property
    def name(self) -> str:
        return self.relative.rpartition("/")[2]


def top_folder(path: str, plain: Plain, depth: int = 0) -> PlainFolder:
    return PlainFolder(path, "", depth, _claim("", plain))


def subfolder(folder: PlainFolder, name: str, path: str, plain: Plain, link: bool = False) -> PlainFolder:
    relative = f"{folder.relative}/{name}" if folder.relative else name
    return PlainFolder(path, relative, folder.depth + 1, _claim(relative, plain) or folder.claim, folder.apart or link)


def _claim(relative: str, plain: Plain) -> Claim | None:
    slug = plain.categories.get(relative.lower())
    return Claim("category", slug, "folder", relative or said("the tool's folder")) if slug else None
