"""Scores of a confusion matrix are scikit-learn's of the rows behind it."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from optlab.evidence.metrics.classes import scores


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_they_are_scikit_learns(classes: int) -> None:
    rng = np.random.default_rng(classes)
    true, taken = rng.integers(0, classes, 50), rng.integers(0, classes, 50)
    taken[taken == classes - 1] = 0  # one class is never taken
    labels = list(range(classes))
    found = scores(confusion_matrix(true, taken, labels=labels))
    each = precision_recall_fscore_support(true, taken, labels=labels, zero_division=0.0)[:3]
    for ours, theirs in zip(found.by_class, each, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-15)
    np.testing.assert_allclose(found[:3], [one.mean() for one in each], rtol=1e-14)


def test_by_hand() -> None:
    precision, recall, f1, _ = scores([[8, 2], [1, 9]])
    assert (precision, recall) == pytest.approx(((8 / 9 + 9 / 11) / 2, (0.8 + 0.9) / 2))
    assert f1 == pytest.approx((16 / 19 + 18 / 21) / 2)
