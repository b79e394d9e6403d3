"""Softmax cross-entropy on logits, summed over classes, averaged over samples; targets are one-hot or probabilities.

Bishop, Pattern Recognition and Machine Learning (2006), eqs. 4.104 and 4.108-4.109; ``torch.nn.CrossEntropyLoss``.
The largest logit is subtracted first, so that no logit overflows.
"""

from optlab.plugin import exp, hookimpl, log, row_cost


@row_cost(link="softmax", operations=(8, 11))  # max, -, exp, +, +, and -, -, *, +; with the gradient / * - too
def softmax_cross_entropy(y, t, gradient):
    largest = y[0]
    for k in range(1, y.size):
        largest = max(largest, y[k])
    total, mass = y[0] - y[0], y[0] - y[0]  # zeros of the row's dtype, NaN when the row is not finite
    for k in range(y.size):
        gradient[k] = exp(y[k] - largest)
        total += gradient[k]
        mass += t[k]
    log_total = log(total)
    value = total - total
    for k in range(y.size):
        value += t[k] * (log_total - (y[k] - largest))
        gradient[k] = gradient[k] / total * mass - t[k]
    return value


@hookimpl
def register_costs(register):
    register(softmax_cross_entropy)
