"""Two smaller simulations: means against ranks as the statistic of a sign-flip test, and the interval of the interquartile mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import stats

from benchmarks import procedures
from optlab.evidence import many

Array = np.ndarray
STUDIES = 400
FLIPPED = 4000
SHAPES = ((3, 5), (3, 10), (3, 20), (6, 10), (6, 20))  # problems, replicates per problem

Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]
NOISE: Mapping[str, Draw] = {
    "normal": lambda rng, size: rng.normal(0, 1, size),
    "skewed (exponential)": lambda rng, size: 1 - rng.exponential(1, size),
    "stuck (10 %)": lambda rng, size: np.where(rng.random(size) < 0.1, -8.0, rng.normal(0, 1, size)),
}

SHIFT = 0.8
DIFFERENCES: Mapping[str, Draw] = {
    "normal, shifted by 0.8 sd": lambda rng, size: rng.normal(SHIFT, 1, size),
    "heavy tails (t with 3 degrees of freedom), shifted": lambda rng, size: rng.standard_t(3, size) + SHIFT,
    "10 % of either's runs diverge, shifted": lambda rng, size: _diverging(rng, size),
    "skewed with mean 0 (should be 5.0)": lambda rng, size: 1 - rng.exponential(1, size),
}


def _diverging(rng: np.random.Generator, size: tuple[int, ...]) -> Array:
    lost = rng.random((2, *size)) < 0.1
    return np.where(lost[0] & lost[1], 0.0, np.where(lost[0], -np.inf, np.where(lost[1], np.inf, rng.normal(SHIFT, 1, size))))


def statistics_table() -> str:
    """Rows of Markdown: how often each statistic has p <= 5 %."""
    lines = []
    for name, draw in DIFFERENCES.items():
        for n in (10, 20, 40):
            d = draw(np.random.default_rng(n), (FLIPPED, n))
            sizes = np.where(np.isinf(d), 0.0, np.abs(d)).max(axis=1, keepdims=True)
            bounded = np.clip(d, -sizes, sizes)  # a mean needs numbers: infinity at the largest finite size
            ranks = np.sign(d) * stats.rankdata(np.abs(d), axis=1)
            found = [float((procedures.one_sided(scores, screen=1.2) <= 0.05).mean()) for scores in (bounded, ranks)]
            lines.append(f"| {name} | {n} | {' | '.join(f'{100 * share:.1f}' for share in found)} |")
    return "\n".join(lines)


def interquartile(studies: int = STUDIES, seed: int = 0) -> dict[str, list[float]]:
    """Coverage of the interquartile mean by `many.bootstrap`, per shape of noise and (problems, replicates) of `SHAPES`.

    Scores of the problems lie around 0.4 to 1.1 with standard deviations of 0.02 to 0.1, other ones in every tenth of the studies.
    """
    found = {}
    for name, draw in NOISE.items():
        found[name] = [covered(draw, *shape, studies, seed) for shape in SHAPES]
    return found


def covered(draw: Draw, problems: int, n: int, studies: int = STUDIES, seed: int = 0) -> float:
    """Share of studies whose interval holds the mean of the same middle part of infinitely many replicates."""
    rng = np.random.default_rng([seed, problems, n])
    hits = 0
    for study in range(studies):
        if study % max(1, studies // 10) == 0:
            middle, spread = rng.uniform(0.4, 1.1, (problems, 1)), rng.uniform(0.02, 0.1, (problems, 1))
            cut = int(0.25 * problems * n) / (problems * n)  # a quarter, rounded down to whole runs
            truth = stats.trim_mean(middle + spread * draw(rng, (problems, 100_000)), cut, axis=None)
        low, high = many.bootstrap(list(middle + spread * draw(rng, (problems, n))), seed=study)
        hits += low <= truth <= high
    return hits / studies
