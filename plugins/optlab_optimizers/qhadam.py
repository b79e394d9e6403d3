"""QHAdam: Adam whose moments are averaged with the gradient and its square at hand.

Ma and Yarats, ICLR 2019, arXiv:1810.06801, section 4; nu1 = nu2 = 1 is Adam, the authors' package's default, as are its bias corrections.
"""

from optlab.plugin import Decay, Fraction, Positive, hookimpl, optimizer, sqrt


@optimizer(verified=("qhoptim.pyt.QHAdam 1.1",))
def qhadam(
    w, g, m, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, nu1: Fraction = 1.0, nu2: Fraction = 1.0,
    eps: Positive = 1e-8,
):  # fmt: skip
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    mean = nu1 / (1 - beta1**t) * m + (1 - nu1) * g
    square = nu2 / (1 - beta2**t) * v + (1 - nu2) * g * g
    return w - lr * mean / (sqrt(square) + eps), m, v


@hookimpl
def register_optimizers(register):
    register(qhadam)
