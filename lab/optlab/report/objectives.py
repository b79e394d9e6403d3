"""The page of `optlab objectives`: one self-contained ``index.html``, its pictures and tables as files beside it.

The same comparisons make the same bytes: nothing here knows the time or the machine.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from optlab.evidence import words
from optlab.report import descents, placing, style

if TYPE_CHECKING:
    from optlab.objectives.compare import Comparison, Entry


def write(comparisons: Sequence[Comparison], rates: Sequence[float], record: Mapping[str, Any], out: Path) -> Path:
    """Write the page into the folder ``out`` and return its path; beside it ``figures/*.png``, ``*.svg`` and ``tables/*.csv``.

    ``rates`` is the grid that learning rates were chosen from; ``record`` (label -> text) is printed as it is.
    """
    out = Path(out)
    environment = Environment(
        loader=PackageLoader("optlab.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    context = {
        "objectives": [_objective(comparison, out / "figures") for comparison in comparisons],
        "optimizers": [(entry.optimizer, place % len(style.PALETTE)) for place, entry in enumerate(comparisons[0].entries)],
        "starts": len(comparisons[0].starts),
        "steps": f"{comparisons[0].steps:,}",
        "rates": f"{words.setting(rates[0])} to {words.setting(rates[-1])}",
        "deepest": words.setting(descents.DEEPEST),
        "facts": list(record.items()),
        "palette": list(enumerate(style.PALETTE)),
    }
    tuned, scores = frames(comparisons, rates)
    placing.place(out / "tables" / "tuned.csv", tuned.to_csv(index=False).encode())
    placing.place(out / "tables" / "learning_rates.csv", scores.to_csv(index=False).encode())
    page = out / "index.html"
    placing.place(page, environment.get_template("objectives.html.j2").render(context).encode())
    return page


def frames(comparisons: Sequence[Comparison], rates: Sequence[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the runs at the chosen rates, one row per start, and the mean final value at each rate."""
    runs = [
        {
            "objective": comparison.name, "optimizer": entry.optimizer, "lr": entry.rate, "start": " ".join(f"{x:.17g}" for x in point),
            "final": run.value, "above_minimum": None if comparison.minimum is None else run.value - comparison.minimum,
            "evaluations": int(run.evaluations[-1]), "evaluations_to_minimum": _reached(comparison, run), "status": run.status,
        }
        for comparison in comparisons for entry in comparison.entries for point, run in zip(comparison.starts, entry.runs, strict=True)
    ]  # fmt: skip
    grid = [
        {"objective": comparison.name, "optimizer": entry.optimizer, "lr": rate, "diverged": score[0], "mean_final": score[1]}
        for comparison in comparisons
        for entry in comparison.entries
        for rate, score in zip(rates, entry.scores, strict=False)
    ]
    return pd.DataFrame(runs), pd.DataFrame(grid, columns=["objective", "optimizer", "lr", "diverged", "mean_final"])


def rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Return the table of one objective as text, the lowest mean final value first."""
    found = []
    for place in sorted(range(len(comparison.entries)), key=lambda k: comparison.entries[k].score):
        entry = comparison.entries[place]
        calls = [_reached(comparison, run) for run in entry.runs]
        hits = [each for each in calls if math.isfinite(each)]
        found.append(
            {
                "optimizer": entry.optimizer,
                "colour": place % len(style.PALETTE),
                "rate": _rate(entry),
                "edge": entry.at_edge,
                "final": _final(*entry.score, comparison),
                "reached": f"{len(hits)} of {len(calls)}",
                "all": len(hits) == len(calls),
                "evaluations": words.count(float(np.median(calls))),
            }
        )
    return found


def _reached(comparison: Comparison, run: Any) -> float:
    """Evaluations until the value first was as close to the minimum as the page counts; infinite if never."""
    if comparison.minimum is None:
        return math.inf
    near = np.flatnonzero(run.values - comparison.minimum <= comparison.gap_to_reach)
    return float(run.evaluations[near[0]]) if len(near) else math.inf


def _rate(entry: Entry) -> str:
    return "none" if entry.rate is None else words.setting(entry.rate)


def _final(diverged: int, mean: float, comparison: Comparison) -> str:
    gap = mean - (comparison.minimum or 0.0)
    text = "0" if abs(gap) < 1e-15 else f"{gap:.2g}"
    return text if not diverged else "all diverged" if math.isinf(mean) else f"{text}, {diverged} diverged"


def _objective(comparison: Comparison, folder: Path) -> dict[str, Any]:
    paths, curves = [], []
    for number, places in enumerate(descents.parts(comparison)):
        suffix = f"-{number + 1}" if number else ""
        if comparison.contour is not None:
            for start in range(len(comparison.starts)):
                text = f"Paths of {_named(comparison, places)} on the contour of {comparison.name} from start {start + 1}."
                draw = partial(descents.paths, comparison, start, places)
                paths.append(_draw(draw, f"{comparison.name}-paths-{start + 1}{suffix}", text, folder))
        text = f"Value of {comparison.name} against gradient evaluations for {_named(comparison, places)}; the table holds the numbers."
        curves.append(_draw(partial(descents.curves, comparison, places), f"{comparison.name}-curves{suffix}", text, folder))
    lowest = ", ".join(f"({', '.join(f'{x:.6g}' for x in point)})" for point in comparison.at)
    return {
        "name": comparison.name,
        "doc": comparison.doc.strip().split("\n\n")[0],
        "formula": "\n".join(comparison.formula),
        "minimum": "" if comparison.minimum is None else f"{comparison.minimum:.8g}",
        "at": lowest if len(lowest) < 200 else "",
        "gap": f"{comparison.gap_to_reach:.2g}",
        "paths": paths,
        "curves": curves,
        "rows": rows(comparison),
    }


def _named(comparison: Comparison, places: Sequence[int]) -> str:
    return words.listed([comparison.entries[place].optimizer for place in places], most=len(places))


def _draw(draw: Any, name: str, text: str, folder: Path) -> Markup:
    figure = draw()
    document = re.sub(r"(\d\.\d\d)\d+", r"\1", style.svg(figure, name))  # hundredths of a point: half the bytes of a contour
    placing.place(folder / f"{name}.png", style.png(figure))
    placing.place(folder / f"{name}.svg", document.encode())
    return Markup(style.inline(document, text, f"{name}-"))
