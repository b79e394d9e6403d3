"""A stage that changes nothing and keeps what it sees: the path of the parameters."""

from __future__ import annotations

from typing import Any

from optlab.abi import advance
from optlab.requests import DONE


def keep(
    w: Any, g: Any, slots: Any, hyper: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any, scratch: Any, ask: Any
) -> Any:  # fmt: skip
    """`abi.stage`: w after step t goes to vector slot t - 1; the caller gives it as many slots as there are steps."""
    target = advance(slots, (t - 1) * n)
    for i in range(n):
        target[i] = w[i]
    return DONE
