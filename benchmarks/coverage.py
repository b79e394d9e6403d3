"""Simulate how often each interval holds what it is an interval of, and write docs/statistics.md: `python -m benchmarks.coverage`.

Every number of that page is made here and in `benchmarks.procedures`: studies are drawn from a distribution whose mean and median are
known, the interval of every method is formed by the code that reports use, and the share of intervals that hold the truth is counted.
A method is offered from the smallest n from which that share is at least `OFFERED` on every shape of its domain.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import numpy as np
from scipy import stats

from benchmarks import procedures
from optlab.evidence import intervals

Array = np.ndarray
Draw = Callable[[np.random.Generator, tuple[int, int]], Array]
Method = Callable[[Array, int], tuple[Array, Array]]

STUDIES = 20_000
SIZES = (3, 5, 6, 10, 20, 30, 50, 80)
OFFERED = 0.93
BATCH = 500  # studies that share one set of bootstrap resamples
PAGE = Path(__file__).parent.parent / "docs" / "statistics.md"

# One contender: accuracies lean to the left; 36 test rows, of which 97 % are right, take 4 or 5 values.
VALUES: Mapping[str, Draw] = {
    "normal": lambda rng, size: rng.normal(0, 1, size),
    "skewed (exponential, skewness 2)": lambda rng, size: 1 - rng.exponential(1, size),
    "tied (accuracy on 36 rows)": lambda rng, size: rng.binomial(36, 0.97, size) / 36,
    "diverging (10 %)": lambda rng, size: np.where(rng.random(size) < 0.1, -np.inf, rng.normal(0, 1, size)),
    "diverging (40 %)": lambda rng, size: np.where(rng.random(size) < 0.4, -np.inf, rng.normal(0, 1, size)),
    "stuck (10 % at chance)": lambda rng, size: np.where(rng.random(size) < 0.1, 0.1, rng.normal(0.95, 0.01, size)),
}
MEANS = dict(zip(VALUES, (0.0, 0.0, 0.97, None, None, 0.1 * 0.1 + 0.9 * 0.95), strict=True))
MEDIANS = {
    "normal": 0.0,
    "skewed (exponential, skewness 2)": 1 - np.log(2),
    "tied (accuracy on 36 rows)": stats.binom(36, 0.97).median() / 36,
    "diverging (10 %)": stats.norm.ppf((0.5 - 0.1) / 0.9),
    "diverging (40 %)": stats.norm.ppf((0.5 - 0.4) / 0.6),
    "stuck (10 % at chance)": 0.95 + 0.01 * stats.norm.ppf((0.5 - 0.1) / 0.9),
}

# Differences of two contenders on the same replicates.
PAIRS: Mapping[str, Draw] = {
    "normal": lambda rng, size: rng.normal(0, 1, size),
    "both skewed alike (exponential)": lambda rng, size: rng.exponential(1, size) - rng.exponential(1, size),
    "skewed (gamma, skewness 1)": lambda rng, size: rng.gamma(4, 1, size) - 4,
    "tied (accuracies on 36 rows)": lambda rng, size: (rng.binomial(36, 0.97, size) - rng.binomial(36, 0.94, size)) / 36,
    "one of them stuck (10 %)": lambda rng, size: np.where(rng.random(size) < 0.1, 0.85, rng.normal(0, 0.01, size)),
}
PAIR_MEANS = dict(zip(PAIRS, (0.0, 0.0, 0.0, 0.03, 0.085), strict=True))
OUTSIDE = {"stuck (10 % at chance)", "one of them stuck (10 %)"}
"""Shapes that no interval of a mean can serve at such n: a rare value that the sample lacks is not in its interval."""


def t(data: Array, seed: int) -> tuple[Array, Array]:
    return intervals.t_mean(data)


def bca(data: Array, seed: int) -> tuple[Array, Array]:
    parts = [intervals.bca_mean(data[i : i + BATCH], seed=seed + i) for i in range(0, len(data), BATCH)]
    return np.concatenate([low for low, _ in parts]), np.concatenate([high for _, high in parts])


def median(data: Array, seed: int) -> tuple[Array, Array]:
    ordered = np.sort(data, axis=1)
    found = intervals.order_statistics(data.shape[1])
    first, last = found[:2] if found else (0, -1)
    return ordered[:, first], ordered[:, last]


def coverage(draw: Draw, truth: float, n: int, method: Method, studies: int = STUDIES, seed: int = 0) -> float:
    """Share of `studies` of n values whose interval holds `truth`; of those with n equal values no mean is offered: they are left out."""
    data = draw(np.random.default_rng([seed, n]), (studies, n))
    if method is not median:
        data = data[np.ptp(data, axis=1) > 0]
    low, high = method(data, seed)
    slack = 1e-12  # sums of 36ths
    return float(np.mean((low - slack <= truth) & (truth <= high + slack)))


def table(shapes: Mapping[str, Draw], truth: Mapping[str, float | None], method: Method) -> dict[str, list[float]]:
    """Coverage per shape and n of `SIZES`, of the shapes that have what the method looks for."""
    return {
        name: [coverage(draw, wanted, n, method) for n in SIZES] for name, draw in shapes.items() if (wanted := truth[name]) is not None
    }


def offered_from(found: Mapping[str, list[float]], outside: Collection[str] = OUTSIDE) -> int | None:
    """The smallest n of `SIZES` from which on every shape inside the domain is covered often enough; None if there is none."""
    inside = [shares for name, shares in found.items() if name not in outside]
    good = [all(shares[place] >= OFFERED for shares in inside) for place in range(len(SIZES))]
    return next((SIZES[place] for place in range(len(SIZES)) if all(good[place:])), None)


def markdown(found: Mapping[str, list[float]], offered: int, outside: Collection[str] = OUTSIDE) -> str:
    """Percentages; bold where the method is offered, which it is not for data in `outside`."""
    lines = [f"| data | {' | '.join(f'n = {n}' for n in SIZES)} |", f"|---|{'---:|' * len(SIZES)}"]
    for name, shares in found.items():
        cells = [f"{100 * share:.1f}" for share in shares]
        bold = [f"**{cell}**" if n >= offered and name not in outside else cell for n, cell in zip(SIZES, cells, strict=True)]
        lines.append(f"| {name} | {' | '.join(bold)} |")
    return "\n".join(lines)


def resplit(studies: int = STUDIES, n: int = 10, ratio: float = 1 / 3, seed: int = 0) -> dict[str, float]:
    """Coverage of n replicates with a split of their own: normal, correlated by test / (train + test) rows as Nadeau and Bengio assume."""
    rng = np.random.default_rng(seed)
    shared = ratio / (1 + ratio)
    data = np.sqrt(shared) * rng.normal(0, 1, (studies, 1)) + np.sqrt(1 - shared) * rng.normal(0, 1, (studies, n))
    low, high = median(data, seed)
    middle = np.median(data, axis=1)
    wide = np.stack([intervals.widen(ends, middle, n, ratio) for ends in (low, high)])
    ends = {
        "t, as if independent": intervals.t_mean(data),
        "t with the factor": intervals.t_mean(data, ratio=ratio),
        "order statistics, as if independent": (low, high),
        "order statistics with the factor": (wide[0], wide[1]),
    }
    return {name: float(np.mean((below <= 0) & (above >= 0))) for name, (below, above) in ends.items()}


def one_sided_misses(n: int = intervals.BCA_FROM) -> dict[str, tuple[float, float]]:
    """Shares of intervals that lie wholly below and wholly above the mean of exponential data."""
    name = "skewed (exponential, skewness 2)"
    data = VALUES[name](np.random.default_rng(7), (STUDIES, n))
    found = {}
    for label, method in (("t", t), ("BCa", bca)):
        low, high = method(data, 0)
        found[label] = (float(np.mean(high < 0)), float(np.mean(low > 0)))
    return found


def main() -> int:
    from benchmarks.statistics_page import page

    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}: {STUDIES} studies per cell, {procedures.STUDIES} per procedure")
    return 0


if __name__ == "__main__":
    sys.exit(main())
