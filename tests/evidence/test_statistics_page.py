"""docs/statistics.md: samples of its numbers simulated again, and whole procedures in a short and a long form."""

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import coverage, procedures
from optlab.evidence import intervals, signflip

PAGE = Path(__file__).parent.parent.parent / "docs" / "statistics.md"


def rows(heading):
    """Row name -> (percentages, which of them are bold) of the first table below a heading that begins so."""
    section = PAGE.read_text(encoding="utf-8").split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    found = {}
    for line in re.search(r"(\|.*\n)+", section)[0].splitlines()[2:]:
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        found[name] = ([float(cell.strip("*")) for cell in cells], [cell.startswith("*") for cell in cells])
    return found


TABLES = [
    ("Medians", coverage.VALUES, coverage.MEDIANS, coverage.median),
    ("Means of paired differences", coverage.PAIRS, coverage.PAIR_MEANS, coverage.t),
    ("The mean of one contender", coverage.VALUES, coverage.MEANS, coverage.bca),
]


@pytest.mark.parametrize(("heading", "shapes", "truth", "method"), TABLES)
def test_samples_of_the_tables(heading, shapes, truth, method):
    """1,000 fresh studies of two cells per row: within 4 standard errors of what is printed."""
    for name, (shares, _) in rows(heading).items():
        for n in (6, 50) if method is coverage.bca else (6, 20):
            again = coverage.coverage(shapes[name], truth[name], n, method, studies=1000, seed=11)
            printed = shares[coverage.SIZES.index(n)] / 100
            assert abs(again - printed) <= 4 * np.sqrt(max(again * (1 - again), 0.01) / 1000), (name, n)


@pytest.mark.parametrize("heading", [heading for heading, *_ in TABLES])
def test_what_is_offered_covers_93_percent(heading):
    found = rows(heading)
    assert any(any(bold) for _, bold in found.values())
    assert all(share >= 93.0 for shares, bold in found.values() for share, one in zip(shares, bold, strict=True) if one)


@pytest.mark.parametrize(("heading", "first"), [("Medians", 6), ("Means of paired", intervals.T_FROM), ("The mean of", intervals.BCA_FROM)])
def test_the_domains_of_the_page_are_those_of_the_code(heading, first):
    _, bold = rows(heading)["normal"]
    assert bold == [n >= first for n in coverage.SIZES]
    of, paired = ("median", False) if heading == "Medians" else ("mean", heading.startswith("Means"))
    data = np.random.default_rng(0).normal(0, 1, 80)
    assert [intervals.interval(data[:n], of, paired=paired).claims for n in coverage.SIZES] == bold


@pytest.mark.parametrize("n", [5, 10, 20, 40])
@pytest.mark.parametrize("share", [0.0, 0.2])
def test_the_twin_of_many_tests_at_once(n, share):
    rng = np.random.default_rng(n)
    d = np.where(rng.random((40, n)) < share, np.inf, rng.normal(0.4, 1, (40, n)))
    theirs = np.array([signflip.one_sided(row) for row in d])
    ours = procedures.one_sided(d)
    np.testing.assert_allclose(ours[theirs <= 0.0125], theirs[theirs <= 0.0125], rtol=1e-9)
    assert (ours[theirs > 0.0125] > 0.0125).all()


def test_resplit_replicates_need_the_factor():
    found = coverage.resplit(studies=2000)
    assert found["t, as if independent"] < 0.8
    assert found["t with the factor"] == pytest.approx(0.95, abs=0.02)
    assert found["order statistics with the factor"] >= 0.94


def test_looks_claim_little_where_retesting_claims_much():
    """Short form: 1,000 studies of two equals; 5 % + 3 standard errors."""
    assert procedures.after_every_seed(studies=2000) == pytest.approx(0.26, abs=0.03)
    assert procedures.until_decided(procedures.EQUALS[0], 2, studies=1000)[0] <= 0.07


def test_a_real_difference_is_found_early():
    wrong, decided, spent = procedures.until_decided(procedures.Contenders("", procedures.normal, 2.0), 2, studies=300)
    assert wrong == 0 and decided == 1 and spent < 13


@pytest.mark.parametrize("contenders", procedures.EQUALS, ids=lambda one: one.name)
def test_the_set_holds_the_best(contenders):
    """Short form: 500 studies of 6 equals, 7 replicates; 95 % - 3 standard errors."""
    assert procedures.best_kept(contenders, 6, 7, studies=500)[0] >= 0.92


@pytest.mark.long
@pytest.mark.parametrize("k", [2, 6])
@pytest.mark.parametrize("contenders", procedures.EQUALS, ids=lambda one: one.name)
def test_false_claims_over_all_looks_are_at_most_five_percent(contenders, k):
    studies = procedures.STUDIES if k == 2 else procedures.FEWER
    assert procedures.until_decided(contenders, k, studies, seed=1)[0] <= 0.05


@pytest.mark.long
@pytest.mark.parametrize("contenders", procedures.EQUALS, ids=lambda one: one.name)
def test_the_set_holds_the_best_of_forty(contenders):
    assert procedures.best_kept(contenders, 40, 10, studies=4000, seed=1)[0] >= 0.95
