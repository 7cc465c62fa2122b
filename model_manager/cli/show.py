"""`show`: all about one model."""

from __future__ import annotations

import argparse

from model_manager.actions import listing
from model_manager.app import App
from model_manager.base import figures
from model_manager.base.localised import localised
from model_manager.base.text import _, later, number, shown
from model_manager.cli.output import coloured, hint, print_json, print_table
from model_manager.library.labels.verdicts import SOURCES, STATES, VERDICTS
from model_manager.library.listing.present import Json, found_tags
from model_manager.library.scan import watch

NAME = "show"
HELP = later("all about one model: facts, evidence, places, files, raw metadata")
EXAMPLE = "model-manager show llama3.1:8b"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help=_("an id, a name or a path; any model file will do"))
    parser.add_argument("--raw", action="store_true", help=_("print the header's own keys too"))


def run(app: App, options: argparse.Namespace) -> int:
    found, states = listing.show_named(app, options.model)
    if options.json:
        print_json(found)
        return 0
    _print(found, options.raw, states)
    return 0


def _print(found: Json, raw: bool, states: dict[str, str]) -> None:
    model = found["model"]
    print(coloured(shown(model["name"]), "bold"))
    facts = [(label, value) for label, value in _facts(model) if value]
    width = max(len(label) for label, _value in facts)
    for label, value in facts:
        print(f"  {label.ljust(width)}  {shown(value)}")
    print("\n" + coloured(_("Places"), "bold"))
    for place in model["places"]:
        state = states.get(place["id"], "online")
        away = f" ({_(STATES[state])})" if state != "online" else ""
        print(f"  {watch.label_of(place['tool'])}: {shown(place['name'])}{away}\n      {shown(place['path'])}")
    print("\n" + coloured(_("Files"), "bold"))
    rows = [(file["role"], figures.size(file["size"]), file["path"]) for file in model["files"]]
    print_table([_("Role"), _("Size"), _("Path")], rows, right=(1,), path=2)
    print("\n" + coloured(_("Evidence"), "bold"))
    lines = [
        (one["field"], str(one["value"])[:60], one["from"], localised(one["detail"])[:60]) for one in found["evidence"]
    ]
    print_table([_("Field"), _("Value"), _("From"), _("Why")], lines)
    if raw:
        print("\n" + coloured(_("Metadata"), "bold"))
        for path, keys in found["metadata"].items():
            print(f"  {shown(path)}")
            for key, value in keys.items():
                print(f"    {shown(str(key))} = {shown(str(value)[:200])}")
    else:
        hint("\n" + _("--raw adds the header's own keys"))


def _facts(model: Json) -> list[tuple[str, str]]:
    category, source = model["category"], SOURCES.get(str(model["category_evidence"]))
    if source:
        category = _("{category} (by {source})").format(category=category, source=_(source))
    verdict, detail = model["health"]["verdict"], model["health"]["detail"]
    health = _(VERDICTS[verdict]) + (f": {localised(detail)}" if detail else "")
    bits = (
        " " + _("({n} bits per weight)").format(n=number(str(model["bits_per_weight"])))
        if model["bits_per_weight"]
        else ""
    )
    label = model["quant_label"]
    other = ", " + _("label {label}").format(label=label) if label and label != model["quant"] else ""
    return [
        (_("Id"), model["id"]),
        (_("Category"), category),
        (_("Base model"), model["base_model"] or ""),
        (_("Format"), model["format"]),
        (_("Architecture"), model["architecture"] or ""),
        (_("Parameters"), figures.parameters(model["parameters"]) if model["parameters"] else ""),
        (_("Quant"), (model["quant"] or "") + other + bits if model["quant"] or label else ""),
        (_("Context"), figures.count(model["context_length"]) if model["context_length"] else ""),
        (
            _("Size"),
            _("{size} ({bytes} on disk)").format(size=figures.size(model["size"]), bytes=figures.size(model["bytes"])),
        ),
        (_("Licence"), model["licence"] or ""),
        (_("Source"), f"{model['source']['hub']}: {model['source']['repo']}" if model["source"] else ""),
        (_("Health"), health),
        (_("Names code"), ", ".join(model["code"])),
        (
            _("Last used"),
            f"{model['last_used']['at']} ({model['last_used']['evidence']})" if model["last_used"] else "",
        ),
        (_("Tags"), ", ".join(found_tags(model))),
        (_("Your tags"), ", ".join(model["user_tags"])),
        (_("Note"), model["note"]),
        (_("Pinned"), _("yes") if model["pinned"] else ""),
    ]
