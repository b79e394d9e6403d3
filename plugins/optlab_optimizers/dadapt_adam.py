"""D-Adapt Adam: Adam with a learning rate from a lower bound of the distance to the solution.

Defazio and Mishchenko, ICML 2023, arXiv:2301.07733, Algorithm 5. corrected (default, ``optax.contrib.dadapt_adamw``) folds Adam's bias
correction into the step; the authors' code leaves it out unless asked. Weight decay is decoupled. All parameters share one d.
"""

import numpy as np

from optlab.plugin import Decay, NonNegative, Positive, hookimpl, vector_rule


@vector_rule(
    operations=25.0, state={"d": "scalar", "above": "scalar"}, start={"d": "d0"},
    verified=("optax.contrib.dadapt_adamw 0.2.8", "dadaptation.DAdaptAdam 3.2"),
)  # fmt: skip
def dadapt_adam(
    w, g, m, v, s, d, above, *, t, lr: Positive = 1.0, beta1: Decay = 0.9, beta2: Decay = 0.999, eps: Positive = 1e-8,
    d0: Positive = 1e-6, weight_decay: NonNegative = 0.0, corrected: bool = True,
):  # fmt: skip
    root = np.sqrt(beta2)
    rate = d[0] * lr
    if corrected:
        rate *= np.sqrt(1 - beta2**t) / (1 - beta1**t)
    gain, below = 0.0, 0.0
    for i in range(len(w)):
        slope = np.float64(g[i])
        gain += slope * s[i] / (np.sqrt(v[i]) + eps)
        m[i] = beta1 * m[i] + (1 - beta1) * rate * slope
        v[i] = beta2 * v[i] + (1 - beta2) * slope * slope
        s[i] = root * s[i] + (1 - root) * rate * slope
        below += abs(np.float64(s[i]))
    above[0] = root * above[0] + (1 - root) * rate * gain
    if below > 0:
        d[0] = max(d[0], above[0] / ((1 - root) * below))
    for i in range(len(w)):
        w[i] -= rate * weight_decay * w[i] + m[i] / (np.sqrt(v[i]) + eps)


@hookimpl
def register_optimizers(register):
    register(dadapt_adam)
