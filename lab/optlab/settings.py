"""Everything that determines a training run, except its data and its seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from optlab.hyper import Value

Order = Literal["fresh", "fixed", "cumulative", "replacement"]
Pairs = tuple[tuple[str, Value], ...]


def pairs(values: dict[str, Value]) -> Pairs:
    """A mapping as sorted pairs: hashable, and the same for any order of writing."""
    return tuple(sorted(values.items()))


@dataclass(frozen=True)
class Settings:
    """One fully specified way to train a dense network.

    layers: nodes of each hidden layer. activation: one name per hidden layer; `output` names the last layer's. Names refer to a
    catalogue; the `*_hyper` and `hyper` pairs hold every value, defaults included. activation_hyper has one entry per hidden layer.
    Penalties: l2 * sum(W^2) / 2 and l1 * sum(|W|), on weights only unless `penalise_biases`.
    l2_mode: "coupled" adds l2 * W to the gradient; "decoupled" multiplies W by 1 - lr_t * l2 before the rule.
    l1_mode: "subgradient" adds l1 * sign(W) to the gradient; "proximal" soft-thresholds W at lr_t * l1 after the rule. That is the
        proximal gradient method, whose minimum is the Lasso's, for plain gd alone: a rule that rescales its steps would have to threshold
        in its own metric, so with any other one the penalty is in effect weaker or stronger than l1.
    order: "fresh" permutation per epoch, "fixed" one for all, "cumulative" (each epoch shuffles the last order), "replacement".
    schedule: factors on lr or other hyper-parameters (`optlab.composition`), one per `schedule_unit`.
    evaluate_every: epochs between rows of the history, 0 for the last only.
    divergence_bound: a mini-batch cost above this multiple of the initial cost ends the trial.
    time_limit: seconds of training, 0 for none; a trial it stops is not reproducible and says so.
    """

    layers: tuple[int, ...]
    activation: tuple[str, ...]
    output: str
    cost: str
    optimizer: str
    hyper: Pairs
    activation_hyper: tuple[Pairs, ...] = ()
    output_hyper: Pairs = ()
    cost_hyper: Pairs = ()
    l1: float = 0.0
    l2: float = 0.0
    l1_mode: Literal["subgradient", "proximal"] = "subgradient"
    l2_mode: Literal["coupled", "decoupled"] = "coupled"
    penalise_biases: bool = False
    epochs: int = 100
    batch_size: int | Literal["full"] = 64
    order: Order = "fresh"
    schedule: str = "constant"
    schedule_hyper: Pairs = ()
    schedule_unit: Literal["epoch", "step"] = "epoch"
    initializer: str = "glorot_uniform"
    initializer_hyper: Pairs = ()
    dtype: Literal["float32", "float64"] = "float64"
    evaluate_every: int = 1
    divergence_bound: float = 1e4
    time_limit: float = 0.0
