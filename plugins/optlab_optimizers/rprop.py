"""Rprop: each parameter's own step grows while its gradient keeps its sign and shrinks when the sign turns; full batches only.

Riedmiller and Braun, ICNN 1993; in the form of Igel and Huesken, NC 2000 (iRprop-): after a turn of the sign the parameter rests for one
step. Dialects: "torch" (default, ``torch.optim.Rprop``); "optax" 0.2.8 takes each step one update late and bounds no first step. lr is the
first step of every parameter, so a schedule of the learning rate changes nothing.
"""

from typing import Literal

from optlab.plugin import Fraction, Positive, clip, hookimpl, optimizer, sign, where


@optimizer(start={"size": "lr"}, verified=("torch.optim.Rprop 2.13", "optax.rprop 0.2.8"))
def rprop(
    w, g, last, size, *, lr: Positive = 1e-2, eta_minus: Fraction = 0.5, eta_plus: Positive = 1.2, step_min: Positive = 1e-6,
    step_max: Positive = 50.0, dialect: Literal["torch", "optax"] = "torch",
):  # fmt: skip
    agree = g * sign(last)
    grown = clip(size * where(agree > 0, eta_plus, where(agree < 0, eta_minus, 1.0)), step_min, step_max)
    size = where(agree == 0, size, grown) if dialect == "optax" else grown
    step = where(agree < 0, 0.0, size * sign(g))
    return w - (where(agree < 0, 0.0, last) if dialect == "optax" else step), step, size


@hookimpl
def register_optimizers(register):
    register(rprop)
