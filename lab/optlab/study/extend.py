"""A grid whose best cell lies on its edge grows on that side, and the tuning goes on.

Grows what is evenly spaced, in the logarithm or in the number itself, however it was written: hyper-parameters of any plugin, L1, L2,
batch sizes. A penalty of 0 is no edge, and neither is the smallest penalty beside it: nothing lies below. Networks, epochs and words do
not grow, nor does a value leave the domain of its hyper-parameter.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from optlab.errors import OptlabError
from optlab.study import axes
from optlab.study.axes import listed
from optlab.study.cells import Contender, Dimension, Extensions, name_of, value_at
from optlab.study.spec import Study
from optlab.study.trial import Cell

ROUNDS = 3
"""How often a study's grids grow at most: with two points each time, three decades on a usual learning-rate axis."""

POINTS = 2
"""Points that a grid grows by, at the spacing that it has."""

FIXED = ("layers", "depth", "width", "epochs")


@dataclass(frozen=True)
class Growth:
    """One axis of one contender on one problem that has grown by `values`."""

    problem: str
    contender: str
    axis: str
    values: tuple[Any, ...]
    round: int


def grow(
    study: Study, chosen: Mapping[tuple[str, str], Cell], before: Extensions, number: int
) -> tuple[dict[tuple[str, str], dict[Dimension, tuple[Any, ...]]], list[Growth]]:
    """(all axes that have grown so far, what is new in round `number`): empty when no chosen cell lies on an edge that can move."""
    after = {key: {axis: listed(values) for axis, values in grown.items()} for key, grown in before.items()}
    new: list[Growth] = []
    contenders = {one.label: one for one in study.contenders}
    for (problem, label), cell in chosen.items():
        contender = contenders[label].replaced(before.get((problem, label), {}))
        rows = len(study.datasets.get(problem, 0).train)
        for axis, values in contender.dimensions().items():
            found = beyond(listed(values), value_at(cell.settings, axis), _admits(study, contender, axis, rows)) if _grows(axis) else ()
            if found:
                kept = [value for value in listed(values) if not isinstance(value, str)]
                words = [value for value in listed(values) if isinstance(value, str)]  # "full" among batch sizes
                after.setdefault((problem, label), {})[axis] = (*sorted([*kept, *found]), *words)
                new.append(Growth(problem, label, name_of(axis), found, number))
    return after, new


def again(study: Study, grown: Iterable[Mapping[str, Any]]) -> Extensions:
    """The axes as they had grown: what `grow` made of the growths that a study's record tells of, in their order."""
    found: dict[tuple[str, str], dict[Dimension, tuple[Any, ...]]] = {}
    contenders = {one.label: one for one in study.contenders}
    for one in grown:
        key = one["problem"], one["contender"]
        if key[0] not in study.problems or key[1] not in contenders:  # the study has changed since
            continue
        dimensions = contenders[key[1]].dimensions()
        axis = next((axis for axis in dimensions if name_of(axis) == one["axis"]), None)
        if axis is not None:
            own = found.setdefault(key, {})
            own[axis] = tuple(dict.fromkeys((*own.get(axis, listed(dimensions[axis])), *one["values"])))
    return found


def beyond(values: tuple[Any, ...], at: Any, admits: Callable[[Any], bool]) -> tuple[Any, ...]:
    """The next `POINTS` values on the side of an evenly spaced axis where `at` is its last one; () where it is not, or none is admitted."""
    numbers = sorted(value for value in values if _is_number(value) and value != 0)
    if len(numbers) < 3 or at not in (numbers[0], numbers[-1]) or (at == numbers[0] and 0 in values):
        return ()
    whole, low_side = all(isinstance(value, int) for value in numbers), at == numbers[0]
    spacing = axes.even(numbers)
    if spacing is None:
        return ()
    first, last = (math.log10(numbers[place]) if spacing == "log" else numbers[place] for place in (0, -1))
    step = (last - first) / (len(numbers) - 1)
    found = [first - k * step if low_side else last + k * step for k in range(1, POINTS + 1)]
    back = [10.0**one if spacing == "log" else one for one in found]
    rounded = [round(one) if whole else float(f"{one:.12g}") for one in back]
    return tuple(dict.fromkeys(one for one in rounded if one not in values and admits(one)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _grows(axis: Dimension) -> bool:
    return axis[0] not in FIXED


def _admits(study: Study, contender: Contender, axis: Dimension, rows: int) -> Callable[[Any], bool]:
    if axis == ("batch_size",):
        return lambda value: 1 <= value < rows
    if len(axis) == 1:
        return lambda value: value >= 0
    plugin = contender.rule if axis[0] == "hyper" else study.catalogue.find(axis[0], axis[1])

    def admits(value: Any) -> bool:
        try:
            plugin.hyper[axis[-1]].check(value, "")
        except OptlabError:
            return False
        return True

    return admits
