"""What a decorated problem, schedule or initializer is: a Python function that makes arrays; nothing of it is compiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from optlab.base import Plugin
from optlab.errors import OptlabError
from optlab.hyper import Value

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, eq=False)
class Problem(Plugin):
    """Data to learn from: a function that returns X (n, d) and y (n,) or (n, k); noisy ones take `rng` first.

    `task` is "classification" or "regression"; `scale` says how features are scaled, fitted on the training part alone:
    "standard", "minmax", "none", or a number to divide by. `source` is the citation.
    `size`: rows, features and classes (0 for regression) of data that must be downloaded first; lists show it and do not load them.
    """

    task: str = "regression"
    scale: str | float = "standard"
    source: str = ""
    noisy: bool = False
    size: tuple[int, int, int] | None = None
    kind: ClassVar[str] = "problem"

    def load(self, rng: np.random.Generator, given: Mapping[str, Any] = MappingProxyType({})) -> tuple[np.ndarray, np.ndarray]:
        """(X, y) at these hyper-parameters."""
        values = self.values(given)
        X, y = self.function(rng, **values) if self.noisy else self.function(**values)
        return X, y


@dataclass(frozen=True, eq=False)
class Schedule(Plugin):
    """Factors on a hyper-parameter, the learning rate unless a study says otherwise: f(t, total), t = 0 .. total-1 epochs or steps."""

    kind: ClassVar[str] = "schedule"

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of the hyper-parameters that it changes."""
        return ("lr",)

    def factors(self, total: int, given: Mapping[str, Any] = MappingProxyType({})) -> np.ndarray:
        """float64 array of `total` factors.

        Raises:
            OptlabError: the function returned another shape, or a negative or non-finite factor.
        """
        import numpy as np

        return self.at(np.arange(total, dtype=float), total, self.values(given))

    def at(self, t: np.ndarray, total: int, values: Mapping[str, Value]) -> np.ndarray:
        """float64 array of factors in the units t of a run of `total`; values: all hyper-parameters."""
        import numpy as np

        returned = np.asarray(self.function(t, total, **values), dtype=float)
        if returned.ndim and returned.shape != t.shape:
            raise OptlabError(
                f"schedule {self.name} returned shape {returned.shape} for t of shape {t.shape}; return one factor for each, or a number"
            )
        if not (np.isfinite(returned).all() and (returned >= 0).all()):
            raise OptlabError(f"schedule {self.name} returned a negative or non-finite factor; factors must be finite and >= 0")
        return np.array(np.broadcast_to(returned, t.shape))

    def by_target(self, total: int, given: Mapping[str, Any] = MappingProxyType({})) -> dict[str, np.ndarray]:
        """Factors of each hyper-parameter that it changes."""
        return {"lr": self.factors(total, given)}


@dataclass(frozen=True, eq=False)
class Initializer(Plugin):
    """First weights of one layer: f(rng, n_in, n_out) -> W (n_in, n_out), or (W, b). Biases start at 0 otherwise."""

    kind: ClassVar[str] = "initializer"
