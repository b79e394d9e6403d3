"""AggMo: the mean of three momenta with different memory.

Lucas, Sun, Zemel and Grosse, ICLR 2019, arXiv:1804.00325, section 3; three velocities with the paper's damping 0, 0.9, 0.99, the
published code's default.
"""

from optlab.plugin import Decay, Positive, hookimpl, optimizer


@optimizer(verified=("AtheMathmo/AggMo src/aggmo.py at 5e8ae39", "pytorch_optimizer.AggMo 4.1"))
def aggmo(w, g, v1, v2, v3, *, lr: Positive = 1e-2, mu1: Decay = 0.0, mu2: Decay = 0.9, mu3: Decay = 0.99):
    v1 = mu1 * v1 + g
    v2 = mu2 * v2 + g
    v3 = mu3 * v3 + g
    return w - lr / 3 * (v1 + v2 + v3), v1, v2, v3


@hookimpl
def register_optimizers(register):
    register(aggmo)
