"""How a study is gone about, as its keys say: search, budget, halving, folds, extension. Read here, and checked against each other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError, nearest
from optlab.hyper import Domain
from optlab.study import axes
from optlab.study.fields import COUNT, POSITIVE, number

if TYPE_CHECKING:
    from optlab.study.schema import Run, Spec

SEARCHES = ("grid", "random", "sobol", "halton")
BUDGETS = ("epochs", "steps", "seconds", "flops")
SELECTIONS = ("median", "mean")
FOLDS = Domain("folds", 2, 1e6, whole=True)
KEEP = Domain("share", 0, 1, low_open=True, high_open=True)

MOST_EPOCHS = 10_000
"""Epochs at which a run that is limited in seconds ends anyway, unless the study says otherwise: curves and schedules are that long."""


@dataclass(frozen=True)
class Budget:
    """What each trial may spend: `amount` of "epochs", "steps", "seconds" or "flops"."""

    unit: str
    amount: float


@dataclass(frozen=True)
class Halving:
    """Successive halving: after `epochs[k]` epochs the better share `keep` of a contender's cells stays."""

    keep: float
    epochs: tuple[int, ...]


def budget(value: Any) -> Budget:
    """One of ``{epochs = n}``, ``{steps = n}``, ``{seconds = x}``, ``{flops = x}``."""
    if not isinstance(value, Mapping) or len(value) != 1:
        raise ValueError(
            f"{value!r} is no budget; write one of {{ epochs = 30 }}, {{ steps = 2000 }}, {{ seconds = 0.5 }}, {{ flops = 1e9 }}"
        )
    unit, amount = next(iter(value.items()))
    if unit not in BUDGETS:
        raise ValueError(f"there is no budget in {unit!r}{nearest(str(unit), BUDGETS)}; it is one of {', '.join(BUDGETS)}")
    try:
        return Budget(unit, float(number(COUNT if unit in ("epochs", "steps") else POSITIVE)(amount)))
    except ValueError as error:
        raise ValueError(f"{unit} = {error}") from error


def halving(value: Any) -> Halving:
    """``{keep = 0.5, epochs = [5, 10]}``."""
    example = "{ keep = 0.5, epochs = [5, 10] }"
    if not isinstance(value, Mapping) or set(value) - {"keep", "epochs"} or "epochs" not in value:
        raise ValueError(f"{value!r} is no halving; write {example}")
    try:
        keep = float(number(KEEP)(value.get("keep", 0.5)))
        rungs = tuple(number(COUNT)(one) for one in axes.as_list(value["epochs"]))
    except ValueError as error:
        raise ValueError(f"{error}; write {example}") from error
    if not rungs or any(a >= b for a, b in itertools.pairwise(rungs)):
        raise ValueError(f"epochs = {list(rungs)} is no ladder; the epochs after which cells are dropped must rise, as in {example}")
    return Halving(keep, rungs)


def check(spec: Spec, source: str) -> None:
    """Whether the keys of a study go together.

    Raises:
        OptlabError: the first two that do not, in one sentence that begins with `source`.
    """
    for fault in _faults(spec):
        raise OptlabError(f"{source}: {fault}")


def _faults(spec: Spec) -> Iterator[str]:
    tables: list[tuple[str, Run]] = [("", spec), *((f"variant.{label}.", one) for label, one in spec.variant.items())]
    for prefix, table in tables:
        given = table.model_fields_set
        for key in ("depth", "width"):
            if key in given and "layers" in given:
                yield f"{prefix}{key}: layers already names the networks; give either layers, or depth and width"
        if spec.search == "grid":
            for key, found in _axes(table):
                if isinstance(found, axes.Range):
                    yield f"{prefix}{key}: {axes.needs_points(found)}"
    yield from _faults_of_search(spec)
    yield from _faults_of_budget(spec, tables)
    if spec.folds is not None:
        if "validation" in spec.model_fields_set:
            yield "folds: a fold is the validation set, so validation has no meaning beside it; drop one of the two"
        if spec.resplit:
            yield "folds: all folds come from one split and resplit draws a new one for each replicate; drop one of the two"


def _axes(table: Run) -> Iterator[tuple[str, Any]]:
    yield from ((key, getattr(table, key)) for key in type(table).model_fields if key != "hyper")
    hyper: Mapping[str, Any] = getattr(table, "hyper", {})
    for name, values in hyper.items():
        if isinstance(values, Mapping):
            yield from ((f"hyper.{name}.{key}", one) for key, one in values.items())
        else:
            yield f"hyper.{name}", values


def _faults_of_search(spec: Spec) -> Iterator[str]:
    if spec.search == "grid" and spec.trials is not None:
        yield "trials: a grid runs every cell; give search = 'random', 'sobol' or 'halton' too, or drop trials"
    if spec.search != "grid" and spec.trials is None:
        yield f"trials is missing: search = {spec.search!r} needs the number of cells per contender; write trials = 32"
    if spec.extend and spec.search != "grid":
        yield f"extend: search = {spec.search!r} has no edge to extend; widen the ranges, or use search = 'grid'"
    if spec.extend and spec.halving is not None:
        yield "extend: halving drops cells, so the edge of what is left is no edge of the grid; drop one of the two"


def _faults_of_budget(spec: Spec, tables: list[tuple[str, Run]]) -> Iterator[str]:
    unit = spec.budget.unit if spec.budget is not None else "epochs"
    for prefix, table in tables:
        if spec.budget is not None and "epochs" in table.model_fields_set and unit != "seconds":
            yield f"{prefix}epochs: the budget already says how long to train; drop one of the two"
        if unit == "seconds" and "time_limit" in table.model_fields_set:
            yield f"{prefix}time_limit: the budget already limits the seconds; drop one of the two"
    if spec.halving is None:
        return
    if unit != "epochs":
        yield f"halving: its rungs are epochs, and the budget is in {unit}; write budget = {{ epochs = 30 }}, or drop halving"
    for prefix, table in tables:
        found = (int(spec.budget.amount),) if spec.budget is not None else table.epochs
        if isinstance(found, axes.Range) or len(found) > 1:
            yield f"{prefix}epochs: halving needs one number of epochs, not an axis of them"
        elif found[0] <= spec.halving.epochs[-1] and (not prefix or "epochs" in table.model_fields_set):
            yield f"halving: its last rung, {spec.halving.epochs[-1]} epochs, must lie below the {found[0]} of a whole run"
