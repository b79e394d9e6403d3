"""The report in a notebook: verdict, ranked table and the page's own figures as one piece of HTML that needs no script and no network."""

import hashlib
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from optlab.evidence import Evidence
from optlab.report import claims, style, tables
from optlab.report.figures import pictures

KINDS = ("heatmap", "sensitivity", "learning")
BUDGET = "step"
"""Of the learning curves one is shown; the page has the others."""


def notebook(evidence: Evidence, record: Mapping[str, Any] | None = None) -> str:
    """Return the HTML for ``_repr_html_``; ``record`` gives the study's name. Everything that comes from names is escaped."""
    mark = f"optlab-{hashlib.blake2b(repr(evidence.ranked.to_dict('records')).encode(), digest_size=4).hexdigest()}-"
    problems = [_problem(evidence, problem) for problem in evidence.problems]
    for picture in pictures(evidence):
        if picture.kind not in KINDS or picture.budget not in (None, BUDGET) or picture.aside:
            continue
        drawing = style.svg(picture.draw(), picture.name)
        svg = Markup(style.inline(drawing, picture.text, f"{mark}{picture.name}-"))
        problems[evidence.problems.index(picture.problem)]["figures"].append({"kind": picture.kind, "svg": svg})
    environment = Environment(
        loader=PackageLoader("optlab.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.get_template("notebook.html.j2")
    palette = list(enumerate(style.PALETTE))
    return template.render(name=str((record or {}).get("name") or "study"), verdict=evidence.verdict, problems=problems, palette=palette)


def _problem(evidence: Evidence, problem: str) -> dict[str, Any]:
    best = claims.best(evidence, problem)
    return {
        "name": problem,
        "best": best["sentence"] if best else "",
        "ranked": tables.ranked(evidence, problem),
        "headings": tables.headings(evidence, problem),
        "interval": tables.interval_label(evidence, problem),
        "figures": [],
    }
