"""Installed libraries as references, by name and version."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Iterator
from typing import Any

import numpy as np

from optlab.conformance.peers import PEERS
from optlab.conformance.peers.record import Peer, Unsupported
from optlab.conformance.record import Check
from optlab.conformance.update import departure, tapes
from optlab.conformance.update.departure import Departure
from optlab.rules import Rule
from optlab.trajectories import trajectory

SECTION = "Which rule it is"
STEPS = 60
TAPES = ("smooth", "sparse")


def check(rule: Rule) -> Iterator[Check]:
    """One check for each rule of an installed library that goes by this name."""
    for peer in PEERS:
        if peer.rule == rule.name and peer.importable:
            found = against(rule, peer)
            if found is not None:
                yield found


def against(rule: Rule, peer: Peer) -> Check | None:
    """Along the tapes at the settings that the rule can be given too; None where there is none."""
    settings = [dict(one) for one in peer.settings if set(one) <= set(rule.hyper)]
    worst, compared = 0.0, 0
    what = f"{peer.name} {importlib.metadata.version(peer.package).split('+')[0]}"
    for given in settings:
        values = rule.values(given)
        for tape in tapes.ordinary():
            if tape.name not in TAPES:
                continue
            gradients = tape.gradients[:STEPS]
            try:
                expected = peer.run(gradients, tape.start, values, tapes.SIZES)
            except Unsupported:
                continue
            found = trajectory(rule, gradients, tape.start, values, sizes=tapes.SIZES)
            compared += 1
            gone = departure.first(found, np.asarray(expected, dtype=float), tape.start, tape.name)
            if gone is not None:
                return Check(SECTION, what, False, f"departs at {gone.words}{_where(given)}", _numbers(gone))
            way = np.maximum(np.abs(expected - tape.start).max(axis=0), 1e-300)
            worst = max(worst, float(np.max(np.abs(found - expected) / way)))
    if not compared:
        return None
    sentence = f"the same path, to {worst:.1g} of the way gone, at {len(settings)} settings" if worst else "the same path, bit for bit"
    return Check(SECTION, what, True, sentence, {"largest error": worst, "settings": len(settings), "steps": STEPS})


def _where(given: dict[str, Any]) -> str:
    return f" with {', '.join(f'{name}={value!r}' for name, value in given.items())}" if given else ""


def _numbers(gone: Departure) -> dict[str, float | int | str]:
    return {"tape": gone.tape, "step": gone.step, "parameter": gone.coordinate, "found": gone.found, "expected": gone.expected}
