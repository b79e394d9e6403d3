"""One figure as a file, drawn at the width it is printed in: ``heatmap:adam`` in 3.37 inches as PDF."""

import math
import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from optlab.errors import OptlabError, nearest
from optlab.evidence import Evidence
from optlab.evidence.reaching import ALL
from optlab.report import pgf, placing, style
from optlab.report.figures import Picture, pictures

FORMATS = ("png", "svg", "pdf", "pgf")
INCHES = {"in": 1.0, "cm": 1 / 2.54, "mm": 1 / 25.4, "pt": 1 / 72.27}
"""A point is TeX's: ``\\the\\columnwidth`` prints those."""
NARROWEST, WIDEST = 1.5, 40.0
"""Inches: below, 8 pt text no longer fits; beyond, nobody prints."""


def width(text: str) -> float:
    """Return a width such as ``3.37in``, ``8.6cm``, ``86 mm`` or ``246pt`` in inches; a number alone counts inches.

    Raises:
        OptlabError: it is no such width, or out of bounds.
    """
    found = re.fullmatch(r"\s*([0-9.]+(?:e[-+]?[0-9]+)?)\s*(in|cm|mm|pt)?\s*", text, flags=re.IGNORECASE)
    try:
        inches = float(found[1]) * INCHES[(found[2] or "in").lower()] if found else math.nan
    except ValueError:
        inches = math.nan
    if math.isnan(inches):
        raise OptlabError(f"the width {text!r} is not a number with one of the units in, cm, mm, pt; write --width 3.37in")
    if not NARROWEST <= inches <= WIDEST:
        raise OptlabError(f"the width {text!r} is {inches:.3g} inches; figures are drawn between {NARROWEST:g} and {WIDEST:g} inches")
    return inches


def find(evidence: Evidence, spec: str, inches: float | None = None, frame: pd.DataFrame | None = None) -> Picture:
    """Return the picture that ``spec`` names: a kind and, after colons, what else tells it apart.

    ``heatmap:adam``, ``heatmap:adam:wine``, ``heatmap:adam:test``, ``learning:flops``, ``sensitivity``, ``confusion:adam``, or a file name
    such as ``learning-step``. A heat map shows the data that chose the cells unless another set is named.

    Raises:
        OptlabError: there is no such figure, or there are several.
    """
    known = list(pictures(evidence, inches, frame))
    exact = [picture for picture in known if spec in (picture.name, full(picture, evidence))]
    fitting = exact or [picture for picture in known if _fits(picture, spec)]
    if len(fitting) == 1:
        return fitting[0]
    names = [full(picture, evidence) for picture in (fitting or known)]
    shown = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    if fitting:
        raise OptlabError(f"the figure {spec!r} may be any of {shown}; name one of them")
    raise OptlabError(f"there is no figure {spec!r}{nearest(spec, names)}; there are {shown or 'none'}")


def full(picture: Picture, evidence: Evidence) -> str:
    """Return the shortest name that ``find`` takes for this picture alone."""
    named = len(evidence.problems) > 1 and picture.problem != ALL
    parts = [picture.kind, picture.contender, picture.budget, picture.on if picture.aside else None, picture.problem if named else None]
    return ":".join(part for part in parts if part)


def _fits(picture: Picture, spec: str) -> bool:
    """Whether the spec is the kind, and each further part its contender, budget, data set or problem. Names may hold colons themselves.

    A data set that chose nothing must be among them.
    """
    if spec != picture.kind and not spec.startswith(f"{picture.kind}:"):
        return False
    rest = f"{spec[len(picture.kind) :]}:"
    for part in sorted(filter(None, (picture.contender, picture.budget, picture.problem)), key=len, reverse=True):
        rest = rest.replace(f":{part}:", ":", 1)
    return rest == f":{picture.on}:" or (rest == ":" and not picture.aside)


def kind(path: str | Path) -> str:
    """Return the format that a file's name asks for.

    Raises:
        OptlabError: it has no ending, or one of no format that is written.
    """
    ending = Path(path).suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        raise OptlabError(f"figures are written as {', '.join(FORMATS)}, and {str(path)!r} ends in none of them; write --out figure.pdf")
    return ending


def target(spec: str, out: str | None, form: str | None) -> Path:
    """Return the file for a figure: ``out``, to which a folder lends its place and a format its ending; by default beside the reader.

    Raises:
        OptlabError: the file's ending and the format disagree, or there is no such format.
    """
    if form is not None and form.lower() not in FORMATS:
        raise OptlabError(f"figures are written as {', '.join(FORMATS)}, not as {form!r}")
    name = re.sub(r"[^A-Za-z0-9_+-]+", "-", spec).strip("-") or "figure"
    if out is None or Path(out).is_dir():
        return Path(out or ".") / f"{name}.{(form or 'png').lower()}"
    if form is None:
        return Path(out)
    if Path(out).suffix == "":
        return Path(f"{out}.{form.lower()}")
    if kind(out) != form.lower():
        raise OptlabError(f"--format {form} and the ending of {out!r} disagree; leave one of them out")
    return Path(out)


def render(figure: Figure, name: str, form: str) -> bytes:
    """Return a figure in one of ``FORMATS``; ``name`` makes the identifiers in an SVG its own."""
    if form == "svg":
        return style.svg(figure, name).encode()
    return {"png": style.png, "pdf": style.pdf, "pgf": pgf.pgf}[form](figure)


def figure_file(evidence: Evidence, spec: str, inches: float | None, path: str | Path, frame: pd.DataFrame | None = None) -> Path:
    """Draw one figure, ``inches`` wide (None: its own width), into the file ``path``, whose ending names the format; return the path.

    Raises:
        OptlabError: no such figure or format, or the file cannot be written.
    """
    path, form = Path(path), kind(path)
    picture = find(evidence, spec, inches, frame)
    try:
        placing.place(path, render(picture.draw(), picture.name, form))
    except OSError as error:
        raise OptlabError(f"the figure cannot be written to {path} ({error.strerror}); give another file with --out") from error
    return path


def save(picture: Picture, figure: Figure, folder: Path) -> Iterator[Path]:
    """Write a figure in every format into ``folder`` and yield the files."""
    for form in FORMATS:
        path = folder / f"{picture.name}.{form}"
        placing.place(path, render(figure, picture.name, form))
        yield path
