"""Draws the icon's other forms from assets/icons/model-manager.svg: `python packaging/icons.py` (needs Pillow).

What it writes is committed, so that a build needs no drawing. The SVG holds rounded rectangles and nothing else, which
is all that this reads of the format.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
ICONS = ROOT / "assets" / "icons"
SVG = ICONS / "model-manager.svg"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
ICNS_SIZES = (32, 64, 128, 256, 512)
WINDOW = ROOT / "model_manager" / "views" / "icon.png"
"""What the window shows in the task bar; part of the package."""
_FINER = 8
"""Drawn so many times larger and scaled down: Pillow's shapes have hard edges."""


def drawn(size: int) -> Image.Image:
    """The icon as a square of `size` pixels."""
    top = ElementTree.parse(SVG).getroot()
    scale = size * _FINER / float(top.attrib["viewBox"].split()[2])
    image = Image.new("RGBA", (size * _FINER, size * _FINER))
    pen = ImageDraw.Draw(image)
    for rect in top:
        x, y, width, height, radius = (float(rect.attrib[name]) * scale for name in ("x", "y", "width", "height", "rx"))
        pen.rounded_rectangle((x, y, x + width - 1, y + height - 1), radius, rect.attrib["fill"])
    return image.resize((size, size), Image.Resampling.LANCZOS)


def main(folder: Path = ICONS, window: Path = WINDOW) -> int:
    """Writes every form below `folder`."""
    for size in SIZES:
        drawn(size).save(folder / f"model-manager-{size}.png", optimize=True)
    largest = drawn(256)
    largest.save(folder / "model-manager.ico", sizes=[(size, size) for size in ICO_SIZES],
                 append_images=[drawn(size) for size in ICO_SIZES[:-1]])  # fmt: skip
    drawn(1024).save(folder / "model-manager.icns", append_images=[drawn(size) for size in ICNS_SIZES])
    shutil.copyfile(folder / "model-manager-128.png", window)
    return 0


if __name__ == "__main__":
    sys.exit(main())
