"""Binary cross-entropy on logits, averaged over samples and outputs: log(1 + exp(y)) - t y, t in [0, 1].

Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90 in terms of the logit; ``torch.nn.BCEWithLogitsLoss``.
Written on -|y|: no logit overflows, and costs and slopes of 1e-18 keep their digits for both classes, which
``logaddexp(y, 0) - t * y`` loses for t = 1. `where` instead of abs keeps the slope at 0, sigmoid(0) - t.
"""

from optlab.plugin import cost, exp, hookimpl, log1p, where


@cost(link="sigmoid")
def binary_cross_entropy(y, t):
    return where(y > 0, (1 - t) * y, -t * y) + log1p(exp(where(y > 0, -y, y)))


@hookimpl
def register_costs(register):
    register(binary_cross_entropy)
