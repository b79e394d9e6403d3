"""The optimizers' formulas on the page: typeset where matplotlib's mathematics knows every command, as text where not."""

import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib import mathtext

from optlab.evidence import words
from optlab.report import style


def rows(formulas: Mapping[str, Mapping[str, Any]], contenders: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return, for each contender, its name, docstring, formula and counts, in the order of ``contenders``; ``place`` is its place."""
    made: list[dict[str, Any]] = []
    for name, formula in formulas.items():
        latex = [typeset(line, f"formula-{len(made)}-{k}-") for k, line in enumerate(_lines(formula.get("latex")))]
        doc = str(formula.get("doc") or "").strip().split("\n\n")[0]
        counts = [f"{formula['flops']:.4g} FLOPs per parameter"] if formula.get("flops") is not None else []
        counts += [words.plural(int(formula["slots"]), "state slot")] if isinstance(formula.get("slots"), int) else []
        if (verified := formula.get("verified")) is not None:
            how = f" ({formula['verified_how']})" if formula.get("verified_how") else ""
            counts.append(
                f"verified against {', '.join(verified)}{how}" if verified else "unverified: no independent implementation agrees"
            )
        fixed = ", ".join(f"{one} = {words.setting(value)}" for one, value in (formula.get("values") or {}).items())
        look: dict[str, Any] = {"fixed": fixed, "text": formula.get("text") or "", "latex": latex if all(latex) else []}
        look["place"] = contenders.index(name) if name in contenders else -1
        made.append({"name": name, "doc": doc, "counts": " · ".join(counts), **look})
    return sorted(made, key=lambda row: row["place"] if row["place"] >= 0 else len(contenders))


def verified_how(formulas: Mapping[str, Mapping[str, Any]]) -> str:
    """Return how verified formulas were, once for all of them; empty where none says."""
    return "; ".join(dict.fromkeys(str(one["verified_how"]) for one in formulas.values() if one.get("verified_how")))


def _lines(latex: object) -> list[str]:
    if not latex:
        return []
    return [line.strip() for line in (latex if isinstance(latex, list | tuple) else re.split(r"\\\\|\n", str(latex))) if str(line).strip()]


_CASES = re.compile(r"\\begin\{cases\} ((?:(?!\\begin\{cases\}).)*?) & (.*?) \\\\ (.*?) & \\text\{else\} \\end\{cases\}")


def _plain(latex: str) -> str:
    """Return a line without the environment of cases, which matplotlib does not know: a fraction without its bar stands for it."""
    found = 1
    while found:
        latex, found = _CASES.subn(r"\\genfrac{\{}{.}{0}{0}{\1\\;\\;\\mathrm{if}\\;\2}{\3\\;\\;\\mathrm{else}}\\,", latex)
    return latex


def typeset(latex: str, prefix: str) -> Markup | None:
    """Return one line of LaTeX as an SVG element, or None where matplotlib's mathematics does not know a command (the text stands then)."""
    buffer = io.StringIO()
    with style.styled():
        mpl.rcParams.update({"svg.fonttype": "path", "text.parse_math": True, "mathtext.fontset": "cm", "svg.hashsalt": prefix})
        try:
            mathtext.math_to_image(f"${_plain(latex.strip().strip('$'))}$", buffer, format="svg", color=style.INK)
        except (ValueError, RuntimeError):
            return None
    drawing = style.inline(buffer.getvalue(), latex, prefix)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    size = f'style="width:{float(box[1]) / 10:.2f}em;height:{float(box[2]) / 10:.2f}em" ' if box else ""
    return Markup(drawing.replace("<svg ", f"<svg {size}", 1))
