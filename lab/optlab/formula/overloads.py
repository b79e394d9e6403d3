"""The author's elementary functions inside compiled array code: `exp` of optlab.plugin means the same there as in a formula.

Importing this module tells Numba how to compile a call of each function of `optlab.formula.elementary` on a scalar: the
vectorisable code of `optlab.formula.vector` in the argument's own dtype, else libm; on an array, element by element.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from optlab.formula import elementary, vector

_LIBRARY: dict[str, Any] = {"sqrt": math.sqrt}
_OF_TWO_LIBRARY: dict[str, Any] = {"hypot": math.hypot, "atan2": math.atan2}


def _dtype(*kinds: Any) -> str:
    """The dtype that arguments of these types have in common; integers and booleans count as float64."""
    return "float32" if all(kind == types.float32 for kind in kinds) else "float64"


def _of_one(name: str) -> None:
    def typed(x: Any) -> Callable[..., Any] | None:
        if isinstance(x, types.Array):

            def each(x: Any) -> Any:
                out = np.empty_like(x)
                for place, value in np.ndenumerate(x):
                    out[place] = author(value)
                return out

            return each
        if not isinstance(x, (types.Float, types.Integer, types.Boolean)):
            return None
        real = types.float32 if x == types.float32 else types.float64
        code = _LIBRARY.get(name) or getattr(vector, f"{name}_{_dtype(x)}")

        def scalar(x: Any) -> Any:
            return code(real(x))

        return scalar

    author = getattr(elementary, name)
    overload(author)(typed)


def _of_two(name: str) -> None:
    def typed(a: Any, b: Any) -> Callable[..., Any] | None:
        if not all(isinstance(kind, (types.Float, types.Integer, types.Boolean)) for kind in (a, b)):
            return None
        real = types.float32 if _dtype(a, b) == "float32" else types.float64
        code = _OF_TWO_LIBRARY.get(name) or getattr(vector, name, None) or getattr(vector, f"{name}_{_dtype(a, b)}")

        def scalar(a: Any, b: Any) -> Any:
            return code(real(a), real(b))

        return scalar

    overload(getattr(elementary, name))(typed)


@overload(elementary.square)
def _square(x: Any) -> Callable[..., Any]:
    return lambda x: x * x


@overload(elementary.floor)
def _floor(x: Any) -> Callable[..., Any]:
    return lambda x: np.floor(x)


@overload(elementary.where)
def _where(condition: Any, chosen: Any, otherwise: Any) -> Callable[..., Any]:
    return lambda condition, chosen, otherwise: chosen if condition else otherwise


@overload(elementary.clip)
def _clip(x: Any, lowest: Any, highest: Any) -> Callable[..., Any]:
    return lambda x, lowest, highest: elementary.minimum(elementary.maximum(x, lowest), highest)


for _name in (
    *_LIBRARY, "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh",
    "sigmoid", "erf", "sign", "cbrt",
):  # fmt: skip
    _of_one(_name)
for _name in (*_OF_TWO_LIBRARY, "minimum", "maximum", "logaddexp"):
    _of_two(_name)
