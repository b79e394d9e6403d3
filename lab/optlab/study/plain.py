"""What a person writes in Python, as the plain dictionary that a study file would hold, and the plugin objects found on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from optlab.base import Plugin
from optlab.errors import OptlabError
from optlab.sources import Problem


@dataclass(frozen=True)
class Variant:
    """One more contender made of a rule; see `variant`."""

    of: str | Plugin
    name: str
    overrides: Mapping[str, Any]


def variant(of: str | Plugin, *, name: str, **overrides: Any) -> Variant:
    """A contender of its own made of the optimizer `of`, to stand in a study's list of optimizers.

    overrides: ``hyper={...}`` for the rule's hyper-parameters, and any key that describes a run: ``variant(mine, name="mine-raw",
    hyper={"beta": 0.0}, batch_size="full")``.
    """
    return Variant(of, name, overrides)


def dictionary(keys: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Plugin]]:
    """(the study's dictionary, plugin objects by name) of the arguments of `Study`.

    Raises:
        OptlabError: two different plugins or variants of one name.
    """
    plugins: dict[str, Plugin] = {}
    given = {key: value for key, value in keys.items() if value is not None}
    problem: Any = given.get("problem")
    if _is_arrays(problem):
        given["problem"] = _array_problem(problem[0], problem[1])
        # Arrays are used as given; data sets by name are split and scaled.
        given = ({} if "folds" in given else {"validation": 0.0}) | {"test": 0.0, "scale": "none"} | given
    listed = given.get("optimizer")
    tables = given.get("variant", {})
    variants: dict[str, Any] = dict(tables) if isinstance(tables, Mapping) else {}
    names: list[Any] = []
    for one in listed if isinstance(listed, list | tuple) else [listed]:
        if isinstance(one, Variant):
            if one.name in variants:
                raise OptlabError(f"Study: two variants are called {one.name!r}; give each its own name")
            variants[one.name] = {"of": one.of, **one.overrides}
            names.append(one.name)
        elif one is not None:
            names.append(one)
    if listed is not None:
        given["optimizer"] = names
    if variants and isinstance(tables, Mapping):  # what is no table is for the schema to refuse
        given["variant"] = variants
    return {key: _plain(value, plugins) for key, value in given.items()}, plugins


def _plain(value: Any, plugins: dict[str, Plugin]) -> Any:
    if isinstance(value, Plugin):
        # Optimizers, activations, ... of one name are told apart by their kind.
        before = plugins.setdefault(f"{value.kind} {value.name}", value)
        if before is not value and before.digest() != value.digest():
            raise OptlabError(f"Study: two different {value.kind}s are called {value.name!r}; rename one")
        return value.name
    if isinstance(value, Mapping):
        return {_plain(key, plugins): _plain(one, plugins) for key, one in value.items()}
    if isinstance(value, list | tuple | range | set):
        return [_plain(one, plugins) for one in value]
    if hasattr(value, "tolist"):  # NumPy arrays and numbers
        return value.tolist()
    return value


def _is_arrays(problem: Any) -> bool:
    return isinstance(problem, tuple) and len(problem) == 2 and not any(isinstance(one, str | Plugin | Mapping) for one in problem)


def _array_problem(X: Any, y: Any) -> Problem:
    from optlab import arrays
    from optlab.table import TableProblem

    X, y = arrays.inputs(X, "problem"), arrays.targets(y, "problem")
    arrays.check_same_rows(X, y, "problem")
    digest = hashlib.blake2b(repr((X.shape, y.shape, y.dtype.str)).encode() + X.tobytes() + y.tobytes(), digest_size=12).hexdigest()
    task = arrays.infer_task(y, None, "problem")
    return TableProblem("data", lambda: (X.copy(), y.copy()), {}, task=task, scale="none", source="arrays given in Python", content=digest)
