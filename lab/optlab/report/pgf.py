r"""Figures as PGF, to be read by ``\input`` in a LaTeX document, whose fonts they then take.

Matplotlib's own writer asks a running xelatex how wide each text is. The pictures here stand at places of their own, so the widths that
the ordinary renderer finds are enough, and no LaTeX is needed to write one. Texts are escaped whole: a name with ``_`` or ``$`` is a name.
"""

import io
import re
from typing import Any

import matplotlib as mpl
from matplotlib.backend_bases import RendererBase
from matplotlib.backends import backend_agg, backend_mixed, backend_pgf
from matplotlib.figure import Figure

from optlab.report import style

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\ensuremath{|}",
    "\N{MINUS SIGN}": r"\ensuremath{-}", "·": r"\ensuremath{\cdot}", "\N{MULTIPLICATION SIGN}": r"\ensuremath{\times}",
    "±": r"\ensuremath{\pm}",
    "≥": r"\ensuremath{\geq}", "≤": r"\ensuremath{\leq}", "µ": r"\ensuremath{\mu}", "²": r"\ensuremath{^2}", "…": r"\ldots{}",
    "→": r"\ensuremath{\rightarrow}", "\N{EN DASH}": "--",
}  # fmt: skip
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
_HEAD = "% Needs \\usepackage{pgf}; then \\input this file. The text takes the document's font.\n"


def escape(text: str) -> str:
    """Return ``text`` as LaTeX that prints just that, with any engine."""
    parts = re.split("([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]{2,}|[⁰¹³⁴⁵⁶⁷⁸⁹])", text)
    return "".join(
        rf"\ensuremath{{^{{{part.translate(_RAISED)}}}}}" if place % 2 else "".join(_SPECIAL.get(sign, sign) for sign in part)
        for place, part in enumerate(parts)
    )


_agg: Any = backend_agg.RendererAgg
_mixed: Any = backend_mixed.MixedModeRenderer
_base: Any = backend_pgf.RendererPgf  # matplotlib's renderers have no types


class _Renderer(_base):  # type: ignore[misc]
    """Matplotlib's PGF renderer with text of its own."""

    def __init__(self, figure: Figure, file: Any) -> None:
        super().__init__(figure, file)
        width, height = figure.get_size_inches() * figure.dpi
        self._measure: RendererBase = _agg(width, height, figure.dpi)

    def get_text_width_height_descent(self, s: str, prop: Any, ismath: Any) -> tuple[float, float, float]:
        width, height, descent = self._measure.get_text_width_height_descent(s, prop, ismath)
        return width, height, descent

    def draw_text(self, gc: Any, x: float, y: float, s: str, prop: Any, angle: float, ismath: Any = False, mtext: Any = None) -> None:
        # The base class wraps what it is given in font commands and changes minus signs alone; % and ^ it makes active, not special.
        super().draw_text(gc, x, y, escape(s).replace(r"\%", "%"), prop, angle, ismath, mtext)


def pgf(figure: Figure) -> bytes:
    """Return the figure as the text of a ``pgfpicture``, UTF-8."""
    with style.styled():
        mpl.rcParams["pgf.rcfonts"] = False
        file = io.StringIO()
        width, height = figure.get_size_inches()
        file.write(f"{_HEAD}\\begingroup\n\\makeatletter\n\\begin{{pgfpicture}}\n")
        file.write(f"\\pgfpathrectangle{{\\pgfpointorigin}}{{\\pgfqpoint{{{width:f}in}}{{{height:f}in}}}}\n")
        file.write("\\pgfusepath{use as bounding box, clip}\n")
        figure.draw(_mixed(figure, width, height, figure.dpi, _Renderer(figure, file)))
        file.write("\\end{pgfpicture}\n\\makeatother\n\\endgroup\n")
        return file.getvalue().encode()
