"""Make the fonts of printed documents: Public Sans in two weights, from the page's variable fonts.

Typst takes TrueType and OpenType, not WOFF2, and picks one file per family and weight; so the Latin and the extended
Latin part become two families, tried in turn. OCR-B is taken as it is (see the licence beside it).

    python -m scripts.build_document_fonts
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

from scripts.check import ROOT

SOURCE = ROOT / "src/weatherhead/interfaces/workbench/static/workbench/fonts"
TARGET = ROOT / "src/weatherhead/areas/documents/fonts"
WEIGHTS = {400: "Regular", 700: "Bold"}
FAMILIES = {"public-sans-latin": "Public Sans", "public-sans-latin-ext": "Public Sans Ext"}
_NAMES = {1: "{family}", 2: "{style}", 4: "{family} {style}", 6: "{postscript}-{style}", 16: "{family}", 17: "{style}"}


def make(*, source: Path, family: str, weight: int, style: str) -> Path:
    """Cut one weight out of a variable font, name it, and write it as TrueType."""
    font = instantiateVariableFont(TTFont(source), {"wght": weight}, inplace=False)
    font.flavor = None
    font["OS/2"].usWeightClass = weight
    for number, template in _NAMES.items():
        text = template.format(family=family, style=style, postscript=family.replace(" ", ""))
        font["name"].setName(text, number, 3, 1, 0x409)
    font["head"].created = font["head"].modified = 0  # the same bytes every time
    font.recalcTimestamp = False
    path = TARGET / f"{family.replace(' ', '')}-{style}.ttf"
    font.save(path)
    return path


def main() -> int:
    """Write every weight of every family."""
    for stem, family in FAMILIES.items():
        for weight, style in WEIGHTS.items():
            path = make(source=SOURCE / f"{stem}.woff2", family=family, weight=weight, style=style)
            print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
