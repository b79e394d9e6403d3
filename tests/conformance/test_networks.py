"""Hand-written gradients, steps, functions and orders: the right ones pass, each defect is named in words with its factor."""

import numpy as np
import pytest

import optlab
from tests.conformance import defects

ROWS, CLASSES = 30, 3
SIZES, ACTIVATIONS = (4, 6, 5, CLASSES), ["sigmoid", "sigmoid", "identity"]
COST = "softmax_cross_entropy"


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    return rng.normal(size=(ROWS, SIZES[0])), np.eye(CLASSES)[rng.integers(0, CLASSES, ROWS)]


def check(f, data, **more):
    return optlab.check_gradient(f, *data, SIZES, ACTIVATIONS, COST, **more)


@pytest.mark.parametrize("f", [defects.right, defects.right_and_cost, defects.flat])
def test_the_right_gradient_passes(f, data):
    found = check(f, data)
    assert found.ok and bool(found)
    assert found.sentences[0].startswith("right to")
    assert found.table["ok"].all() and list(found.table["layer"]) == [1, 1, 2, 2, 3, 3]


@pytest.mark.parametrize(
    ("f", "sentence"),
    [
        (defects.bias_of_layer_1_times_100, "bias gradients of layer 1 are 100.0x too large"),
        (defects.bias_input_of_0_01, "the forward pass adds 0.01*b where b is meant (bias input 0.01)"),
        (defects.bias_input_of_0_01, "bias gradients of layer 1 are 100.0x too large for that forward pass"),
        (defects.bias_input_of_0_01_and_cost, "bias gradients of layer 2 are 100.0x too large for that forward pass"),
        (defects.softmax_sum_with_mean_cost, "the gradients are 90.0 times those of the reported cost = rows x outputs"),
        (
            defects.softmax_sum_with_mean_cost,
            "the gradients of all layers, weights and biases, are 30.0x too large (30 rows: a sum over rows where their mean is meant)",
        ),
        (defects.cost_of_thresholded_outputs, "it is computed from thresholded outputs"),
        (defects.slope_at_a, "the slope of the activation of layers 1 and 2 is evaluated at a, the layer's output"),
        (defects.no_slope, "the slope of the activation is missing in the deltas of layers 1 and 2"),
        (defects.extra_output_slope, "the output delta holds p(1 - p) once too often"),
        (defects.wrong_sign, "the gradients of all layers, weights and biases, are of the wrong sign"),
        (defects.with_penalty(0.3), "weight gradients of layer 2 hold a penalty term 0.3*W that the stated objective does not have"),
    ],
)
def test_each_defect_is_named(f, sentence, data):
    found = check(f, data)
    assert not found.ok
    assert any(sentence in each for each in found.sentences), found.sentences
    assert sentence.split(" (")[0] in str(found)


def test_right_layers_are_not_accused(data):
    found = check(defects.bias_of_layer_1_times_100, data)
    assert found.sentences == ("bias gradients of layer 1 are 100.0x too large",)
    assert list(found.table["ok"]) == [True, False, True, True, True, True]


@pytest.mark.parametrize(
    ("f", "sentence"),
    [
        (defects.right, "weight gradients of layer 3 lack the penalty term l2*W"),
        (defects.with_penalty(0.2), "the penalty term l2*W in the weight gradients of layer 1 is 2.0x too large"),
        (defects.with_penalty(0.1, on_biases=True), "bias gradients of layer 1 hold a penalty term 0.1*b"),
    ],
)
def test_penalty_terms_are_told_apart(f, sentence, data):
    assert check(defects.with_penalty(0.1), data, l2=0.1).ok
    assert any(sentence in each for each in check(f, data, l2=0.1).sentences)


def test_a_defect_in_one_layer_only(data):
    def f(layers, X, Y):
        a = defects.forward(layers, X)
        slopes = iter([lambda a: a * (1 - a), lambda a: 1.0, lambda a: 0.0])
        return defects.backward(layers, a, (a[-1] - Y) / len(X), slope=lambda a: next(slopes)(a))

    assert check(f, data).sentences == ("the slope of the activation is missing in the deltas of layer 1",)


def test_an_unknown_defect_is_located(data):
    def f(layers, X, Y):
        a = defects.forward(layers, X)
        return defects.backward(layers, a, (a[-1] - Y) / len(X), slope=lambda a: a * a)

    said = check(f, data).sentences
    assert any("weight gradients of layer 2 are wrong by" in each for each in said)
    assert any("layer 2 is the first that is wrong" in each for each in said)
    assert not any("layer 3" in each for each in said)


