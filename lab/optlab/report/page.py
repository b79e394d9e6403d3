"""The page: one self-contained ``index.html`` that opens from disk without a network, with its figures and tables as files beside it.

The drawings stand inside the page as SVG, so they are sharp, can be searched, and follow light and dark. Everything that comes from a
study, a plugin or a file is escaped by the template; what is put in unescaped is what ``style.inline`` made, whose texts matplotlib and
it escaped.
"""

import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from matplotlib import mathtext

from optlab.evidence import Evidence, select, words
from optlab.evidence.profiles import TOLERANCE
from optlab.report import style, tables
from optlab.report.current import fingerprint
from optlab.report.figures import Picture, pictures
from optlab.report.heatmap import short


def write(evidence: Evidence, frame: pd.DataFrame, curves: pd.DataFrame, record: Mapping[str, Any], out: Path) -> Path:
    """Write the report into the folder ``out`` and return the path of its ``index.html``.

    Beside the page: ``figures/*.png`` and ``*.svg``, ``tables/*.csv`` and ``*.parquet``. Each file is replaced as a whole. ``curves`` is
    what ``evidence`` was made of and is taken so that later figures may read it.

    ``record`` may hold, all optional: ``name`` of the study, ``description``, ``toml`` (its text) or ``settings`` (a dict), ``command``
    that goes on from here, ``rerun`` that repeats the study, ``versions`` (name -> version), ``cpu``, ``cores``, ``workers``, ``blas``,
    ``seeds``, ``compile_seconds``, ``wall_seconds``, ``formulas`` (contender -> {``text``, ``latex``, ``doc``, ``flops``, ``slots``,
    ``verified``}), ``notes`` (list of sentences shown under the title). Other keys with plain values are listed in the reproducibility
    record under their own names.
    """
    out = Path(out)
    drawn: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for picture in pictures(evidence):
        drawn.setdefault((picture.problem, picture.kind), []).append(_draw(picture, out / "figures"))
    saved = tables.save(evidence, frame, out / "tables")
    problems = [_problem(evidence, frame, problem, drawn) for problem in evidence.problems]
    context = {
        "fingerprint": fingerprint(frame, record),
        "name": str(record.get("name") or "study"),
        "description": record.get("description") or described(evidence, frame),
        "notes": list(record.get("notes") or ()),
        "problems": problems,
        "formulas": _formulas(record.get("formulas") or {}),
        "toml": record.get("toml") or _listing(record.get("settings") or {}),
        "facts": facts(record),
        "command": record.get("command") or f"optlab run {record.get('name') or 'STUDY'} --plugin FILE --set optimizer+=mine",
        "tables": saved,
        "tolerance": f"{TOLERANCE:g}",
        "palette": list(enumerate(style.PALETTE)),
    }
    environment = Environment(
        loader=PackageLoader("optlab.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    page = out / "index.html"
    tables.place(page, environment.get_template("index.html.j2").render(context).encode())
    return page


def described(evidence: Evidence, frame: pd.DataFrame) -> str:
    """Return one line that says what was run: problems, network, contenders x axes x replicates, trials."""
    cells = evidence.cells
    parts = [words.listed(evidence.problems)]
    network = [str(cells[name].iloc[0]) for name in ("layers", "activation") if name in cells and cells[name].nunique() == 1]
    parts += [" ".join(network)] if network else []
    factors = [words.plural(len(evidence.contenders), "optimizer" if frame["contender"].eq(frame["optimizer"]).all() else "contender")]
    names = {"lr": "learning rate", "l1": "L1 strength", "l2": "L2 strength", "layers": "network", "batch_size": "batch size"}
    varied = {name: cells.groupby(select.KEY, sort=False)[name].nunique().max() for name in select.settings(cells)}
    factors += [words.plural(int(many), names.get(name, f"{short(name)} value")) for name, many in varied.items() if many > 1]
    factors += [words.plural(int(cells["n"].max()), "tuning replicate")] if len(cells) else []
    parts.append(" \N{MULTIPLICATION SIGN} ".join(factors))
    fresh = evidence.ranked.loc[evidence.ranked["evidence"].eq("confirmed"), "n"]
    parts.append(f"{words.plural(int(fresh.max()), 'fresh replicate')} of each chosen cell" if len(fresh) else "nothing confirmed yet")
    return " · ".join([*parts, words.plural(len(frame), "trial")])


def facts(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the reproducibility record as (name, value) pairs; times apart, because compiling happens once and training each time."""
    shown = {"seeds": "seeds", "cpu": "CPU", "cores": "cores", "workers": "workers", "blas": "BLAS", "rerun": "run again"}
    rows = [(label, str(record[key])) for key, label in shown.items() if record.get(key) not in (None, "")]
    times = {"wall_seconds": "wall time of this run", "compile_seconds": "of it compiling"}
    rows += [(label, words.seconds(float(record[key]))) for key, label in times.items() if record.get(key) is not None]
    versions = record.get("versions") or {}
    rows += [("versions", ", ".join(f"{name} {version}" for name, version in versions.items()))] if versions else []
    known = {*shown, *times, "versions", "name", "description", "notes", "toml", "settings", "command", "formulas"}
    others = [(key, value) for key, value in record.items() if key not in known and isinstance(value, str | int | float)]
    return [*rows, *((key.replace("_", " "), str(value)) for key, value in others)]


def _draw(picture: Picture, folder: Path) -> dict[str, Any]:
    figure = picture.draw()
    drawing = style.svg(figure, picture.name)
    tables.place(folder / f"{picture.name}.png", style.png(figure))
    tables.place(folder / f"{picture.name}.svg", drawing.encode())
    # The six maps of a problem stand on the page one by one, so that they fit a phone; the figure of all of them is for print.
    svg = "" if picture.kind == "heatmaps" else Markup(style.inline(drawing, picture.text, f"{picture.name}-"))
    return {"name": picture.name, "svg": svg, "text": picture.text}


def _problem(
    evidence: Evidence, frame: pd.DataFrame, problem: str, drawn: Mapping[tuple[str, str], list[dict[str, Any]]]
) -> dict[str, Any]:
    own = evidence.ranked[evidence.ranked["problem"].eq(problem)]
    claimed = own["claimed_on"].dropna()
    metric = words.METRICS.get(evidence.metric.get(problem, ""), "metric")
    trials = frame[frame["problem"].eq(problem)]
    lost = trials["status"].value_counts()
    return {
        "name": problem,
        "answers": [answer for answer in evidence.answers if answer.problem == problem],
        "figures": {kind: drawn.get((problem, kind), []) for kind in ("heatmaps", "heatmap", "sensitivity", "learning")},
        "confirmed": tables.confirmed(evidence, problem),
        "quantity": f"{claimed.iloc[0] if len(claimed) else evidence.claimed_on.get(problem, 'test')} {metric}",
        "replicates": int(own["n"].max()) if len(own) else 0,
        "headings": tables.headings(evidence, problem),
        "ranked": tables.ranked(evidence, problem),
        "tolerance": tables.tolerance(evidence, problem),
        "targets": tables.targets(evidence, problem),
        "target": f"{evidence.target[problem]:g}" if problem in evidence.target else None,
        "untrained": [contender for where, contender in evidence.untrained if where == problem],
        "trials": f"{len(trials):,}",
        "diverged": f"{int(lost.get('diverged', 0)) + int(lost.get('error', 0)):,}",
        "stuck": f"{int(lost.get('stuck', 0)):,}",
    }


def _formulas(formulas: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, formula in formulas.items():
        latex = [typeset(line, f"formula-{len(rows)}-{k}-") for k, line in enumerate(_lines(formula.get("latex")))]
        doc = str(formula.get("doc") or "").strip().split("\n\n")[0]
        counts = [f"{formula['flops']:.4g} FLOPs per parameter"] if formula.get("flops") is not None else []
        counts += [words.plural(int(formula["slots"]), "state slot")] if isinstance(formula.get("slots"), int) else []
        if (verified := formula.get("verified")) is not None:
            counts.append(f"verified against {', '.join(verified)}" if verified else "unverified: no independent implementation agrees")
        look = {"text": formula.get("text") or "", "latex": latex if all(latex) else []}
        rows.append({"name": name, "doc": doc, "counts": " · ".join(counts), **look})
    return rows


def _lines(latex: object) -> list[str]:
    if not latex:
        return []
    return [line.strip() for line in (latex if isinstance(latex, list | tuple) else re.split(r"\\\\|\n", str(latex))) if str(line).strip()]


def typeset(latex: str, prefix: str) -> Markup | None:
    """Return one line of LaTeX as an SVG element, or None where matplotlib's mathematics does not know a command (the text stands then)."""
    buffer = io.StringIO()
    with style.styled():
        mpl.rcParams.update({"svg.fonttype": "path", "text.parse_math": True, "mathtext.fontset": "cm", "svg.hashsalt": prefix})
        try:
            mathtext.math_to_image(f"${latex.strip().strip('$')}$", buffer, format="svg", color=style.INK)
        except (ValueError, RuntimeError):
            return None
    drawing = style.inline(buffer.getvalue(), latex, prefix)
    box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing)
    size = f'style="width:{float(box[1]) / 10:.2f}em;height:{float(box[2]) / 10:.2f}em" ' if box else ""
    return Markup(drawing.replace("<svg ", f"<svg {size}", 1))


def _listing(settings: Mapping[str, Any], prefix: str = "") -> str:
    """Return a nested mapping as lines ``key = value``."""
    lines = []
    for key, value in settings.items():
        name = f"{prefix}{key}"
        lines.append(_listing(value, f"{name}.") if isinstance(value, Mapping) else f"{name} = {value!r}")
    return "\n".join(line for line in lines if line)
