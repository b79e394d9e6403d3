"""What was decided while a study ran, in words: cells that halving stopped, grids that grew, the look at which it ended."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any


def rows(record: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, text) for the table of the protocol, from what `Plan.told` left in a record; every stopped cell is named."""
    for (problem, contender, epochs), cells in _by(record.get("stopped", ()), "problem", "contender", "epochs"):
        yield "stopped", f"{contender} on {problem} after {epochs} epochs: {'; '.join(one['settings'] for one in cells)}"
    for (problem, contender, axis), growths in _by(record.get("extended", ()), "problem", "contender", "axis"):
        values = ", ".join(f"{value:g}" for one in growths for value in one["values"])
        yield "grown", f"{contender} on {problem}: {axis} by {values}"
    looks = record.get("looks")
    if looks is not None and looks["ended"]:
        end = "decided" if looks["decided"] else "not decided"
        yield "ended", f"{end} at {looks['replicates']} fresh replicates, look {looks['ended']} of {len(looks['planned'])}"


def notes(record: Mapping[str, Any]) -> Iterator[str]:
    """A sentence on each, for the top of a report."""
    stopped, grown, looks = record.get("stopped", ()), record.get("extended", ()), record.get("looks")
    if stopped:
        yield f"Successive halving stopped {len(stopped)} cells early; the protocol names them."
    if grown:
        who = dict.fromkeys(f"{one['contender']} on {one['problem']}" for one in grown)
        yield f"Grids whose best cell lay on the edge grew, as the protocol says: {', '.join(who)}."
    if looks is not None and looks["ended"]:
        end = "decided who is ahead" if looks["decided"] else "left open who is ahead"
        yield f"The study ran until it was decided: {looks['replicates']} fresh replicates {end}."


def _by(entries: Any, *keys: str) -> Iterator[tuple[tuple[Any, ...], list[Any]]]:
    def key(one: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(one[name] for name in keys)

    order = {found: place for place, found in enumerate(dict.fromkeys(map(key, entries)))}
    for found, group in itertools.groupby(sorted(entries, key=lambda one: order[key(one)]), key):
        yield found, list(group)
