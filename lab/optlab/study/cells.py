"""One contender and its cells: its axes multiplied out as a grid, or drawn from."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from optlab.identity import ByIdentity
from optlab.rules import Rule
from optlab.settings import Pairs, Settings, pairs
from optlab.study import search
from optlab.study.axes import Range, Values, listed

# The order in which cells are made: the last of them, then the optimizer's own hyper-parameters, vary fastest; lr fastest of all.
AXES = (
    "dtype", "layers", "activation", "output", "cost", "initializer", "schedule", "schedule_unit", "epochs", "batch_size", "order",
    "penalise_biases", "l1_mode", "l2_mode", "l1", "l2",
)  # fmt: skip
PARTS = ("activations", "costs", "schedules", "initializers")
WHOLE = ("epochs", "batch_size", "depth", "width")
Dimension = tuple[str, ...]
"""Names an axis: ("l2",), ("hyper", "lr"), or ("activations", "leaky_relu", "slope")."""
Extensions = Mapping[tuple[str, str], Mapping[Dimension, Values]]
"""(problem, contender) -> the values of those of its axes that have grown."""


@dataclass(frozen=True)
class Contender:
    """One row of the ranking: a rule, and the axes over which it is tuned.

    axes: key of a study file -> values; "depth" and "width" where they stand for "layers". hyper: the rule's hyper-parameters -> values.
    part_hyper: (kind, name) -> the same of that activation, cost, schedule or initializer. draw: how to search, None for a grid.
    """

    label: str
    rule: Rule
    axes: Mapping[str, Values]
    protocol: Mapping[str, Any]
    hyper: Mapping[str, Values]
    part_hyper: Mapping[tuple[str, str], Mapping[str, Values]] = field(default_factory=dict)
    draw: search.Draw | None = None

    @functools.cached_property
    def rules(self) -> tuple[Pairs, ...]:
        """Complete settings of the rule's hyper-parameters, one for each point of their grid."""
        return _multiplied(self.hyper)

    @functools.cached_property
    def parts(self) -> Mapping[tuple[str, str], tuple[Pairs, ...]]:
        """(kind, name) -> the same of that activation, cost, schedule or initializer."""
        return {key: _multiplied(hyper) for key, hyper in self.part_hyper.items()}

    @property
    def usual(self) -> Pairs:
        """One setting of the rule's hyper-parameters: what its formula looks like."""
        return pairs({name: given.low if isinstance(given, Range) else given[0] for name, given in self.hyper.items()})

    @functools.cached_property
    def networks(self) -> tuple[tuple[int, ...], ...]:
        """Nodes of the hidden layers of each network, where they are listed."""
        if "layers" in self.axes:
            return listed(self.axes["layers"])
        depths, widths = listed(self.axes["depth"]), listed(self.axes["width"])
        return tuple(dict.fromkeys((width,) * depth for depth in depths for width in widths))

    def dimensions(self) -> dict[Dimension, Values]:
        """The axes that this contender is tuned over: all that leave a choice, the learning rate first, then penalties."""
        found: dict[Dimension, Values] = {("hyper", "lr"): self.hyper["lr"]} if "lr" in self.hyper else {}
        found |= {(key,): self.axes[key] for key in ("l1", "l2")}
        found |= {("hyper", name): given for name, given in self.hyper.items()}
        found |= {(key,): given for key, given in self.axes.items()}
        found |= {(*key, name): given for key, hyper in self.part_hyper.items() for name, given in hyper.items()}
        return {dimension: given for dimension, given in found.items() if isinstance(given, Range) or len(given) > 1}

    def whole(self, dimension: Dimension) -> bool:
        """Whether the values of a rule's hyper-parameter or of a key are whole numbers."""
        if dimension[0] == "hyper":
            domain = self.rule.hyper[dimension[1]].domain
            return domain is not None and domain.whole
        return dimension[-1] in WHOLE

    def replaced(self, values: Mapping[Dimension, Values]) -> Contender:
        """The contender with these values in place of those of its axes."""
        axes, hyper = dict(self.axes), dict(self.hyper)
        parts = {key: dict(own) for key, own in self.part_hyper.items()}
        for dimension, given in values.items():
            if len(dimension) == 1:
                axes[dimension[0]] = given
            elif dimension[0] == "hyper":
                hyper[dimension[1]] = given
            else:
                parts[dimension[0], dimension[1]][dimension[2]] = given
        return dataclasses.replace(self, axes=axes, hyper=hyper, part_hyper=parts)

    def cells(self, usual_cost: str) -> Iterator[Settings]:
        """Every setting of the axes once, or as many as a search draws; `usual_cost` stands in where the study names none."""
        if self.draw is None:
            yield from self._grid(usual_cost)
            return
        dimensions = self.dimensions()
        sizes = [math.inf if isinstance(given, Range) else len(given) for given in dimensions.values()]
        if math.prod(sizes) <= self.draw.trials:  # nothing to draw: all of it fits
            yield from self._grid(usual_cost)
            return
        seen: set[Settings] = set()
        for shares in self.draw.points(list(dimensions)):
            drawn = {
                one: (search.pick(given, share, self.whole(one)),) for (one, given), share in zip(dimensions.items(), shares, strict=True)
            }
            settings = next(self.replaced(drawn)._grid(usual_cost))
            if settings not in seen:
                seen.add(settings)
                yield settings
            if len(seen) == self.draw.trials:
                return

    def _grid(self, usual_cost: str) -> Iterator[Settings]:
        """Fields that are equal are the same object, which is what makes digests cheap (`identity`)."""
        repeated: ByIdentity[tuple[str, ...]] = ByIdentity(lambda name, layers: (name,) * len(layers))
        together: ByIdentity[tuple[Pairs, ...]] = ByIdentity(lambda *hyper: hyper)
        seen: set[tuple[Any, ...]] = set()
        axes = {**self.axes, "layers": self.networks}
        for values in itertools.product(*(listed(axes[key]) for key in AXES)):
            chosen = dict(zip(AXES, values, strict=True))
            if isinstance(chosen["activation"], str):
                chosen["activation"] = repeated(chosen["activation"], chosen["layers"])
            network = tuple(chosen.values())
            if network not in seen:  # a network without hidden layers is the same for every activation
                seen.add(network)
                yield from self._with_parts(chosen, usual_cost, together)

    def _with_parts(self, chosen: dict[str, Any], usual_cost: str, together: ByIdentity[tuple[Pairs, ...]]) -> Iterator[Settings]:
        layers, output, cost = chosen.pop("layers"), chosen.pop("output") or "identity", chosen.pop("cost") or usual_cost
        hidden = chosen.pop("activation")
        names = tuple(dict.fromkeys((*hidden, output)))
        activations = [self.parts[("activations", name)] for name in names]
        others = [self.parts[key] for key in (("costs", cost), ("schedules", chosen["schedule"]), ("initializers", chosen["initializer"]))]
        for *functions, cost_hyper, schedule_hyper, initializer_hyper in itertools.product(*activations, *others):
            function = dict(zip(names, functions, strict=True))
            activation_hyper = together(*(function[name] for name in hidden))
            for hyper in self.rules:
                yield Settings(
                    layers=layers, activation=hidden, output=output, cost=cost, optimizer=self.rule.name, hyper=hyper,
                    activation_hyper=activation_hyper, output_hyper=function[output], cost_hyper=cost_hyper,
                    schedule_hyper=schedule_hyper, initializer_hyper=initializer_hyper, **chosen, **self.protocol,
                )  # fmt: skip


