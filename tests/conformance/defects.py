"""Backpropagation as it circulates in courses, in plain NumPy: one right version, and the defects that are found in the others."""

import numpy as np


def sigmoid(z):
    """Without overflow: exp of -|z| only."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(layers, X, bias_input=1.0):
    """Outputs of each layer, sigmoid within, softmax at the end."""
    a = [X]
    for W, b in layers[:-1]:
        a.append(sigmoid(a[-1] @ W + bias_input * b))
    W, b = layers[-1]
    a.append(softmax(a[-1] @ W + bias_input * b))
    return a


def backward(layers, a, delta, bias_gradient=lambda delta: delta.sum(axis=0), slope=lambda a: a * (1.0 - a)):
    gradients = []
    for k in range(len(layers) - 1, -1, -1):
        gradients.insert(0, (a[k].T @ delta, bias_gradient(delta)))
        delta = (delta @ layers[k][0].T) * slope(a[k])
    return gradients


# -- gradients of a sigmoid network with a softmax output ----------------------------------------------------------------------


def right(layers, X, Y):
    a = forward(layers, X)
    return backward(layers, a, (a[-1] - Y) / len(X))


def right_and_cost(layers, X, Y):
    p = forward(layers, X)[-1]
    return -np.sum(Y * np.log(p)) / len(X), right(layers, X, Y)


def flat(layers, X, Y):
    return np.concatenate([np.ravel(part) for pair in right(layers, X, Y) for part in pair])


def bias_input_of_0_01(layers, X, Y):
    """The bias is the weight of one more input with the value 0.01, but its gradient is that of an input 1."""
    a = forward(layers, X, bias_input=0.01)
    return backward(layers, a, (a[-1] - Y) / len(X))


def bias_input_of_0_01_and_cost(layers, X, Y):
    p = forward(layers, X, bias_input=0.01)[-1]
    return -np.sum(Y * np.log(p)) / len(X), bias_input_of_0_01(layers, X, Y)


def bias_of_layer_1_times_100(layers, X, Y):
    gradients = right(layers, X, Y)
    return [(gradients[0][0], 100.0 * gradients[0][1]), *gradients[1:]]


def softmax_sum_with_mean_cost(layers, X, Y):
    """The gradient of the sum over rows, the cost averaged over rows and classes (np.mean of the whole array)."""
    a = forward(layers, X)
    return -np.mean(Y * np.log(a[-1])), backward(layers, a, a[-1] - Y)


def cost_of_thresholded_outputs(layers, X, Y):
    p = forward(layers, X)[-1]
    hard = np.eye(Y.shape[1])[p.argmax(axis=1)]
    return np.mean(np.sum((hard - Y) ** 2, axis=1)), right(layers, X, Y)


def slope_at_a(layers, X, Y):
    a = forward(layers, X)
    return backward(layers, a, (a[-1] - Y) / len(X), slope=lambda a: sigmoid(a) * (1.0 - sigmoid(a)))


def no_slope(layers, X, Y):
    a = forward(layers, X)
    return backward(layers, a, (a[-1] - Y) / len(X), slope=lambda a: 1.0)


def extra_output_slope(layers, X, Y):
    a = forward(layers, X)
    p = a[-1]
    return backward(layers, a, (p - Y) * p * (1.0 - p) / len(X))


def wrong_sign(layers, X, Y):
    return [(-dW, -db) for dW, db in right(layers, X, Y)]


def with_penalty(strength, on_biases=False):
    def gradient(layers, X, Y):
        pairs = zip(right(layers, X, Y), layers, strict=True)
        return [(dW + strength * W, db + strength * b if on_biases else db) for (dW, db), (W, b) in pairs]

    return gradient


def biases_kept_as_rows(layers, X, Y):
    return [(dW, db[None]) for dW, db in right(layers, X, Y)]


def transposed(layers, X, Y):
    return [(dW.T, db) for dW, db in right(layers, X, Y)]


# -- one training step ------------------------------------------------------------------------------------------------------------


def right_step(layers, X, Y, lr):
    return [(W - lr * dW, b - lr * db) for (W, b), (dW, db) in zip(layers, right(layers, X, Y), strict=True)]


def right_step_in_place(layers, X, Y, lr):
    for (W, b), (dW, db) in zip(layers, right(layers, X, Y), strict=True):
        W -= lr * dW
        b -= lr * db


def deltas_from_updated_weights(layers, X, Y, lr):
    """Each layer is updated as soon as its gradient is known; the delta of the layer below then uses the new weights."""
    a = forward(layers, X)
    delta = (a[-1] - Y) / len(X)
    for k in range(len(layers) - 1, -1, -1):
        W, b = layers[k]
        W -= lr * a[k].T @ delta
        b -= lr * delta.sum(axis=0)
        delta = (delta @ W.T) * a[k] * (1.0 - a[k])


def idle_step(layers, X, Y, lr):
    return layers


# -- functions ------------------------------------------------------------------------------------------------------------------------


def naive_sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


def overflowing_sigmoid(z):
    return np.exp(z) / (1.0 + np.exp(z))


def overflowing_softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def softmax_over_columns(z):
    return np.exp(z) / np.exp(z).sum(axis=0, keepdims=True)


def accuracy(outputs, targets):
    return np.mean(outputs.argmax(axis=1) == targets.argmax(axis=1))


def accuracy_element_by_element(outputs, targets):
    return np.mean((outputs > 0.5) == targets)


def cross_entropy(p, t):
    return -np.mean(np.sum(np.where(t > 0, t * np.log(np.where(t > 0, p, 1.0)), 0.0), axis=1))


def cross_entropy_of_0_times_inf(p, t):
    return -np.mean(np.sum(t * np.log(p), axis=1))


def cross_entropy_over_all_elements(p, t):
    return -np.mean(np.where(t > 0, t * np.log(np.where(t > 0, p, 1.0)), 0.0))


def squared_error_of_thresholded_outputs(p, t):
    return np.mean((np.round(p) - t) ** 2)


# -- mini-batches -----------------------------------------------------------------------------------------------------------------------


def shuffled(rng, n, batch):
    order = rng.permutation(n)
    return [order[k : k + batch] for k in range(0, n, batch)]


def drawn_with_replacement(rng, n, batch):
    """Called a shuffle: each mini-batch draws anew from all rows."""
    return [rng.choice(n, size=batch, replace=False) for _ in range(n // batch)]


def batches_at_random(rng, n, batch):
    """Also called a shuffle: a random one of the mini-batches, as often as there are mini-batches."""
    starts = batch * rng.integers(0, n // batch, n // batch)
    return [np.arange(start, start + batch) for start in starts]
