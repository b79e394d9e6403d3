"""The optimizer's hyper-parameters over time: what a schedule makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError
from optlab.hyper import HyperParameter
from optlab.registry import Catalogue
from optlab.rules import Rule
from optlab.settings import Settings
from optlab.sources import Schedule

Array = npt.NDArray[Any]


def hyper_table(optimizer: Rule, settings: Settings, catalogue: Catalogue, steps_per_epoch: int) -> tuple[Array, int]:
    """(the optimizer's swept hyper-parameters, one row per epoch or step that a schedule tells apart, else one; steps per row, 0: all).

    Raises:
        OptlabError: the schedule changes what the optimizer does not have, or leads a hyper-parameter out of its domain.
    """
    block = np.array([optimizer.block(dict(settings.hyper))], dtype=np.float64).reshape(1, -1)
    if settings.schedule == "constant" or settings.epochs == 0:
        return block, 0
    schedule = catalogue.schedule(settings.schedule)
    why = unfit(schedule, optimizer)
    if why:
        raise OptlabError(f"schedule {schedule.name!r}: {why}")
    total, period = (settings.epochs * steps_per_epoch, 1) if settings.schedule_unit == "step" else (settings.epochs, steps_per_epoch)
    table = np.repeat(block, total, axis=0)
    for name, factors in schedule.by_target(total, dict(settings.schedule_hyper)).items():
        column = table[:, optimizer.swept.index(name)]
        column *= factors
        _check_domain(optimizer.hyper[name], column, schedule, settings.schedule_unit)
    return table, period


def unfit(schedule: Schedule, optimizer: Rule) -> str:
    """Why the schedule cannot be used with the optimizer, as the rest of a sentence; empty if it can."""
    for name in schedule.targets:
        if name not in optimizer.swept:
            fixed = f"{name} of {optimizer.name} is fixed when it is compiled and cannot be scheduled"
            reason = fixed if name in optimizer.hyper else f"{optimizer.name} has no {name} to schedule"
            others = f", or one of {', '.join(optimizer.swept)}" if optimizer.swept else ""
            return f"{reason}; use schedule = 'constant'{others}"
    return ""


def _check_domain(one: HyperParameter, column: Array, schedule: Schedule, unit: str) -> None:
    """Every value lies in the domain; 0 counts as positive, since many schedules end there."""
    assert one.domain is not None
    for k in (int(column.argmin()), int(column.argmax())):
        value = float(column[k])
        if value not in one.domain and not (value == 0.0 == one.domain.low):
            where = f"{one.name} = {value:.6g} in {unit} {k + 1}"
            raise OptlabError(f"schedule {schedule.name!r} makes {where}, which is not allowed; it must be {one.admits}")
