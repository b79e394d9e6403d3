"""Exponential moving average of the weights: training goes on with w, the history evaluates the average.

Polyak and Juditsky 1992, weighed exponentially. Dialects: "torch" (default, ``torch.optim.swa_utils.AveragedModel`` with
``get_ema_multi_avg_fn``) starts at the weights after the first step; "start" at the initial weights; "corrected" at 0 and divides by
1 - decay^t, as ``optax.ema`` does. Stands behind the optimizer: ``gd+ema``.
"""

from typing import Literal

from optlab.plugin import Decay, hookimpl, stage, where


def averaged(w, average, *, t, decay: Decay = 0.999, dialect: Literal["torch", "start", "corrected"] = "torch"):
    return average / (1 - decay**t) if dialect == "corrected" else average


@stage(start={"average": "w"}, evaluate=averaged, verified=("torch.optim.swa_utils 2.13", "optax.ema 0.2.8"))
def ema(w, g, average, *, t, decay: Decay = 0.999, dialect: Literal["torch", "start", "corrected"] = "torch"):
    if dialect != "start":
        average = where(t == 1, w if dialect == "torch" else 0.0, average)
    return w, g, decay * average + (1 - decay) * w


@hookimpl
def register_stages(register):
    register(ema)
