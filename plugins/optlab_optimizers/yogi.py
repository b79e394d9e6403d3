"""Yogi: Adam whose mean square moves by at most the newest squared gradient.

Zaheer et al., NeurIPS 2018, Algorithm 2. As in TensorFlow Addons and optax both moments start at ``initial`` and their bias
is corrected; the paper starts them at 0 and corrects nothing (``corrected=False``).
"""

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, optimizer, sign, sqrt


@optimizer(start={"m": "initial", "v": "initial"}, verified=("optax.yogi 0.2.8",))
def yogi(
    w, g, m, v, *, t, lr: Positive = 1e-2, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-3,
    initial: NonNegative = 1e-6, corrected: bool = True,
):  # fmt: skip
    m = beta1 * m + (1 - beta1) * g
    v = v - (1 - beta2) * sign(v - g * g) * g * g
    m_hat = m / (1 - beta1**t) if corrected else m
    v_hat = v / (1 - beta2**t) if corrected else v
    return w - lr * m_hat / (sqrt(v_hat) + eps), m, v


@hookimpl
def register_optimizers(register):
    register(yogi)
