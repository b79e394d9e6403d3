"""What the page tells of one cell of a heat map when the pointer or the keyboard comes to it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from optlab.evidence import words
from optlab.evidence.select import WORST
from optlab.report.heatmap import HeatMap
from optlab.report.labels import short

MOST = 4
"""Trials that did not train are told one by one up to so many."""

Trials = Mapping[tuple[str, str, str], list[str]]


def lost_trials(frame: pd.DataFrame) -> Trials:
    """Return, per (problem, contender, cell), one line for each tuning replicate that diverged, got stuck or failed."""
    read = [
        name for name in ("problem", "contender", "cell", "replicate", "status", "sentence", "epochs", "steps", "layer") if name in frame
    ]
    tuning = frame.loc[frame["phase"].eq("tuning") & frame["status"].isin([*WORST, "stuck"]), read]
    found: dict[tuple[str, str, str], list[str]] = {}
    for row in tuning.to_dict("records"):
        key = (str(row["problem"]), str(row["contender"]), str(row["cell"]))
        found.setdefault(key, []).append(f"replicate {row['replicate']}: {_said(row)}")
    return found


def _said(row: Mapping[object, object]) -> str:
    """Return a trial's sentence, or what the frame knows where it has none: status, epoch, step, layer."""
    status, sentence = str(row["status"]), str(row.get("sentence") or "")
    said = sentence if sentence.startswith(status) or len(sentence) > len(status) + 12 else status
    for name, text in (("epochs", "epoch"), ("steps", "step"), ("layer", "first non-finite layer")):
        value = row.get(name)
        if isinstance(value, int | float | np.number) and value == value and text not in said and status != "stuck":
            said += f", {text} {int(value)}"
    return said


def titles(heat: HeatMap, trials: Trials) -> dict[str, str]:
    """Return the text of each cell by the name it has in the picture, lines separated by line breaks, the settings first.

    A dense map has no cells to point at: as SVG those of 91 x 91 would be 3 MB.
    """
    if heat.dense:
        return {}
    made = {}
    for i, j in np.ndindex(*heat.median.shape):
        if heat.cell[i, j] is None:
            continue
        made[f"cell:{i}:{j}"] = "\n".join(_lines(heat, i, j, trials))
    return made


def _lines(heat: HeatMap, i: int, j: int, trials: Trials) -> list[str]:
    axes = ((heat.x_name, heat.x[j]), (heat.y_name, heat.y[i]))
    place = ", ".join(f"{short(name)} {words.setting(value)}" for name, value in axes if name is not None)
    here = "chosen" if heat.data == heat.chosen_on else f"chosen on {heat.chosen_on}"
    state = here if heat.chosen == (i, j) else "cannot be told from the chosen cell" if (i, j) in heat.best else ""
    median, low, high = (float(array[i, j]) for array in (heat.median, heat.low, heat.high))
    lines = [f"{heat.contender}: {place}"]
    lines += [state] if state else []
    lines.append(f"median {heat.quantity} {words.number(median)}, range {words.span(low, high)}")
    told = trials.get((heat.problem, heat.contender, str(heat.cell[i, j])), [])
    counts = [words.plural(int(heat.n[i, j]), "replicate")]
    counts += [f"{round(share * heat.n[i, j])} {word}" for share, word in ((heat.diverged[i, j], "diverged"), (heat.stuck[i, j], "stuck"))]
    lines.append(", ".join(counts))
    lines += told[:MOST]
    return lines + ([f"and {len(told) - MOST} more"] if len(told) > MOST else [])
