"""Lookahead: every k steps the weights are drawn back towards slow weights, which follow them by a share alpha.

Zhang et al., NeurIPS 2019, arXiv:1907.08610, Algorithm 1, the optimizer's own state kept, as in ``optax.lookahead``. The history
evaluates the slow weights, as the paper does. Stands behind the optimizer: ``adam+lookahead``.
"""

from optlab.plugin import Count, Fraction, floor, hookimpl, stage, where


@stage(start={"slow": "w"}, evaluate=lambda w, slow: slow, verified=("optax.lookahead 0.2.8",))
def lookahead(w, g, slow, *, t, k: Count = 5, alpha: Fraction = 0.5):
    meets = floor(t / k) * k == t
    slow = where(meets, slow + alpha * (w - slow), slow)
    return where(meets, slow, w), g, slow


@hookimpl
def register_stages(register):
    register(lookahead)