def test_square_layers_returned_transposed_are_seen():
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(9, 3)), np.eye(3)[rng.integers(0, 3, 9)]
    found = optlab.check_gradient(defects.transposed, X, Y, (3, 3, 3), ["sigmoid", "identity"], COST)
    assert found.sentences == ("the weight gradients of layers 1 and 2 are transposed: W is (n_in, n_out)",)


def test_regression_with_half_the_cost():
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(12, 2)), rng.normal(size=(12, 1))

    def f(layers, X, Y):
        (W, b), (V, c) = layers
        a = np.tanh(X @ W + b)
        delta = (a @ V + c - Y) / len(X)
        hidden = (delta @ V.T) * (1 - a**2)
        return [(X.T @ hidden, hidden.sum(axis=0)), (a.T @ delta, delta.sum(axis=0))]

    found = optlab.check_gradient(f, X, Y, (2, 4, 1), ["tanh", "identity"], "squared_error")
    assert found.sentences == ("the gradients of all layers, weights and biases, are 2.0x too small (the factor 1/2 in front of the cost)",)
    given = optlab.check_gradient(f, X, Y, (2, 4, 1), ["tanh", "identity"], "squared_error", parameters=rng.normal(size=17))
    assert given.sentences == found.sentences


def test_gradients_that_are_zero_or_not_finite(data):
    def times(factor):
        return lambda layers, X, Y: [(factor * dW, factor * db) for dW, db in defects.right(layers, X, Y)]

    assert check(times(0.0), data).sentences == ("the gradients of all layers, weights and biases, are zero",)
    assert "weight gradients of layer 1 are not finite" in check(times(np.nan), data).sentences


def test_a_cost_of_its_own_with_its_own_gradient_is_told_from_a_wrong_gradient(data):
    def mean_over_classes_too(layers, X, Y):
        value, gradients = defects.right_and_cost(layers, X, Y)
        return value / CLASSES, [(dW / CLASSES, db / CLASSES) for dW, db in gradients]

    said = check(mean_over_classes_too, data).sentences
    assert said[-1] == "the gradients are those of the reported cost: it is the stated cost that both depart from"
    assert check(lambda layers, X, Y: (0.5, defects.right(layers, X, Y)), data).sentences == (
        "the reported cost is 0.5 whatever the parameters are",
    )


