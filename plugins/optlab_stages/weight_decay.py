"""Decoupled weight decay: the weights shrink by a factor of their own, which no optimizer sees.

Loshchilov and Hutter, ICLR 2019, Algorithm 2, with its eta_t * lambda as one number: it is not multiplied by the learning rate, and a
schedule leaves it alone. Before the optimizer, ``weight_decay+adam``, the weights decay first, as in ``torch.optim.AdamW`` with
lr * weight_decay for it; behind it, ``adam+weight_decay``, the new weights do.
"""

from optlab.plugin import Decay, hookimpl, stage


@stage(verified=("torch.optim.AdamW 2.13", "optax.add_decayed_weights 0.2.8"))
def weight_decay(w, g, *, weight_decay: Decay = 1e-4):
    return w * (1 - weight_decay), g


@hookimpl
def register_stages(register):
    register(weight_decay)
