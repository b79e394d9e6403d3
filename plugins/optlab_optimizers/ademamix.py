"""AdEMAMix: Adam with a second, much slower momentum.

Pagliardini, Ablin and Grangier, ICLR 2025, arXiv:2409.03137, Algorithm 1. ``warmup`` is the number of steps over which alpha grows
linearly and beta3 from beta1 so that its half-life grows linearly (the paper's schedulers); 0: none, as in optax.
"""

from optlab.plugin import Decay, NonNegative, Positive, exp, hookimpl, log, maximum, minimum, optimizer, sqrt, where


@optimizer(verified=("optax.contrib.ademamix 0.2.8", "pytorch_optimizer.AdEMAMix 4.1"))
def ademamix(
    w, g, m, slow, v, *, t, lr: Positive = 1e-3, beta1: Decay = 0.9, beta2: Decay = 0.999, beta3: Decay = 0.9999, alpha: NonNegative = 5.0,
    eps: Positive = 1e-8, weight_decay: NonNegative = 0.0, warmup: NonNegative = 0.0,
):  # fmt: skip
    done = minimum(t / maximum(warmup, 1), 1)
    grown = exp(log(beta1) * log(beta3) / ((1 - done) * log(beta3) + done * log(beta1)))
    decay = where(done < 1, minimum(grown, beta3), beta3)
    m = beta1 * m + (1 - beta1) * g
    slow = decay * slow + (1 - decay) * g
    v = beta2 * v + (1 - beta2) * g * g
    step = (m / (1 - beta1**t) + done * alpha * slow) / (sqrt(v / (1 - beta2**t)) + eps)
    return w - lr * (step + weight_decay * w), m, slow, v


@hookimpl
def register_optimizers(register):
    register(ademamix)
