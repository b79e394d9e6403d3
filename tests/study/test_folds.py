"""Folds share the rows out: each row outside the test set validates once, classes in proportion."""

from pathlib import Path

import numpy as np
import pytest

from optlab.errors import OptlabError
from optlab.study import folds
from optlab.study.trial import FIRST_CONFIRMATION, Split
from tests.study.support import tiny


@pytest.mark.parametrize(("n", "test", "k"), [(150, 0.2, 5), (101, 0.0, 3), (57, 0.3, 4)])
def test_every_row_validates_once_or_tests(n: int, test: float, k: int) -> None:
    labels = np.random.default_rng(1).integers(3, size=n)
    held, fold = folds.rows_of(labels, n, test, k, np.random.default_rng(0))
    assert len(set(held)) == len(held) == round(test * n)
    assert sorted(np.flatnonzero(fold < 0)) == sorted(held)
    sizes = np.bincount(fold[fold >= 0], minlength=k)
    assert sizes.max() - sizes.min() <= 1 and sizes.sum() == n - len(held)
    for label in range(3):
        counts = np.bincount(fold[(fold >= 0) & (labels == label)], minlength=k)
        assert counts.max() - counts.min() <= 1
        if test:
            assert abs((labels[held] == label).sum() - test * (labels == label).sum()) <= 2


def test_replicates_take_the_folds_in_turn_in_both_phases() -> None:
    split = Split(folds=3)
    assert [split.replicate(k) for k in range(5)] == [0, 1, 2, 0, 1]
    assert [split.replicate(FIRST_CONFIRMATION + k) for k in range(4)] == [0, 1, 2, 0]


def test_folds_validate_on_all_rows_and_share_the_test_set() -> None:
    study = tiny(folds=4, seeds=4, scale="none")
    data = [study.datasets.get("iris", replicate) for replicate in range(4)]
    tests = [part.test.X for part in data if part.test is not None]
    assert len(tests) == 4 and all(np.array_equal(tests[0], one) for one in tests)
    validated = np.concatenate([part.validation.X for part in data if part.validation is not None])
    trained = np.concatenate([data[0].train.X, data[0].validation.X]) if data[0].validation is not None else None
    assert trained is not None and len(validated) == len(trained) == 150 - 30
    assert np.array_equal(np.sort(validated, axis=0), np.sort(trained, axis=0))
    assert len({study.datasets.digest("iris", replicate) for replicate in range(4)}) == 4
    assert study.datasets.digest("iris", 4) == study.datasets.digest("iris", 0)


def test_a_study_with_folds_runs(tmp_path: Path) -> None:
    results = tiny(folds=3, seeds=3, confirm=3).run(tmp_path / "lab.db")
    assert results.complete
    assert "folds" in dict(results.record["protocol"])["splits"]


def test_too_many_folds_are_named() -> None:
    with pytest.raises(OptlabError, match="iris: folds = 121 needs as many rows, but beside the test set there are 120"):
        tiny(folds=121).datasets.get("iris", 0)
