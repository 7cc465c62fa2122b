"""The catalogue of texts: collects them from the source into every language's `.po`, which the program reads.

python packaging/languages.py            (needs Babel; run it after a text has changed, then translate what is empty)
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po
from core_texts import core_texts

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "model_manager"
NAME = "model-manager"
CORE = "core"
"""The context of what the core says (`model_manager/base/localised.py`)."""
KEYWORDS = {"_": None, "later": None, "ngettext": (1, 2)}


def collected() -> Catalog:
    """Every text of the source, by the files that show it."""
    found = Catalog(project="Model Manager", fuzzy=False)
    for path, _line, message, comments, _context in extract_from_dir(
        str(PACKAGE), [("**.py", "python")], keywords=KEYWORDS, callback=None
    ):
        found.add(message, locations=[(f"model_manager/{path}", 0)], auto_comments=comments)
    for path, forms, values in core_texts(PACKAGE):
        if forms[0] in found:  # a table of the core has it already
            continue
        found.add(
            forms if len(forms) > 1 else forms[0], locations=[(f"model_manager/{path}", 0)],
            auto_comments=[values] if values else [], context=CORE,
        )  # fmt: skip
    return found


def languages() -> list[Path]:
    return sorted((PACKAGE / "locale").glob(f"*/LC_MESSAGES/{NAME}.po"))


def translated(po: Path) -> Catalog:
    with open(po, "rb") as file:
        return read_po(file, locale=po.parent.parent.name)


def brought_up_to_date(po: Path) -> Catalog:
    """What is translated, with the texts that the source has now."""
    catalogue = translated(po)
    catalogue.update(collected(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def as_po(catalogue: Catalog) -> bytes:
    """Without dates and names, so that the same texts are the same file."""
    text = io.BytesIO()
    write_po(text, catalogue, width=100, sort_output=True, omit_header=True, include_lineno=False)
    header = (
        f'msgid ""\nmsgstr ""\n"Language: {catalogue.locale}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Content-Transfer-Encoding: 8bit\\n"\n"Plural-Forms: {catalogue.plural_forms}\\n"\n\n'
    )
    return header.encode() + text.getvalue()


def main() -> int:
    for po in languages():
        catalogue = brought_up_to_date(po)
        po.write_bytes(as_po(catalogue))
        empty = sum(1 for message in catalogue if message.id and not any(_forms(message.string)))
        print(f"{po.relative_to(ROOT)}: {len(catalogue)} texts, {empty} without a translation")
    return 0


def _forms(text: object) -> list[str]:
    return [str(one) for one in text] if isinstance(text, tuple | list) else [str(text or "")]


if __name__ == "__main__":
    sys.exit(main())
