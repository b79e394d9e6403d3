"""A small cut of the pictures' font, for PDF.

Matplotlib embeds in each PDF the glyphs it shows. Cutting them out of the whole of DejaVu Sans takes 0.3 s a font and picture (its layout
tables are what costs), two thirds of the time of a report; out of a cut made once it takes a hundredth of that.
"""

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from fontTools import subset
from matplotlib import font_manager

NAME = "Optlab Sans"
_GLYPHS = [
    *range(0x20, 0x180),
    *range(0x391, 0x3CA),
    *range(0x2010, 0x2027),
    *range(0x2070, 0x208F),
    0x2190,
    0x2192,
    0x2212,
    0x2248,
    0x2264,
    0x2265,
]
_FURTHER = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "Microsoft YaHei", "Malgun Gothic", "Hiragino Sans", "Arial Unicode MS",
)  # fmt: skip
_LAYOUT = ["GSUB", "GPOS", "GDEF", "MATH", "FFTM"]


@cache
def families() -> tuple[str, ...]:
    """Return DejaVu Sans, which comes with matplotlib, and those fonts of this machine that have letters which it lacks."""
    known = set(font_manager.fontManager.get_font_names())
    return ("DejaVu Sans", *(name for name in _FURTHER if name in known))


@cache
def family() -> str:
    """Return the name of a font family known to matplotlib from now on: regular and bold, Latin, Greek, and raised digits.

    For other letters matplotlib falls back on the families named after this one.
    """
    folder = Path(tempfile.mkdtemp(prefix="optlab-font-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for weight in ("normal", "bold"):
        path = font_manager.findfont(font_manager.FontProperties(family="DejaVu Sans", weight=weight))
        options = subset.Options(name_IDs=["*"], notdef_outline=True, glyph_names=True)
        options.drop_tables += _LAYOUT
        font = subset.load_font(path, options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=_GLYPHS)
        cutter.subset(font)
        for record in font["name"].names:
            if record.nameID in (1, 16):
                record.string = NAME
            elif record.nameID in (4, 6):
                record.string = NAME.replace(" ", "") + ("-Bold" if weight == "bold" else "")
        cut = folder / f"{weight}.ttf"
        subset.save_font(font, str(cut), options)
        font.close()
        font_manager.fontManager.addfont(cut)
    return NAME
