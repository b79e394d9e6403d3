"""Softmax cross-entropy on logits, summed over classes, averaged over samples; targets are one-hot or probabilities.

Bishop, Pattern Recognition and Machine Learning (2006), eqs. 4.104 and 4.108-4.109; ``torch.nn.CrossEntropyLoss``.
label_smoothing mixes this share of the uniform distribution into the target: Szegedy et al., arXiv:1512.00567, section 7.
The largest logit is subtracted first, so that no logit overflows.
"""

from optlab.plugin import Fraction, exp, hookimpl, log, row_cost


@row_cost(link="softmax", operations=(10, 13))  # max, -, exp, +, +, and *, +, -, -, *, +; with the gradient / * - too
def softmax_cross_entropy(y, t, gradient, *, label_smoothing: Fraction = 0.0):
    largest = y[0]
    for k in range(1, y.size):
        largest = max(largest, y[k])
    keep, spread = 1 - label_smoothing, label_smoothing / y.size
    total, mass = y[0] - y[0], y[0] - y[0]  # zeros of the row's dtype, NaN when the row is not finite
    for k in range(y.size):
        gradient[k] = exp(y[k] - largest)
        total += gradient[k]
        mass += keep * t[k] + spread
    log_total = log(total)
    value = total - total
    for k in range(y.size):
        wanted = keep * t[k] + spread
        value += wanted * (log_total - (y[k] - largest))
        gradient[k] = gradient[k] / total * mass - wanted
    return value


@hookimpl
def register_costs(register):
    register(softmax_cross_entropy)
