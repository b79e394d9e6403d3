"""The course's AdaGrad: the accumulator is the diagonal of g g', one number per row of a layer's weights."""

from math import sqrt

from optlab.plugin import Positive, hookimpl, layer_rule


@layer_rule(state={"s": "rows"}, operations=6.0)
def my_adagrad(w, g, s, *, lr: Positive = 1e-2, eps: Positive = 1e-8):
    for i in range(w.shape[0]):
        for j in range(w.shape[1]):
            s[i] += g[i, j] * g[i, j]
        for j in range(w.shape[1]):
            w[i, j] -= lr * g[i, j] / (sqrt(s[i]) + eps)


@hookimpl
def register_optimizers(register):
    register(my_adagrad)
