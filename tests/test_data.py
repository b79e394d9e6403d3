"""Data: what is refused and how it is said, the split's proportions, and that the scaler never sees validation or test rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from optlab.data import prepare
from optlab.errors import OptlabError


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def classes_of(part):
    return part.Y.argmax(axis=1) if part.Y.shape[1] > 1 else part.Y[:, 0].astype(int)


# -- split ------------------------------------------------------------------------------------------------------------------


def test_every_row_lands_in_exactly_one_part(rng):
    X = np.arange(100.0)[:, None]
    data = prepare(X, np.arange(100.0), validation=0.2, test=0.3, rng=rng)
    parts = (data.train, data.validation, data.test)
    assert [len(part) for part in parts] == [50, 20, 30]
    assert sorted(np.concatenate([part.X[:, 0] for part in parts])) == list(range(100))
    for part in parts:
        assert np.array_equal(part.X, part.Y)  # a row keeps its own target


def test_split_keeps_the_classes_in_proportion(rng):
    y = np.repeat([0, 1, 2], [100, 60, 40])
    data = prepare(rng.normal(size=(200, 3)), y, validation=0.2, test=0.2, rng=rng)
    for part, counts in ((data.train, [60, 36, 24]), (data.validation, [20, 12, 8]), (data.test, [20, 12, 8])):
        assert np.bincount(classes_of(part)).tolist() == counts


def test_split_depends_on_the_stream_alone():
    X, y = np.arange(60.0)[:, None], np.tile([0, 1, 2], 20)
    draws = [prepare(X, y, validation=0.2, test=0.2, rng=np.random.default_rng(seed)).test.X[:, 0].tolist() for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


def test_test_rows_do_not_depend_on_the_share_for_validation():
    X, y = np.arange(60.0)[:, None], np.tile([0, 1, 2], 20)
    draws = [prepare(X, y, validation=share, test=0.2, rng=np.random.default_rng(1)).test.X[:, 0].tolist() for share in (0.0, 0.4)]
    assert draws[0] == draws[1]


def test_arrays_are_used_as_given_unless_asked():
    X, y = np.array([[3.0, 1e6], [1.0, -2.0]]), np.array([0.5, 1.5])
    data = prepare(X, y)
    assert data.validation is None
    assert data.test is None
    assert data.mean is None
    assert np.array_equal(data.train.X, X)
    assert np.array_equal(data.train.Y[:, 0], y)
    assert data.train.X.flags.c_contiguous


def test_given_validation_and_test_data_are_scaled_by_the_training_rows(rng):
    X, V = rng.normal(5, 3, size=(50, 4)), rng.normal(-1, 9, size=(20, 4))
    data = prepare(X, X[:, 0], validation=(V, V[:, 0]), scale="standard")
    assert np.allclose(data.validation.X, StandardScaler().fit(X).transform(V), rtol=1e-14)
    assert len(data.train) == 50


# -- scale ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scale", "twin"), [("standard", StandardScaler), ("minmax", MinMaxScaler)])
def test_scaler_is_fitted_on_training_rows_only(rng, scale, twin):
    X = rng.normal(3, 10, size=(90, 3))
    X[:, 2] = 4.0  # a constant feature must not become nan
    raw = prepare(X, X[:, 0], validation=0.2, test=0.2, rng=np.random.default_rng(1))
    data = prepare(X, X[:, 0], validation=0.2, test=0.2, scale=scale, rng=np.random.default_rng(1))
    fitted = twin().fit(raw.train.X)
    for ours, theirs in ((data.train, raw.train), (data.validation, raw.validation), (data.test, raw.test)):
        assert np.allclose(ours.X, fitted.transform(theirs.X), rtol=1e-12, atol=1e-12)
        assert np.array_equal(data.transform(theirs.X), ours.X)


def test_a_number_divides(rng):
    X = rng.integers(0, 17, size=(30, 5))
    assert np.array_equal(prepare(X, X[:, 0], scale=16.0).train.X, X / 16.0)


def test_targets_are_never_scaled(rng):
    y = rng.normal(1e4, 300, size=40)
    assert np.array_equal(prepare(rng.normal(size=(40, 2)), y, scale="standard").train.Y[:, 0], y)


# -- task and targets --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "task", "classes", "shape"),
    [
        ([3, 5, 3, 5], "classification", (3, 5), (4, 1)),
        ([True, False, True, True], "classification", (False, True), (4, 1)),
        (["b", "a", "c", "a"], "classification", ("a", "b", "c"), (4, 3)),
        ([1.0, 2.0, 1.0, 2.0], "regression", None, (4, 1)),
        ([[1.0, 2.0], [0.0, 1.0], [4.0, 4.0], [1.0, 1.0]], "regression", None, (4, 2)),
    ],
)
def test_task_follows_the_type_of_the_targets(y, task, classes, shape):
    data = prepare(np.arange(4.0), y)
    assert (data.task, data.classes, data.train.Y.shape) == (task, classes, shape)
    assert task in data.description


def test_task_can_be_said():
    X = np.arange(4.0)
    assert prepare(X, [3, 5, 3, 5], task="regression").train.Y[:, 0].tolist() == [3, 5, 3, 5]
    assert prepare(X, [0.5, 1.5, 0.5, 2.5], task="classification").classes == (0.5, 1.5, 2.5)
    soft = [[0.2, 0.8], [1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    assert prepare(X, soft, task="classification").train.Y.tolist() == soft


def test_two_classes_share_a_column_and_more_are_one_hot():
    X = np.arange(4.0)
    assert prepare(X, ["no", "yes", "yes", "no"]).train.Y[:, 0].tolist() == [0, 1, 1, 0]
    assert prepare(X, [7, 9, 8, 9]).train.Y.tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]


def test_encode_maps_labels_to_the_columns_of_training():
    data = prepare(np.arange(3.0), ["b", "a", "c"])
    assert data.encode(["c", "b"]).tolist() == [[0, 0, 1], [0, 1, 0]]
    with pytest.raises(OptlabError, match="'d' does not occur.*'a', 'b', 'c'"):
        data.encode(["d"])


def test_pandas_objects_come_in():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5]})
    data = prepare(frame, pd.Series(["x", "y", "x"]))
    assert data.train.X.tolist() == [[1, 0.5], [2, 1.5], [3, 2.5]]
    assert data.classes == ("x", "y")


# -- what is refused ---------------------------------------------------------------------------------------------------------

GOOD = np.arange(6.0).reshape(3, 2)


@pytest.mark.parametrize(
    ("X", "y", "options", "words"),
    [
        ([[1, 2], [3, np.nan], [5, 6]], [1.0, 2.0, 3.0], {}, "X is nan at row 1, column 1"),
        ([[1, 2], [np.inf, np.nan], [5, 6]], [1.0, 2.0, 3.0], {}, "inf at row 1, column 0 .* and 1 more"),
        (pd.DataFrame({"age": [1, 2, 3], "height": [1, 2, None]}), [1.0, 2.0, 3.0], {}, "row 2 .*, column 'height'"),
        (pd.DataFrame({"age": [1, 2, 3], "city": ["a", "b", "c"]}), [1.0, 2.0, 3.0], {}, "'a' at row 0 .*, column 'city'"),
        (GOOD, [1.0, np.nan, 3.0], {}, "y is nan at row 1"),
        (GOOD, ["a", None, "b"], {}, "y is missing in row 1"),
        (GOOD, [1.0, 2.0], {}, "X has 3 rows but y has 2"),
        (np.zeros((2, 2, 2)), [1.0, 2.0], {}, "shape \\(2, 2, 2\\)"),
        (np.zeros((3, 0)), [1.0, 2.0, 3.0], {}, "at least one of each"),
        (GOOD + 1j, [1.0, 2.0, 3.0], {}, "complex"),
        (GOOD, [4, 4, 4], {}, "all 3 targets are 4"),
        (GOOD, ["a", "b", "a"], {"task": "regression"}, "text such as 'a'"),
        (GOOD, [1.0, 2.0, 3.0], {"task": "clasification"}, "did you mean 'classification'"),
        (GOOD, [1.0, 2.0, 3.0], {"scale": "standart"}, "did you mean 'standard'"),
        (GOOD, [1.0, 2.0, 3.0], {"scale": 0.0}, "cannot divide"),
        (GOOD, [1.0, 2.0, 3.0], {"test": 1.5}, "no share"),
        (GOOD, [1.0, 2.0, 3.0], {"test": 0.5, "validation": 0.5}, "no row of 3 to train on"),
        (GOOD, [0, 1, 1], {"test": 0.3, "rng": np.random.default_rng(0)}, "cannot be split by class"),
        (GOOD, [1.0, 2.0, 3.0], {"test": (np.zeros((2, 3)), np.zeros(2))}, "do not fit the training data"),
        (GOOD, [0, 1, 1], {"test": (np.zeros((2, 2)), [0, 2])}, "class 2 does not occur"),
    ],
)
def test_bad_input_gets_one_sentence_that_says_where(X, y, options, words):
    with pytest.raises(OptlabError, match=words) as caught:
        prepare(X, y, name="mine", **options)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("mine")


def test_transform_refuses_another_width():
    with pytest.raises(OptlabError, match="5 columns, but the training data has 2"):
        prepare(GOOD, [1.0, 2.0, 3.0], scale="standard").transform(np.zeros((1, 5)))
