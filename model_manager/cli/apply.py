"""`apply`: a plan that was stored by --dry-run."""

from __future__ import annotations

import argparse

from model_manager.actions import applying
from model_manager.app import App
from model_manager.base.text import _, later
from model_manager.cli.plans import apply_plan

NAME = "apply"
HELP = later("apply a plan that --dry-run has stored")
EXAMPLE = "model-manager apply 20261121T020100123Z-9f3a2c41"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("plan", metavar="PLAN", help=_("the id that --dry-run printed"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))


def run(app: App, options: argparse.Namespace) -> int:
    return apply_plan(app, applying.operation(app, options.plan).plan, options)
