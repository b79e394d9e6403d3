"""Clipping by value: each component of the gradient is kept within [-limit, limit].

``torch.nn.utils.clip_grad_value_``, ``optax.clip``. Stands before the optimizer: ``clip_value+gd``.
"""

from optlab.plugin import Positive, hookimpl, maximum, minimum, stage


@stage(verified=("torch.nn.utils.clip_grad_value_ 2.13", "optax.clip 0.2.8"))
def clip_value(w, g, *, limit: Positive = 1.0):
    return w, minimum(maximum(g, -limit), limit)


@hookimpl
def register_stages(register):
    register(clip_value)
