"""How many more replicates: the range keeps what it says when the differences seen are the true ones."""

import math

import numpy as np
import pytest

from optlab.evidence import compare, power
from optlab.evidence.compare import Design
from tests.evidence.outcomes import FIXED


def of(mean: float, spread: float, n: int = 10, seed: int = 0) -> np.ndarray:
    """n differences with exactly this mean and standard deviation."""
    d = np.random.default_rng(seed).normal(size=n)
    return mean + spread * (d - d.mean()) / d.std(ddof=1)


@pytest.mark.parametrize("mean", [0.4, 0.8])
@pytest.mark.parametrize("level", [0.05, 0.05 / 15])
def test_half_of_the_studies_are_decided_at_the_low_end_and_nine_tenths_at_the_high_end(mean: float, level: float) -> None:
    found = power.more(of(mean, 1.0), level, None, FIXED)
    rng = np.random.default_rng(1)
    for more, least, most in ((found.low, 0.38, 0.68), (found.high, 0.82, 0.97)):
        draws = rng.normal(mean, 1.0, (150, 10 + int(more)))
        share = np.mean([compare.two_sided(d, FIXED) <= level for d in draws])
        assert least <= share <= most or more == 1


def test_equivalence_may_come_first() -> None:
    d = of(0.0005, 0.02, 12)
    assert power.more(d, 0.05, None, FIXED).low == math.inf
    found = power.more(d, 0.05, 0.01, FIXED)
    assert 10 < found.low < found.high < 100
    rng = np.random.default_rng(2)
    draws = rng.normal(0.0005, 0.02, (150, 12 + int(found.high)))
    assert np.mean([compare.equivalent(one, 0.01, FIXED) <= 0.05 for one in draws]) >= 0.82


def test_what_the_test_needs_at_all_is_the_least() -> None:
    assert power.more(of(5.0, 1.0, 4), 0.05 / 15, None, FIXED) == power.More(6.0, 6.0)
    assert power.more(of(5.0, 1.0, 4), 0.05, None, Design(looks=(10, 20, 40, 80))) == power.More(4.0, 4.0)
    assert power.more(np.array([1.0]), 0.05, None, FIXED) == power.More(5.0, math.inf)


def test_no_difference_and_overlapping_splits_have_no_end() -> None:
    assert power.more(np.zeros(10), 0.05, None, FIXED).low == math.inf
    overlap = Design(resplit=True, test_share=0.25)
    assert power.more(of(0.8, 1.0), 0.05, None, overlap).low == math.inf  # the overlap alone is wider than the difference
    assert power.more(of(3.0, 1.0, 5), 0.05, None, overlap).high < 20


def test_diverged_runs_are_counted_by_rank() -> None:
    d = np.array([np.inf, 0.1, 0.2, -0.1, np.inf, 0.3, -0.2, 0.1])
    found = power.more(d, 0.05, 0.5, FIXED)
    assert 1 <= found.low <= found.high < math.inf
