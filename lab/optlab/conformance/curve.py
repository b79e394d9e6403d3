"""What the gradient gate needs to know of an elementwise plugin: its formula and its compiled code, as functions of one variable.

An activation is such a curve in z; a cost is one in y for each target.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.conformance import native, references
from optlab.conformance.settings import settings
from optlab.hyper import Value
from optlab.kinds import Activation, Cost

Array = npt.NDArray[Any]

TARGETS = (1.0, 0.0, 0.3, -1.0)
"""Targets at which costs are checked: classes written 0 and 1 or -1 and 1, a probability."""


@dataclass(frozen=True)
class Curve:
    """One elementwise plugin at fixed hyper-parameters (and target)."""

    plugin: Activation | Cost
    values: Mapping[str, Value]
    target: float | None
    words: str  # the setting, where it is not the default

    @property
    def variable(self) -> str:
        return self.plugin.positional[0]

    @property
    def where(self) -> str:
        """`` (beta=1.5, t=0.3)``, or nothing."""
        parts = [self.words] if self.words else []
        parts += [f"t = {self.target:g}"] if self.target is not None else []
        return f" ({', '.join(parts)})" if parts else ""

    def formula(self, x: Array) -> Array:
        """The author's own function, evaluated by NumPy in float64."""
        others = () if self.target is None else (np.full_like(x, self.target),)
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(self.plugin(x, *others, **self.values), dtype=float), x.shape)

    @property
    def borrowed(self) -> bool:
        """Whether the slope is another formula's by design (straight_through), so that differences of the values cannot show it."""
        return any(node.op == "straight_through" for node in self.plugin.graph(self.plugin.options(self.values)).nodes)

    def complex_slope(self, x: Array) -> Array | None:
        """The formula's slope by the complex step, where that is possible."""
        graph, others = self.plugin.graph(self.plugin.options(self.values)), () if self.target is None else (self.target,)
        return references.complex_step(graph, (x, *others), 0, {name: self.values[name] for name in graph.invariants})

    def compiled(self, x: Array, dtype: str) -> tuple[Array, Array, Array]:
        """(values by the value function, values by the joint function, slopes) of the compiled code."""
        x = np.asarray(x, dtype=dtype)
        if isinstance(self.plugin, Activation):
            return native.activation(self.plugin, self.values, x, dtype)
        targets = np.full_like(x, self.target)
        slopes = native.cost_gradient(self.plugin, self.values, x[:, None], targets[:, None], dtype)[1]
        return *native.cost_elements(self.plugin, self.values, x, targets, dtype), slopes.ravel()


def curves(plugin: Activation | Cost) -> Iterator[Curve]:
    """The plugin at each setting (and target)."""
    for words, values in settings(plugin):
        for target in (None,) if isinstance(plugin, Activation) else TARGETS:
            yield Curve(plugin, values, target, words)
