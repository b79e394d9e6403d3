"""The page: one self-contained ``index.html`` that opens from disk without a network, with its figures and tables as files beside it.

The drawings stand inside the page as SVG, so they are sharp, can be searched, and follow light and dark. Everything that comes from a
study, a plugin or a file is escaped by the template; what is put in unescaped is what ``style.inline`` made, whose texts matplotlib and
it escaped, and the page's own script, which its security policy names by digest: no other runs.
"""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from optlab.evidence import Evidence, words
from optlab.evidence.profiles import TOLERANCE
from optlab.report import (
    about,
    beside,
    claims,
    confusion,
    diagnoses,
    exploratory,
    export,
    folder,
    formulas,
    heatmap_picture,
    lines,
    placing,
    style,
    tablefiles,
    tables,
    tooltips,
)
from optlab.report.current import fingerprint
from optlab.report.figures import Picture, pictures
from optlab.report.heatmap import HeatMap

SCRIPTS = ("tables", "tabs", "choose", "cells", "theme", "copy")
"""The page's script, one file each under ``templates/script``."""

Drawn = dict[tuple[str, str], list[dict[str, Any]]]
KINDS = ("heatmaps", "heatmap", "search", "sensitivity", "learning", "confusion", "diagnoses")
"""Pictures of one problem, by the section they stand in."""


def write(evidence: Evidence, frame: pd.DataFrame, curves: pd.DataFrame, record: Mapping[str, Any], out: Path) -> Path:
    """Write the report into the folder ``out`` and return the path of its ``index.html``.

    Beside the page: every figure in ``figures`` as PNG, SVG, PDF and PGF, every table in ``tables`` as CSV and Parquet, those for print
    as LaTeX and Markdown too. Each file is replaced as a whole; what an earlier report wrote there and this one does not is removed.
    ``curves`` is what ``evidence`` was made of and is taken so that later figures may read it.

    ``record`` may hold, all optional: ``name`` of the study, ``description``, ``toml`` (its text) or ``settings`` (a dict), ``command``
    that goes on from here, ``rerun`` that repeats the study, ``versions`` (name -> version), ``cpu``, ``cores``, ``workers``, ``blas``,
    ``seeds``, ``compile_seconds``, ``wall_seconds``, ``formulas`` (contender -> {``text``, ``latex``, ``doc``, ``flops``, ``slots``,
    ``verified``}), ``notes`` (list of sentences shown under the title), ``methods`` (a paragraph for a paper) and ``protocol`` (pairs of
    name and text). Other keys with plain values are listed in the reproducibility record under their own names.
    """
    out = Path(out)
    trials = tooltips.lost_trials(frame)
    drawn: Drawn = {}
    files: list[Path] = []
    for picture in pictures(evidence, None, frame):
        if picture.kind == "heatmaps" and picture.aside:
            continue  # the page has its maps one by one
        shown, saved = _draw(evidence, picture, trials, out / "figures")
        drawn.setdefault((picture.problem, picture.kind), []).append(shown)
        files += saved
    files += tablefiles.save(evidence, frame, out / "tables")
    context = {
        "fingerprint": fingerprint(frame, record),
        "name": str(record.get("name") or "study"),
        "description": record.get("description") or about.described(evidence, frame),
        "notes": list(record.get("notes") or ()),
        "verdict": evidence.verdict,
        "over_problems": claims.over_problems(evidence),
        "problems": [_problem(evidence, frame, problem, drawn, record) for problem in evidence.problems],
        "contenders": evidence.contenders,
        "formulas": formulas.rows(record.get("formulas") or {}, evidence.contenders),
        "verified_how": formulas.verified_how(record.get("formulas") or {}),
        "methods": str(record.get("methods") or ""),
        "protocol": about.protocol(record),
        "toml": record.get("toml") or about.listing(record.get("settings") or {}),
        "facts": about.facts(record),
        "rerun": str(record.get("rerun") or ""),
        "command": record.get("command") or f"optlab run {record.get('name') or 'STUDY'} --plugin FILE --set optimizer+=mine",
        "tables": sorted({path.stem for path in files if path.parent.name == "tables"}),
        "tolerance": f"{100 * TOLERANCE:g} %",
        "exploratory": exploratory.section(evidence, drawn),
        "palette": list(enumerate(style.PALETTE)),
        "budgets": lines.BUDGETS,
    }
    page = out / "index.html"
    placing.place(page, render(context).encode())
    folder.settle(out, files)
    return page


