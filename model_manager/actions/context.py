"""What a use case needs of the program. `App` is one; nothing here knows more of it than this."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from model_manager.actions.scanning import Scans
    from model_manager.base.events import Event
    from model_manager.base.paths import OwnPaths
    from model_manager.base.settings import SettingsFile
    from model_manager.base.volumes import Volumes
    from model_manager.catalog import Database
    from model_manager.library.scan.scan import Scan
    from model_manager.operations import Operations
    from model_manager.stores.host.env import Env


class Context(Protocol):
    """Properties, so that plain attributes and those that are built at their first use will do."""

    @property
    def paths(self) -> OwnPaths: ...
    @property
    def settings(self) -> SettingsFile: ...
    @property
    def database(self) -> Database: ...
    @property
    def volumes(self) -> Volumes: ...
    @property
    def operations(self) -> Operations: ...
    @property
    def scans(self) -> Scans: ...
    def env(self, at_work: str = "") -> Env: ...
    def scanner(self, notify: Callable[[Event], None] = ...) -> Scan: ...
