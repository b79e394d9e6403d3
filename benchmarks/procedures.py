"""Whole procedures, simulated: looks at a growing study, retesting after every replicate, the set not distinguishable from the best.

The tests are those of `optlab.evidence.signflip`; up to `ENUMERATED` pairs all flips of many studies are formed at once (a test holds
this twin against the original), beyond it the original is called where a normal approximation leaves room for a small p-value.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from optlab.evidence import looks, signflip

Array = np.ndarray
STUDIES = 10_000
FEWER = 2_000
SETS = ((6, 7, 4_000), (6, 10, 4_000), (40, 10, 4_000))  # candidates, replicates, studies
ENUMERATED = 10
SCREEN = 1.8  # standard errors: beyond `ENUMERATED` pairs, a statistic nearer to 0 has no p-value of 1.25 % or less


def one_sided(d: Array, screen: float = SCREEN) -> Array:
    """p-values of the rows of d (m, n); 1 where the statistic is below `screen` standard errors, which rules out a small one."""
    scores = _scores(d)
    m, n = d.shape
    if n <= ENUMERATED:
        signs = np.array(list(itertools.product((1.0, -1.0), repeat=n)))
        found = np.empty(m)
        for i in range(0, m, 2000):
            part = scores[i : i + 2000]
            found[i : i + 2000] = (signs @ np.abs(part).T >= part.sum(axis=1) - 1e-9).mean(axis=0)
        return found
    size = np.sqrt((scores**2).sum(axis=1))
    promising = scores.sum(axis=1) > screen * size
    found = np.ones(m)
    found[promising] = [signflip.one_sided(row) for row in d[promising]]
    return found


def two_sided(d: Array) -> Array:
    sign = np.where(_scores(d).sum(axis=1) >= 0, 1.0, -1.0)[:, np.newaxis]
    return np.minimum(1.0, 2 * one_sided(d * sign))


def _scores(d: Array) -> Array:
    """`signflip.scores` of every row."""
    infinite = np.isinf(d).any(axis=1)
    found = np.where(infinite[:, np.newaxis], 0.0, d)
    found /= np.maximum(np.abs(found).max(axis=1, keepdims=True), 1e-300)
    found[infinite] = np.sign(d[infinite]) * stats.rankdata(np.abs(d[infinite]), axis=1)
    return found


def differences(a: Array, b: Array) -> Array:
    """`signflip.differences` of every row."""
    lost = np.isneginf(a) & np.isneginf(b)
    return np.where(lost, 0.0, np.where(lost, 0.0, a) - np.where(lost, 0.0, b))


@dataclass(frozen=True)
class Contenders:
    """`draw(rng, (studies, k, n))` gives values; `shift` is what the first contender is better by."""

    name: str
    draw: Callable[[np.random.Generator, tuple[int, int, int]], Array]
    shift: float = 0.0

    def values(self, rng: np.random.Generator, studies: int, k: int, n: int) -> Array:
        found = self.draw(rng, (studies, k, n))
        found[:, 0] += self.shift
        return found


def normal(rng: np.random.Generator, size: tuple[int, int, int]) -> Array:
    """Pairs correlated by 1/2, as replicates with common random numbers are."""
    return (rng.normal(0, 1, size) + rng.normal(0, 1, (size[0], 1, size[2]))) / np.sqrt(2)


def skewed(rng: np.random.Generator, size: tuple[int, int, int]) -> Array:
    return -rng.exponential(1, size)


def tied(rng: np.random.Generator, size: tuple[int, int, int]) -> Array:
    return rng.binomial(36, 0.97, size) / 36


def diverging(rng: np.random.Generator, size: tuple[int, int, int]) -> Array:
    return np.where(rng.random(size) < 0.2, -np.inf, normal(rng, size))


EQUALS = (Contenders("normal", normal), Contenders("skewed", skewed), Contenders("tied", tied), Contenders("diverging (20 %)", diverging))


def holm(p: Array, level: float) -> Array:
    """Rejections (m, pairs) of Holm's procedure on each row."""
    order = np.argsort(p, axis=1)
    ranked = np.take_along_axis(p, order, axis=1) * np.arange(p.shape[1], 0, -1)
    rejected = np.empty_like(p, dtype=bool)
    np.put_along_axis(rejected, order, np.maximum.accumulate(ranked, axis=1) <= level, axis=1)
    return rejected


def until_decided(contenders: Contenders, k: int, studies: int = STUDIES, seed: int = 0) -> tuple[float, float, float]:
    """(share of studies with a false claim at any look, share whose leader is told apart, mean replicates spent) of k contenders.

    A claim that any of two equals is better is false, and so is one that puts the first behind. All pairs are tested at every look, with
    Holm's correction, at `looks.level`; a study stops when its leader is better than everybody.
    """
    rng = np.random.default_rng([seed, k])
    values = contenders.values(rng, studies, k, looks.LOOKS[-1])
    pairs = list(itertools.combinations(range(k), 2))
    wrong, decided, spent = np.zeros(studies, bool), np.zeros(studies, bool), np.zeros(studies)
    for look in looks.LOOKS:
        open_ = np.flatnonzero(~decided)
        d = np.stack([differences(values[open_, a, :look], values[open_, b, :look]) for a, b in pairs], axis=1)
        p = two_sided(d.reshape(-1, look)).reshape(len(open_), len(pairs))
        claimed = holm(p, looks.level(look))
        ahead = _scores(d.reshape(-1, look)).sum(axis=1).reshape(p.shape) > 0
        right = np.array([a == 0 and contenders.shift > 0 for a, _ in pairs]) & ahead
        wrong[open_] |= (claimed & ~right).any(axis=1)
        wins = np.zeros((len(open_), k), int)
        for column, (a, b) in enumerate(pairs):
            wins[:, a] += claimed[:, column] & ahead[:, column]
            wins[:, b] += claimed[:, column] & ~ahead[:, column]
        spent[open_] = look
        decided[open_] = wins.max(axis=1) == k - 1
    return float(wrong.mean()), float(decided.mean()), float(spent.mean())


def after_every_seed(last: int = 30, first: int = 3, studies: int = STUDIES, seed: int = 0) -> float:
    """Share of studies of two equals in which a paired t-test at 5 % after every replicate from `first` to `last` finds a difference."""
    d = np.random.default_rng(seed).normal(0, 1, (studies, last))
    claimed = np.zeros(studies, bool)
    for n in range(first, last + 1):
        part = d[:, :n]
        claimed |= np.abs(part.mean(axis=1)) / part.std(axis=1, ddof=1) * np.sqrt(n) > stats.t.ppf(0.975, n - 1)
    return float(claimed.mean())


def best_kept(contenders: Contenders, k: int, n: int, studies: int = STUDIES, seed: int = 0) -> tuple[float, float]:
    """(share of studies whose set holds the first of k contenders, mean size of the set) with n replicates.

    The first is the best, or one of equals: then its fate is that of every other. i is dropped if some j beats it at 0.05 / (k - 1).
    """
    values = contenders.values(np.random.default_rng([seed, k, n]), studies, k, n)
    level = 0.05 / (k - 1)
    dropped = np.zeros((studies, k), bool)
    columns: Sequence[tuple[int, int]] = [(i, j) for i in range(k) for j in range(k) if i != j and (i == 0 or k <= 6)]
    for i, j in columns:
        dropped[:, i] |= one_sided(differences(values[:, j], values[:, i])) <= level
    return float(1 - dropped[:, 0].mean()), float((~dropped).sum(axis=1).mean()) if k <= 6 else float("nan")