@pytest.mark.parametrize(
    ("f", "words"),
    [
        (defects.transposed, "weights of layer 1 have shape (6, 4), that of W transposed: return dW.T"),
        (defects.biases_kept_as_rows, "biases of layer 1 have shape (1, 6), but b is (n_out,) = (6,); use ravel()"),
        (lambda layers, X, Y: np.zeros(5), "5 numbers was returned, but a network (4, 6, 5, 3) has 83 parameters"),
        (lambda layers, X, Y: defects.right(layers, X, Y)[:2], "2 pairs were returned, but expected is a list of 3 pairs (dW, db)"),
        (lambda layers, X, Y: None, "NoneType was returned"),
        (lambda layers, X, Y: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_unusable_returns_are_one_sentence(f, words, data):
    with pytest.raises(optlab.OptlabError) as caught:
        check(f, data)
    assert words in str(caught.value)


@pytest.mark.parametrize("cost", [COST, "binary_cross_entropy"])
def test_costs_on_logits_say_what_the_last_activation_is(cost, data):
    output = "softmax" if cost == COST else "sigmoid"
    with pytest.raises(optlab.OptlabError, match=f"takes logits and applies the {output} itself: name 'identity'"):
        optlab.check_gradient(defects.right, *data, SIZES, ["sigmoid", "sigmoid", output], cost)


@pytest.mark.parametrize("lr", [0.1, 2.0])
def test_steps(lr, data):
    def said(step):
        return optlab.check_step(step, *data, SIZES, ACTIVATIONS, COST, lr=lr)

    assert said(defects.right_step).ok and said(defects.right_step_in_place).ok
    assert said(defects.deltas_from_updated_weights).sentences == (
        "hidden deltas are computed with already-updated weights: compute all gradients first, then update",
    )
    assert "leaves all parameters as they are" in said(defects.idle_step).sentences[0]


def test_a_step_that_updates_too_early_in_another_way_is_seen_to_depend_on_the_learning_rate(data):
    def step(layers, X, Y, lr):
        """Biases first, then the gradient again at the new biases."""
        moved = [(W, b - lr * db) for (W, b), (_, db) in zip(layers, defects.right(layers, X, Y), strict=True)]
        return [(W - lr * dW, b) for (W, b), (dW, _) in zip(moved, defects.right(moved, X, Y), strict=True)]

    found = optlab.check_step(step, *data, SIZES, ACTIVATIONS, COST, lr=0.5)
    assert "the implied gradient depends on the learning rate" in found.sentences[-1]


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (defects.sigmoid, "sigmoid"),
        (np.tanh, "tanh"),
        (defects.softmax, "softmax"),
        (defects.accuracy, "accuracy"),
        (defects.cross_entropy, COST),
        (lambda y, t: np.mean((y - t) ** 2), "squared_error"),
        (lambda y, t: np.mean(np.logaddexp(0, y) - t * y), "binary_cross_entropy"),
    ],
)
def test_right_functions_pass(f, name):
    found = optlab.check_function(f, name)
    assert found.ok, found


@pytest.mark.parametrize(
    ("f", "name", "sentence"),
    [
        (defects.overflowing_sigmoid, "sigmoid", "it overflows: z = 750 gives nan where 1 is right"),
        (defects.naive_sigmoid, "sigmoid", "it overflows inside: z = -750 makes NumPy warn, although the value 0 is right"),
        (defects.overflowing_softmax, "softmax", "gives nan where 1 is right (subtract each row's largest entry first)"),
        (defects.softmax_over_columns, "softmax", "it normalises over columns; each row must add up to 1"),
        (lambda z: 2 * np.tanh(z), "tanh", "its values are 2.0x too large"),
        (defects.accuracy_element_by_element, "accuracy", "element by element: an all-zero output scores 0.9 with 10 classes"),
        (lambda p, t: 100 * defects.accuracy(p, t), "accuracy", "(a percentage)"),
        (defects.cross_entropy_of_0_times_inf, COST, "probabilities of exactly 0 and 1, surely right, give nan"),
        (defects.cross_entropy_over_all_elements, COST, "it is 4.0x too small with 4 outputs: a mean over outputs"),
        (defects.squared_error_of_thresholded_outputs, "squared_error", "it is computed from thresholded outputs"),
        (lambda y, t: np.sum((y - t) ** 2) / y.shape[1], "squared_error", "12.0x too large with 12 rows: a sum where a mean is meant"),
        (lambda y, t: 0.5 * np.mean((y - t) ** 2), "squared_error", "it is 2.0x too small (the factor 1/2)"),
    ],
)
def test_each_wrong_function_is_named(f, name, sentence):
    found = optlab.check_function(f, name)
    assert not found.ok
    assert any(sentence in each for each in found.sentences), found.sentences


def test_unknown_names_get_the_nearest():
    with pytest.raises(optlab.OptlabError, match="did you mean 'accuracy'"):
        optlab.check_function(defects.accuracy, "acuracy")


def test_orders():
    rng = np.random.default_rng(3)
    assert optlab.check_order(lambda: defects.shuffled(rng, 100, 10), 100).ok
    assert optlab.check_order(defects.shuffled(rng, 100, 30), 100).ok
    dropped = optlab.check_order(defects.shuffled(rng, 100, 30)[:3], 100)
    assert dropped.ok and "but for 10 that do not fill a last mini-batch" in dropped.sentences[0]
    for draw in (defects.drawn_with_replacement, defects.batches_at_random):
        found = optlab.check_order(lambda draw=draw: draw(rng, 100, 10), 100)
        assert found.sentences[0].startswith("rows are drawn with replacement (between mini-batches): in one epoch")
        assert found.table["never seen"].min() > 0
    assert "within a mini-batch too" in optlab.check_order([rng.integers(0, 100, 50) for _ in range(2)], 100).sentences[0]
    assert "same order" in optlab.check_order(lambda: [np.arange(10)], 10).sentences[0]
    assert "row 10 does not exist" in optlab.check_order([np.arange(11)], 10).sentences[0]
    assert "5 of 10 rows are never seen" in optlab.check_order([np.arange(5)], 10).sentences[0]
    with pytest.raises(optlab.OptlabError, match="one-dimensional arrays of row numbers"):
        optlab.check_order([np.zeros(3)], 3)
