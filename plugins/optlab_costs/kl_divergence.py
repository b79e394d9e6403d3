"""Kullback-Leibler divergence from the softmax of the logits y to target probabilities t, summed over classes, averaged over samples.

Kullback and Leibler, "On information and sufficiency", Annals of Mathematical Statistics 22 (1951); ``torch.nn.functional.kl_div`` of
log_softmax(y) with reduction="batchmean". It is softmax_cross_entropy less the entropy of the target: same gradient, but 0 at best.
"""

from optlab.plugin import exp, hookimpl, log, row_cost


@row_cost(link="softmax", operations=(11, 14))  # as softmax_cross_entropy's, and log, +, choice
def kl_divergence(y, t, gradient):
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
        if t[k] != 0:  # 0 log 0 is 0
            value += t[k] * (log(t[k]) + (log_total - (y[k] - largest)))
        gradient[k] = gradient[k] / total * mass - t[k]
    return value


@hookimpl
def register_costs(register):
    register(kl_divergence)
