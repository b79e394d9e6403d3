"""Why does it train badly? What the diagnoses of the runs at the chosen cells say, layer by layer, and the signs of trouble in them.

The signs are rules of thumb, each with the number it rests on; nothing here is a claim.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optlab.evidence import words
from optlab.evidence.select import KEY

COLUMNS = [*KEY, "quantity", "layer", "of", "n", "median", "low", "high", "evidence"]
GRADIENT, UPDATE, DEAD, ZERO, SHARPNESS = "gradient norm", "update / weights", "dead units", "zero weights", "sharpness"
RATE = "learning rate \N{MULTIPLICATION SIGN} sharpness"
WHOLE = (SHARPNESS, RATE)
"""Of the whole network."""
QUANTITIES = (GRADIENT, UPDATE, DEAD, ZERO, SHARPNESS, RATE)
FADING = 1e-3
"""First layer's gradient over the last one's, below which the first hardly learns; its inverse, above which gradients explode."""
STILL, RESTLESS = 1e-6, 0.1
"""Size of the last update over that of the weights: below, nothing moves; above, nothing settles. While it trains 1e-3 is usual."""
MANY_DEAD = 0.1
STABLE = 2.0
"""Learning rate times sharpness beyond which gradient descent moves away from a quadratic's minimum; training in full batches goes there
by itself (Cohen and others, https://arxiv.org/abs/2103.00065)."""


def diagnoses(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what ``rank.replicates`` were diagnosed with: one row per (problem, contender, quantity, layer).

    ``quantity``: norm of the gradient and last update over the weights, by layer; shares of dead units (hidden layers) and of weights that
    are exactly 0; ``sharpness`` of the whole network (``layer`` NA), for plain gd times its learning rate, too: of other rules it is not
    known how sharp a minimum they can stay in. ``layer`` counts from 1, the input's, ``of`` how many there are;
    ``median``, ``low``, ``high`` over the ``n`` runs that have the number. Empty where no diagnosis was asked for.
    """
    found = []
    for (problem, contender), own in rows.groupby(KEY, sort=False) if "diagnosis" in rows else ():
        descent = float(own["lr"].iloc[0]) if own["optimizer"].eq("gd").all() else None
        read = [json.loads(text) | {"rate": descent} for text in own["diagnosis"].dropna()]
        for quantity in QUANTITIES:
            layers = max((len(_values(one, quantity)) for one in read), default=0)
            for place in range(layers):
                values = [value for one in read for value in _values(one, quantity)[place : place + 1] if value is not None]
                if values:
                    layer = pd.NA if quantity in WHOLE else place + 1
                    middle = (float(np.median(values)), float(min(values)), float(max(values)))
                    found.append((problem, contender, quantity, layer, layers, len(values), *middle, own["evidence"].iloc[0]))
    return pd.DataFrame(found, columns=COLUMNS).astype({"layer": "Int64", "of": "int64", "n": "int64"})


def _values(one: Mapping[str, Any], quantity: str) -> list[float | None]:
    if quantity == GRADIENT:
        return list(one["gradient_norm"])
    if quantity == UPDATE:
        return list(one["update_ratio"] or ())
    if quantity == DEAD:
        return [dead / units for dead, units in zip(one["dead_units"], one["units"], strict=True)]
    if quantity == ZERO:
        return [zeros / weights for zeros, weights in zip(one["zero_weights"], one["weights"], strict=True)]
    if one["sharpness"] is None or (quantity == RATE and one["rate"] is None):
        return []
    return [one["sharpness"] * (one["rate"] if quantity == RATE else 1.0)]


def signs(own: pd.DataFrame) -> list[str]:
    """Return the signs of trouble in one contender's rows of ``diagnoses``, each a clause with its number."""
    medians = {name: table.set_index("layer")["median"].astype("float64") for name, table in own.groupby("quantity", sort=False)}
    readers: tuple[Callable[[Mapping[Any, pd.Series[float]]], Iterator[str]], ...] = (_gradients, _updates, _units, _weights, _curvature)
    return [clause for read in readers for clause in read(medians)]


def _gradients(medians: Mapping[Any, "pd.Series[float]"]) -> Iterator[str]:
    norms = medians.get(GRADIENT)
    if norms is None or len(norms) < 2 or not norms.iloc[-1]:
        return
    ratio = float(norms.iloc[0] / norms.iloc[-1])
    if ratio < FADING:
        yield f"gradients vanish: that of layer 1 is {_over(ratio)} of the last one's"
    elif ratio > 1 / FADING:
        yield f"gradients explode: that of layer 1 is {words.count(round(ratio))} times the last one's"


def _updates(medians: Mapping[Any, "pd.Series[float]"]) -> Iterator[str]:
    ratios = medians.get(UPDATE)
    if ratios is None:
        return
    if ratios.max() < STILL:
        yield f"it no longer moves: the last update is {words.setting(float(ratios.max()))} of the weights at most"
    elif ratios.max() > RESTLESS:
        yield f"it does not settle: the last update is {percent(float(ratios.max()))} of the weights of layer {ratios.idxmax()}"


def _units(medians: Mapping[Any, "pd.Series[float]"]) -> Iterator[str]:
    dead = medians.get(DEAD)
    if dead is not None and dead.max() >= MANY_DEAD:
        yield f"{percent(float(dead.max()))} of the units of layer {dead.idxmax()} are dead"


def _weights(medians: Mapping[Any, "pd.Series[float]"]) -> Iterator[str]:
    zero = medians.get(ZERO)
    if zero is not None and zero.max() > 0:
        yield f"{percent(float(zero.max()))} of the weights of layer {zero.idxmax()} are exactly 0"


def _curvature(medians: Mapping[Any, "pd.Series[float]"]) -> Iterator[str]:
    if SHARPNESS in medians and medians[SHARPNESS].iloc[0] <= 0:
        yield "no direction curves upwards: this is no minimum"
    if RATE in medians and medians[RATE].iloc[0] > STABLE:
        yield f"{RATE} is {medians[RATE].iloc[0]:.2g}: beyond 2 gradient descent does not settle"


def _over(ratio: float) -> str:
    return f"1/{words.count(round(1 / ratio))}" if ratio > 0 else "0"


def percent(share: float) -> str:
    """Return a share as one reads it: ``12 %``."""
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
