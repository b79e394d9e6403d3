"""Binary cross-entropy on logits, averaged over samples and outputs: log(1 + exp(y)) - t y, t in [0, 1].

Bishop, Pattern Recognition and Machine Learning (2006), eq. 4.90 in terms of the logit; ``torch.nn.BCEWithLogitsLoss``.
logaddexp keeps any logit from overflowing.
"""

from optlab.plugin import cost, hookimpl, logaddexp


@cost(link="sigmoid")
def binary_cross_entropy(y, t):
    return logaddexp(y, 0) - t * y


@hookimpl
def register_costs(register):
    register(binary_cross_entropy)
