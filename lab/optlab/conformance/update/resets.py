"""Rules that forget their state every k steps: the per-epoch reset of teaching code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from optlab.conformance.dialects.record import Array, Dialect
from optlab.conformance.update.search import Match, Near, Search

COUNTS = {"on": "", "again": ", t with them", "periods": ", t counting the resets"}
LONGEST = 64


def reset(one: Dialect, period: int, count: str) -> Dialect:
    """The dialect with an empty state at steps 1, period + 1, ...; its t goes "on", begins "again", or counts the "periods"."""

    def step(w: list[Array], g: list[Array], state: dict[Any, Any], t: int, h: Any) -> list[Array]:
        passed, within = divmod(t - 1, period)
        if within == 0:
            state.clear()
        return one.step(w, g, state, {"on": t, "again": within + 1, "periods": passed + 1}[count], h)

    what = "moments are" if "beta1" in one.hyper else "velocity is" if one.rule in ("momentum", "nesterov") else "state is"
    words = f"whose {what} reset every {period} steps{COUNTS[count]}"
    return replace(one, rule=f"{one.rule} {words}", words=one.words, step=step, defect=True)


def find(search: Search, nearest: Sequence[Near]) -> Match | None:
    """A dialect with resets that the rule follows, tried on the nearest dialects. The period is read off where the rule left them."""
    for near in nearest[:4]:
        period = near.departure.step - 1
        if near.compared == 0 and period < 1:
            continue
        tried = [(period, "on"), (period, "again")] if 2 <= period <= LONGEST else []
        if near.compared == 0:  # with a t that counts resets, bias correction is off from step 2 on
            tried += [(k, "periods") for k in range(2, LONGEST + 1)]
        for k, count in tried:
            found = search.against(replace(near.mapped, dialect=reset(near.mapped.dialect, k, count)))
            if isinstance(found, Match):
                return found
    return None
