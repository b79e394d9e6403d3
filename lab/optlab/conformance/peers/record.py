"""A peer: another library's implementation of an update rule, run on the same tape of gradients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Sizes = tuple[int, ...] | None


class Unsupported(Exception):
    """The library has no such setting; the message is a sentence."""


class Hyper(dict[str, Any]):
    """Hyper-parameters by attribute; one that the rule does not have is Unsupported."""

    def __getattr__(self, name: str) -> Any:
        if name not in self:
            raise Unsupported(f"the library needs {name}, and the rule has no such hyper-parameter")
        return self[name]

    def require(self, **allowed: Any) -> None:
        """Raise Unsupported where an option has a value that the library does not offer."""
        for name, value in allowed.items():
            values = value if isinstance(value, tuple) else (value,)
            if name in self and self[name] not in values:
                raise Unsupported(f"the library offers {name} = {' or '.join(map(repr, values))} alone, not {self[name]!r}")


@dataclass(frozen=True)
class Peer:
    """One library's implementation of a rule.

    Attributes:
        rule: registered name of the rule it is compared with.
        name: what it is called there, "torch.optim.Adam".
        package: where it is imported from; without it the peer is skipped.
        run: ``run(tape (T, n), start (n,), hyper, sizes) -> (T, n)``, float64; hyper holds all of the rule's hyper-parameters
            (``rule.values(setting)``), sizes the layer sizes or None. It raises Unsupported where the library has no such setting.
        settings: hyper-parameters at which the two are compared, what they leave out is the rule's default.
        layered: the rule sees tensors, so that sizes matter.
    """

    rule: str
    name: str
    package: str
    run: Callable[[Array, Array, Mapping[str, Any], Sizes], Array]
    settings: tuple[Mapping[str, Any], ...]
    layered: bool = False

    @property
    def importable(self) -> bool:
        return find_spec(self.package) is not None


def tensors(flat: Array, sizes: Sizes) -> list[Array]:
    """Views of a flat vector, or of a tape's last axis: per layer W (n_in, n_out) and b (n_out,); the whole of it without sizes."""
    if sizes is None:
        return [flat]
    parts, at = [], 0
    for n_in, n_out in pairwise(sizes):
        parts += [flat[..., at : at + n_in * n_out].reshape(*flat.shape[:-1], n_in, n_out), flat[..., at + n_in * n_out :][..., :n_out]]
        at += (n_in + 1) * n_out
    return parts


def joined(parts: list[Any], steps: int) -> Array:
    """The inverse of `tensors` for paths: each part (T, ...) -> (T, n)."""
    return np.concatenate([np.asarray(part, dtype=np.float64).reshape(steps, -1) for part in parts], axis=1)
