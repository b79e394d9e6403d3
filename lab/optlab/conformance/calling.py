"""Calls of somebody else's functions: what they raise becomes one sentence, what NumPy warns of is heard or ignored on purpose."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError

Array = npt.NDArray[np.float64]
Function = Callable[..., Any]

WARNINGS = ("overflow", "invalid value", "divide by zero")


def run(f: Function, *arguments: Any, who: str) -> Any:
    """What f returns; warnings are ignored."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return f(*arguments)
        except Exception as error:
            raise OptlabError(f"{who}: {_name(f)} raised {type(error).__name__}: {error}") from error


def heard(f: Function, *arguments: Array) -> tuple[Any, set[str]]:
    """(what f returns, which of `WARNINGS` NumPy gave); an OverflowError is an overflow with the result None."""
    with np.errstate(all="warn"), warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        try:
            found = f(*(argument.copy() for argument in arguments))
        except OverflowError:
            return None, {"overflow"}
        except Exception as error:
            shapes = " and ".join(str(argument.shape) for argument in arguments)
            raise OptlabError(f"check_function: {_name(f)} raised {type(error).__name__} on arrays {shapes}: {error}") from error
    return found, {kind for kind in WARNINGS for each in given if kind in str(each.message)}


def one_number(f: Function, *arguments: Array) -> float:
    """What f returns, as one number; NaN for an overflow that raises.

    Raises:
        OptlabError: it returned something else.
    """
    found = heard(f, *arguments)[0]
    if found is None:
        return float("nan")
    values = np.asarray(found)
    if values.size != 1 or values.dtype.kind not in "biuf":
        what = "text" if values.dtype.kind == "U" else f"shape {values.shape}"
        raise OptlabError(f"check_function: {_name(f)} returned {what} where one number is expected")
    return float(values.ravel()[0])


def _name(f: Function) -> str:
    return getattr(f, "__name__", "the function")
