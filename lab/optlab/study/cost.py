"""What a trial costs, known before it runs: steps and FLOPs per epoch, and the epochs that a budget buys."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optlab.registry import Catalogue
from optlab.settings import Settings
from optlab.study.procedure import Budget

if TYPE_CHECKING:
    from optlab.data import Dataset


@dataclass(frozen=True)
class PerEpoch:
    """Steps and FLOPs of one epoch, as the history counts them: gradients and updates, no evaluation."""

    steps: int
    flops: float


def steps_of(batch_size: Any, rows: int) -> int:
    """Steps of an epoch over `rows` rows."""
    return 1 if batch_size == "full" else -(-rows // min(batch_size, rows))


def per_epoch(settings: Settings, sizes: Sequence[int], rows: int, catalogue: Catalogue) -> PerEpoch:
    """Steps and FLOPs of one epoch over `rows` rows. A rule that asks for further evaluations costs more than that."""
    from optlab.prepared import activations_of, penalty_flops
    from optlab.stages import tensors_of
    from optlab.wiring import flops_per_row, layer_table

    cost, rule = catalogue.cost(settings.cost), catalogue.optimizer(settings.optimizer)
    row = flops_per_row(sizes, activations_of(settings, catalogue), cost, cost.values(dict(settings.cost_hyper)))
    table = layer_table(sizes)
    weights = sum(a * b for a, b in itertools.pairwise(sizes))
    steps = steps_of(settings.batch_size, rows)
    step = rule.step_flops(tensors_of(table, weights + sum(sizes[1:])), rule.values(dict(settings.hyper)))
    step += penalty_flops(settings, weights)
    return PerEpoch(steps, float(rows * row + steps * step))


class Costs:
    """`per_epoch` remembered: neighbouring cells differ in numbers that cost nothing."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._found: dict[tuple[Any, ...], PerEpoch] = {}

    def __call__(self, settings: Settings, sizes: tuple[int, ...], rows: int) -> PerEpoch:
        """The cost of an epoch; see `per_epoch`."""
        rule = self._catalogue.optimizer(settings.optimizer)
        key = (
            settings.optimizer, tuple(rule.options(dict(settings.hyper)).items()), settings.activation, settings.activation_hyper,
            settings.output, settings.output_hyper, settings.cost, settings.cost_hyper, settings.batch_size, bool(settings.l1),
            bool(settings.l2), sizes, rows,
        )  # fmt: skip
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = per_epoch(settings, sizes, rows, self._catalogue)
        return found


def within(budget: Budget | None, settings: Settings, sizes: tuple[int, ...], dataset: Dataset, costs: Costs) -> Settings:
    """The settings with the epochs that a budget in steps or FLOPs buys: the nearest whole number, at least 1."""
    if budget is None or budget.unit not in ("steps", "flops"):
        return settings
    cost = costs(settings, sizes, len(dataset.train))
    epochs = round(budget.amount / (cost.steps if budget.unit == "steps" else cost.flops))
    return dataclasses.replace(settings, epochs=max(1, epochs))
