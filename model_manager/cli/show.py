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
from model_manager.library.listing.lines import CardLine, lines
from model_manager.library.listing.model_json import Json, found_tags
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
    facts = _facts(model)
    width = max(len(line.title) for line in facts)
    for line in facts:
        print(f"  {line.title.ljust(width)}  {shown(line.text)}")
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


def _facts(model: Json) -> list[CardLine]:
    category, believed = model["category"], SOURCES.get(str(model["category_evidence"]))
    if believed:
        category = _("{category} (by {source})").format(category=category, source=_(believed))
    verdict, detail = model["health"]["verdict"], model["health"]["detail"]
    size = _("{size} ({bytes} on disk)").format(size=figures.size(model["size"]), bytes=figures.size(model["bytes"]))
    source, used = model["source"], model["last_used"]
    own = {
        "category": "", "quant": _quant(model), "bits": "", "size": size, "bytes": "",
        "verdict": _(VERDICTS[verdict]) + (f": {localised(detail)}" if detail else ""),
        "source": f"{source['hub']}: {source['repo']}" if source else "",
        "used_at": f"{used['at']} ({used['evidence']})" if used else "",
        "code": ", ".join(model["code"]), "tags": ", ".join(found_tags(model)), "note": model["note"],
        "pinned": _("yes") if model["pinned"] else "",
    }  # fmt: skip
    more = (
        CardLine(0, _("Id"), model["id"]), CardLine(10, _("Category"), category),
        CardLine(175, _("Your tags"), ", ".join(model["user_tags"])),
    )  # fmt: skip
    return lines(model, own, more)


def _quant(model: Json) -> str:
    """With the label that says otherwise, and the bits per weight."""
    quant, label, bits = model["quant"], model["quant_label"], model["bits_per_weight"]
    if not quant and not label:
        return ""
    other = ", " + _("label {label}").format(label=label) if label and label != quant else ""
    weight = " " + _("({n} bits per weight)").format(n=number(str(bits))) if bits else ""
    return (quant or "") + other + weight
