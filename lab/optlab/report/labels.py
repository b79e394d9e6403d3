"""How pictures write settings and numbers: names of axes, whole powers of ten, networks, the number in a cell."""

import re

import numpy as np

from optlab.evidence import words

AXIS = {"lr": "learning rate", "l1": "L1", "l2": "L2", "batch_size": "batch size"}
MINUS = "\N{MINUS SIGN}"


def short(name: str) -> str:
    """Return a setting's name as the pictures write it: ``L2`` for ``l2``, ``beta`` for ``hyper.beta``."""
    return {"l1": "L1", "l2": "L2", "epochs_asked": "epochs"}.get(name, name.removeprefix("hyper.").replace("_", " "))


def batch(size: object) -> str:
    """Return a batch size as reports write it: ``batch 64`` or ``full batch``."""
    return "full batch" if str(size) == "full" else f"batch {words.setting(float(size)) if isinstance(size, float) else size}"


def cell_text(value: float) -> str:
    """Return the number of a cell in about four characters: ``.975``, ``1.00``, ``-2.3``, ``div.``; empty where there is no cell."""
    if np.isnan(value):
        return ""
    if np.isinf(value):
        return "div."
    size = abs(value)
    if size < 0.9995:
        text = f"{value:.3f}" if value >= 0 else f"{value:.2f}"
        return text.replace("0.", ".", 1).replace("-", MINUS)
    text = f"{value:.2f}" if 0 < value < 10 else f"{value:.1f}" if size < 10 else f"{value:.0f}" if size < 1000 else f"{value:.0e}"
    return text.replace("e+0", "e").replace("e+", "e").replace("-", MINUS)


def tick_labels(values: tuple[object, ...], most: int = 7) -> list[str]:
    """Return a label or "" for each value: all of a few, else the whole decades if there are several, else every second or third."""
    labels = [network(value) or decade(value) or words.setting(value) for value in values]
    if len(values) <= most and sum(map(len, labels)) <= 5 * most:
        return labels
    decades = [decade(value) for value in values]
    if sum(map(bool, decades)) >= 2:
        return decades
    stride = -(-len(values) // (most if max(map(len, labels)) < 6 else most - 2))
    return [label if place % stride == 0 else "" for place, label in enumerate(labels)]


def network(value: object) -> str:
    """Return the hidden layers of ``64-50-50-10`` as ``2 x 50``, of ``64-50-20-10`` as ``50-20``; empty for what is no network."""
    if not isinstance(value, str) or not re.fullmatch(r"\d+(-\d+)+", value):
        return ""
    hidden = value.split("-")[1:-1]
    if len(hidden) > 1 and len(set(hidden)) == 1:
        return f"{len(hidden)}\N{MULTIPLICATION SIGN}{hidden[0]}"
    return "-".join(hidden) or "none"


def decade(value: object) -> str:
    """Return ``10⁻³`` for 0.001 and the like; empty for what is no whole power of ten."""
    if not isinstance(value, float) or not value > 0:
        return ""
    power = round(float(np.log10(value)))
    if abs(value / 10.0**power - 1) > 1e-9:
        return ""
    return {0: "1", 1: "10"}.get(power, "10" + str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")))
