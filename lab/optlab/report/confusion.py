"""Confusion matrices of the chosen cells: which class is taken for which, summed over the replicates that the ranking reads.

The frame's column ``confusion`` holds one matrix per trial as JSON: a list of rows, one per true class, with counts per predicted class,
or ``{"labels": [...], "counts": [[...], ...]}``. Trials without one (a run that diverged predicts nothing) are left out and counted.
"""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from optlab.evidence import Evidence, rank, words
from optlab.evidence.metrics import classes
from optlab.report import style

SHADES = LinearSegmentedColormap.from_list("shares", ["#f4f6f8", "#0b4a7a"])


@dataclass(frozen=True)
class Confusion:
    """Counts (true class, predicted class) of one contender on one problem."""

    problem: str
    contender: str
    labels: tuple[str, ...]
    counts: NDArray[np.float64]
    runs: int
    missing: int
    data: str


def matrices(evidence: Evidence, frame: pd.DataFrame | None, problem: str) -> list[Confusion]:
    """Return the matrices of a problem, one per contender in the study's order; none where the frame has no such column."""
    if frame is None or "confusion" not in frame or not frame["confusion"].notna().any():
        return []
    rows = rank.replicates(frame, evidence.chosen)
    rows = rows[rows["problem"].eq(problem)]
    found = []
    for contender in evidence.contenders:
        own = rows[rows["contender"].eq(contender)]
        texts = own["confusion"].dropna()
        read = [classes.read(text) for text in texts if text]
        if not read:
            continue
        size = max(len(counts) for _, counts in read)
        total = np.zeros((size, size))
        for _, counts in read:
            total[: len(counts), : len(counts)] += counts
        labels = max((names for names, _ in read), key=len)
        labels = labels if len(labels) == size else tuple(str(k) for k in range(size))
        found.append(Confusion(problem, contender, labels, total, len(read), len(own) - len(read), "test"))
    return found


def absent(matrix: Confusion) -> str:
    """Return a sentence on the classes that no test row belongs to, else an empty text."""
    names = [label for label, row in zip(matrix.labels, matrix.counts, strict=True) if row.sum() == 0]
    return f"No test row belongs to class {words.listed(names)}: its row is empty." if names else ""


def draw(matrix: Confusion, width: float = style.COLUMN) -> Figure:
    """Return the picture: rows are true classes, columns predictions, shade is the share of the row, number the count."""
    with style.styled():
        size = len(matrix.labels)
        side = min(width - 0.75, 0.3 * size + 0.4)
        box = side / size
        note = f"{matrix.problem} · sum over {words.plural(matrix.runs, 'run')} · shade: share of the true class"
        height = side + 0.92
        figure = style.blank(width, height)
        style.write(figure, 0.04, height - 0.15, style.shorten(matrix.contender, 34), weight="bold")
        right = np.trace(matrix.counts) / max(1.0, matrix.counts.sum())
        style.write(figure, 0.04, height - 0.29, f"{matrix.data}: {right:.1%} of the rows on the diagonal", style.SMALL, style.MUTED)
        axes = figure.add_axes((0.62 / width, 0.47 / height, side / width, side / height))
        small = min(style.TINY, box * 72 / 2.6)
        shares = matrix.counts / np.maximum(1.0, matrix.counts.sum(axis=1, keepdims=True))
        for i, j in np.ndindex(size, size):
            face = mpl.colors.to_hex(SHADES(float(shares[i, j])))
            axes.add_artist(Rectangle((j, i), 1, 1, facecolor=face, edgecolor=style.PAPER, linewidth=0.6))
            if matrix.counts[i, j] and size <= 25:
                ink = "#fefefe" if shares[i, j] > 0.5 else "#1a1a1a"
                axes.text(j + 0.5, i + 0.52, f"{matrix.counts[i, j]:.0f}", ha="center", va="center", fontsize=small, color=ink)
        axes.set(xlim=(0, size), ylim=(size, 0))
        names = [style.shorten(label, 6) for label in matrix.labels]
        every = -(-size // 25)
        ticks = range(0, size, every)
        axes.set_xticks([k + 0.5 for k in ticks], [names[k] for k in ticks])
        axes.set_yticks([k + 0.5 for k in ticks], [names[k] for k in ticks])
        axes.tick_params(length=0, pad=2, labelsize=style.TINY)
        axes.spines[:].set_visible(False)
        axes.set_xlabel("predicted", fontsize=style.SMALL, labelpad=1, color=style.MUTED)
        style.write(figure, 0.16, 0.47 + side / 2, "true class", style.SMALL, style.MUTED, rotation=90, va="center", ha="center")
        style.write(figure, 0.04, 0.06, note, style.TINY, style.MUTED)
        return figure
