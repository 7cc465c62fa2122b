"""Renames to another folder where a pool (mergerfs) stands between: it takes the file of this name from every branch.

A file that came into a second branch since it was looked at would be taken along, and what the pool cannot move it
removes. So the thing is first renamed within its own folder, where each branch keeps its own, to a name that nobody else
gives; only if one lies there does it go on.
"""

from __future__ import annotations

from model_manager.operations.kept_files import must_lie_once
from model_manager.operations.plan import Step
from model_manager.operations.refusal import Refused
from model_manager.operations.sameness import may_show_others
from model_manager.operations.verb import Site


def rename_once(site: Site, step: Step, path: str, target: str) -> None:
    """As `Site.rename`, for one file only. Raises Refused, and then it is where it was. Killed: aside, see `come_back`."""
    if not may_show_others(path, site.volumes):
        site.rename(path, target)
        return
    aside = site.aside(path, step)
    site.rename(path, aside)
    try:
        must_lie_once(aside, site.volumes)
        site.rename(aside, target)
    except (Refused, OSError):
        come_back(site, step, path)
        raise


def come_back(site: Site, step: Step, path: str) -> None:
    """What a kill or an error left aside gets its name again, if that is free."""
    aside = site.aside(path, step)
    if site.look(aside) is not None and site.look(path) is None:
        site.rename(aside, path)
