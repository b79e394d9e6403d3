"""Closed forms, and that too short a training is seen."""

from optlab.selftest import closed_forms


def test_all_hold():
    found = list(closed_forms.numbers(lambda words: None))
    assert len(found) == 16
    assert [one.what for one in found if not one.ok] == []


def test_a_training_that_has_not_arrived_misses():
    missed = [one.what for one in closed_forms.regressions(epochs=200) if not one.ok]
    assert any(what.startswith("OLS") for what in missed) and any(what.startswith("Ridge") for what in missed)
    assert any("w is not 0" in what for what in missed)


def test_lasso_has_zeros_that_its_condition_decides():
    X, y = closed_forms.runge()
    w, _ = closed_forms.fit(closed_forms.EPOCHS, l1=closed_forms.L1, l1_mode="proximal")
    slopes = 2 * X.T @ (y - y.mean() - X @ w) / len(y)
    assert 0 < (w == 0).sum() < len(w)
    assert (abs(slopes[w == 0]) > 1e-3).all()  # none is 0 by symmetry