def name_of(dimension: Dimension) -> str:
    """An axis as people read it: ``lr``, ``l2``, ``leaky_relu.slope``."""
    return ".".join(dimension[1:]) or dimension[0]


def value_at(settings: Settings, dimension: Dimension) -> Any:
    """The value of a cell on an axis; None where the cell has no such part."""
    if dimension[0] == "hyper":
        return dict(settings.hyper)[dimension[1]]
    if len(dimension) == 1:
        own = {"depth": len(settings.layers), "width": settings.layers[0] if settings.layers else 0}
        return own[dimension[0]] if dimension[0] in own else getattr(settings, dimension[0])
    kind, name, key = dimension
    hidden = zip(settings.activation, settings.activation_hyper, strict=True)
    used = {
        "activations": [*hidden, (settings.output, settings.output_hyper)],
        "costs": [(settings.cost, settings.cost_hyper)],
        "schedules": [(settings.schedule, settings.schedule_hyper)],
        "initializers": [(settings.initializer, settings.initializer_hyper)],
    }[kind]
    return next((dict(hyper)[key] for plugin, hyper in used if plugin == name), None)


def _multiplied(hyper: Mapping[str, Values]) -> tuple[Pairs, ...]:
    """Every setting of a plugin's hyper-parameters; lr varies fastest."""
    names = sorted(hyper, key=lambda name: name == "lr")
    return tuple(pairs(dict(zip(names, chosen, strict=True))) for chosen in itertools.product(*(listed(hyper[name]) for name in names)))
