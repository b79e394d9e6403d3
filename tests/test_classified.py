"""The confusion matrix and the ROC-AUC of a run are those that scikit-learn finds in its predictions."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score

import optlab
import optlab.data
import optlab.network
from optlab import classified
from optlab.data import Part
from optlab.kernel import layout

RNG = np.random.default_rng(3)


def part(labels: np.ndarray, classes: int) -> Part:
    Y = np.eye(classes)[labels] if classes > 2 else labels[:, None].astype(float)
    return Part(np.zeros((len(labels), 1)), Y)


@settings(deadline=None, max_examples=60)
@given(st.integers(2, 6), st.integers(12, 70), st.integers(0, 4), st.integers(0, 10**6))
def test_areas_and_counts_are_scikit_learns_on_ties_too(classes: int, n: int, digits: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)]))
    outputs = np.round(rng.normal(size=(n, classes if classes > 2 else 1)), digits)
    link = "softmax" if classes > 2 else "sigmoid"
    [(counts, area)] = classified.classified(outputs[None], part(labels, classes), link)
    assert counts is not None
    if classes == 2:
        assert area == pytest.approx(roc_auc_score(labels, outputs[:, 0]), abs=1e-12)
        assert (counts == confusion_matrix(labels, outputs[:, 0] > 0, labels=[0, 1])).all()
    else:
        # Ties count half, and probabilities of equal odds may differ in their last bit: the scores must be the very same.
        p = optlab.network.softmax(outputs)
        np.testing.assert_allclose(p, np.exp(outputs) / np.exp(outputs).sum(axis=1, keepdims=True), rtol=1e-14)
        assert area == pytest.approx(roc_auc_score(labels, p, multi_class="ovr"), abs=1e-12)
        assert (counts == confusion_matrix(labels, outputs.argmax(axis=1), labels=range(classes))).all()


@pytest.mark.parametrize(("problem", "dtype"), [("wine", "float64"), ("breast_cancer", "float64"), ("digits", "float32")])
def test_a_run_tells_what_its_predictions_show(problem: str, dtype: str) -> None:
    from optlab.streams import Streams
    from optlab.study.spec import Study

    outcome = optlab.train(problem, layers=(8,), epochs=3, test=0.3, dtype=dtype, quiet=True)
    plugin, streams = Study(problem=problem, optimizer="gd").problems[problem].plugin, Streams(0, 0)
    test = optlab.data.problem_dataset(plugin, {}, streams.split(), streams.noise(), test=0.3).test
    raw = optlab.network.Network(outcome.network.sizes, outcome.network.activations, outcome.network.link, outcome.parameters)
    p = raw.predict(test.X)
    labels = test.Y.argmax(axis=1) if test.Y.shape[1] > 1 else test.Y[:, 0].astype(int)
    taken = p.argmax(axis=1) if p.shape[1] > 1 else p[:, 0] > 0.5
    assert (outcome.confusion == confusion_matrix(labels, taken)).all()
    assert np.trace(outcome.confusion) / len(labels) == outcome.history["test_metric"].iloc[-1]
    scores = optlab.network.softmax(np.log(p.astype("float64"))) if p.shape[1] > 1 else p[:, 0]
    assert outcome.roc_auc == pytest.approx(roc_auc_score(labels, scores, multi_class="ovr"), abs=2e-4 if dtype == "float32" else 1e-9)


@pytest.mark.parametrize("rows", [layout.CHUNK_ROWS - 1, layout.CHUNK_ROWS, layout.CHUNK_ROWS + 1, 3 * layout.CHUNK_ROWS])
@pytest.mark.parametrize("optimizer", ["gd", "gd+ema"])
def test_the_matrix_is_of_the_weights_that_the_curve_ends_with(rows: int, optimizer: str) -> None:
    X = RNG.normal(size=(60 + rows, 3))
    y = (X @ [1.0, -2.0, 0.5] + 0.3 * RNG.normal(size=len(X)) > 0).astype(int) + (X[:, 0] > 1)
    outcome = optlab.train(
        (X[:60], y[:60]), layers=(5,), optimizer=optimizer, hyper={"lr": 0.3}, epochs=3, batch_size=16, test=(X[60:], y[60:]), quiet=True
    )
    assert outcome.confusion is not None and outcome.confusion.sum() == rows
    assert (outcome.confusion.sum(axis=1) == np.bincount(y[60:])).all()
    assert np.trace(outcome.confusion) == pytest.approx(outcome.history["test_metric"].iloc[-1] * rows, abs=1e-9)


def test_before_training_it_is_of_the_first_weights() -> None:
    X, y = RNG.normal(size=(40, 2)), np.arange(40) % 3
    outcome = optlab.train((X, y), layers=(4,), epochs=0, test=0.5, quiet=True)
    assert np.trace(outcome.confusion) == pytest.approx(20 * outcome.history["test_metric"].iloc[0])


def test_a_class_without_test_rows_has_an_empty_row_and_no_area() -> None:
    X, y = RNG.normal(size=(40, 2)), np.arange(40) % 3
    few = np.flatnonzero(y < 2)[:10]
    outcome = optlab.train((X, y), layers=(4,), epochs=1, test=(X[few], y[few]), quiet=True)
    assert outcome.confusion.shape == (3, 3) and (outcome.confusion[2] == 0).all() and math.isnan(outcome.roc_auc)


def test_outputs_that_are_no_numbers_give_neither() -> None:
    [(counts, area)] = classified.classified(np.array([[[0.1], [np.nan]]]), part(np.array([0, 1]), 2), "sigmoid")
    assert counts is None and math.isnan(area)


def test_many_classes_have_an_area_but_no_matrix() -> None:
    labels = np.tile(np.arange(classified.MOST_CLASSES + 1), 2)
    [(counts, area)] = classified.classified(np.eye(len(labels) // 2)[None, labels], part(labels, len(labels) // 2), "identity")
    assert counts is None and area == 1.0


def test_regression_and_runs_without_test_rows_have_neither() -> None:
    for target in (RNG.normal(size=30), np.arange(30) % 2):
        outcome = optlab.train((RNG.normal(size=(30, 2)), target), epochs=1, quiet=True)
        assert outcome.confusion is None and math.isnan(outcome.roc_auc)


# -- where a run diverged -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound", [1e4, float("inf")])
def test_a_diverged_run_tells_where_in_numbers(bound: float) -> None:
    X, y = RNG.normal(size=(40, 2)), RNG.normal(size=40)
    arguments = {"layers": (4,), "activation": "relu", "optimizer": "gd", "hyper": {"lr": 1e3}, "epochs": 50, "batch_size": 8}
    outcome = optlab.train((X, y), test=0.2, quiet=True, divergence_bound=min(bound, 1e300), **arguments)
    assert outcome.status == "diverged" and outcome.confusion is None
    assert f"step {outcome.bad_step}, epoch {outcome.bad_epoch}" in outcome.sentence
    assert outcome.bad_epoch == -(-outcome.bad_step // 4)
    assert (outcome.bad_layer is not None) == (bound > 1e4) == ("first in layer" in outcome.sentence)
    if outcome.bad_layer is not None:
        assert f"layer {outcome.bad_layer}" in outcome.sentence


def test_a_sound_run_has_no_such_place() -> None:
    outcome = optlab.train((RNG.normal(size=(30, 2)), RNG.normal(size=30)), epochs=1, quiet=True)
    assert (outcome.bad_epoch, outcome.bad_step, outcome.bad_layer) == (None, None, None)


def test_a_saved_run_keeps_them_and_a_file_of_before_has_none(tmp_path: Path) -> None:
    sound = optlab.train("wine", layers=(4,), epochs=1, quiet=True)
    broken = optlab.train("wine", layers=(4,), optimizer="gd", hyper={"lr": 1e9}, activation="relu", epochs=9, quiet=True)
    for outcome in (sound, broken):
        path = outcome.save(tmp_path / "run")
        again = optlab.load(path)
        assert np.array_equal(again.confusion, outcome.confusion) if outcome is sound else again.confusion is None
        for name in ("roc_auc", "bad_epoch", "bad_step", "bad_layer"):
            assert getattr(again, name) == getattr(outcome, name) or (name == "roc_auc" and outcome is broken and math.isnan(again.roc_auc))
        assert again.cost is not None and again.cost[0].name == "softmax_cross_entropy"
    assert broken.bad_step is not None
    with np.load(path) as file:
        arrays = dict(file)
    about = json.loads(str(arrays["about"]))
    former = {
        key: value for key, value in about.items() if key not in ("cost", "roc_auc", "diagnosis", "bad_epoch", "bad_step", "bad_layer")
    }
    np.savez(path, **arrays | {"about": np.array(json.dumps(former))})
    again = optlab.load(path)
    assert (again.cost, again.bad_step, again.diagnosis, again.sentence) == (None, None, None, broken.sentence)