def render(context: Mapping[str, Any]) -> str:
    """Return the page as text; the script is put in, and allowed, by the digest of its exact text."""
    environment = Environment(
        loader=PackageLoader("optlab.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["prose"] = lambda text: str(text).replace(" %", "\N{NO-BREAK SPACE}%")
    loader = environment.loader
    assert loader is not None
    scripts = [
        Markup("\n".join(loader.get_source(environment, f"script/{name}.js")[0] for name in names)) for names in (("start",), SCRIPTS)
    ]
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    text = environment.get_template("index.html.j2").render(**context, scripts=scripts, digests=digests)
    return str(text)


def _draw(evidence: Evidence, picture: Picture, trials: tooltips.Trials, where: Path) -> tuple[dict[str, Any], list[Path]]:
    figure = picture.draw()
    files = [] if picture.aside else list(export.save(picture, figure, where))
    drawing = style.svg(figure, picture.name) if picture.aside else (where / f"{picture.name}.svg").read_text(encoding="utf-8")
    heat = picture.data if isinstance(picture.data, HeatMap) else None
    titles, cut = (tooltips.titles(heat, trials), heatmap_picture.foot(heat)) if heat else ({}, 0.0)
    # The maps of a problem stand on the page one by one, so that they fit a phone; the figure of all of them is for print.
    svg = "" if picture.kind == "heatmaps" else Markup(style.inline(drawing, picture.text, f"{picture.name}-", titles, cut))
    shown: dict[str, Any] = {
        "name": picture.name,
        "svg": svg,
        "text": picture.text,
        "kind": picture.kind,
        "on": picture.on,
        "budget": picture.budget,
        "spec": export.full(picture, evidence),
    }
    shown["place"] = evidence.contenders.index(picture.contender) if picture.contender is not None else None
    shown["label"] = lines.BUDGETS.get(picture.budget or "", "")
    shown["note"] = confusion.absent(picture.data) if isinstance(picture.data, confusion.Confusion) else heat.warning if heat else ""
    shown["settings"], shown["plain"] = (heat.settings, heat.median.size == 1) if heat else ("", False)
    shown["alike"], shown["dense"] = bool(heat and heat.best), bool(heat and heat.dense)
    return shown, files


def _by_data(maps: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the heat maps of a problem by the data set they show, the one that chose the cells first."""
    return [(on, [one for one in maps if one["on"] == on]) for on in dict.fromkeys(one["on"] for one in maps)]


def _problem(evidence: Evidence, frame: pd.DataFrame, problem: str, drawn: Drawn, record: Mapping[str, Any]) -> dict[str, Any]:
    own = evidence.ranked[evidence.ranked["problem"].eq(problem)]
    claimed = own["claimed_on"].dropna()
    followed = evidence.targets.loc[evidence.targets["problem"].eq(problem), "followed_on"]
    metric = words.METRICS.get(evidence.metric.get(problem, ""), "metric")
    trials = frame[frame["problem"].eq(problem)]
    lost = trials["status"].value_counts()
    smallest = about.smallest_difference(record)
    return {
        "name": problem,
        "place": evidence.problems.index(problem),
        "answers": [answer for answer in evidence.answers if answer.problem == problem],
        "best": claims.best(evidence, problem),
        "claims": claims.rows(evidence, problem, smallest),
        "claims_label": claims.labels(evidence, problem),
        "floor": claims.floor(evidence, problem),
        "pairing": claims.pairing(evidence, problem),
        "simple": about.simple_models(record, problem),
        "beside": beside.section(evidence, problem, drawn),
        "smallest": f"{smallest:g}" if smallest else "",
        "figures": {kind: drawn.get((problem, kind), []) for kind in KINDS},
        "maps": _by_data(drawn.get((problem, "heatmap"), [])),
        "inside": claims.inside(evidence, problem),
        "diagnoses": diagnoses.rows(evidence, problem),
        "timing": about.timing(evidence, frame, record, problem),
        "confirmed": tables.confirmed(evidence, problem),
        "followed": f"{followed.iloc[0] if len(followed) else 'validation'} {metric}",
        "quantity": f"{claimed.iloc[0] if len(claimed) else evidence.claimed_on.get(problem, 'test')} {metric}",
        "replicates": int(own["n"].max()) if len(own) else 0,
        "headings": tables.headings(evidence, problem),
        "ranked": tables.ranked(evidence, problem),
        "interval": tables.interval_label(evidence, problem),
        "coverage": tables.coverage(evidence, problem),
        "cells": tables.cells(evidence, problem),
        "tolerance": tables.tolerance(evidence, problem),
        "tolerance_interval": tables.tolerance_label(evidence, problem),
        "targets": tables.targets(evidence, problem),
        "target": f"{evidence.target[problem]:g}" if problem in evidence.target else None,
        "untrained": [contender for where, contender in evidence.untrained if where == problem],
        "absent": [name for name in evidence.contenders if name not in set(trials["contender"])],
        "trials": f"{len(trials):,}",
        "diverged": f"{int(lost.get('diverged', 0)) + int(lost.get('error', 0)):,}",
        "stuck": f"{int(lost.get('stuck', 0)):,}",
    }
