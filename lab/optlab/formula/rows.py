"""Source text around array code: row-wise costs.

The author's compiled functions are put into the emitted module by `load` under the names `cost`, `gradient` and `joint`; the text
itself holds only the loop over rows and the calling convention.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def row_cost_source(name: str, dtype: str, joint: bool, hyper: Sequence[str], options: Mapping[str, Any]) -> str:
    """Module with `value` and `value_gradient` around cost(y, t) and gradient(y, t, out), or joint(y, t, gradient) -> cost."""
    more, k = "", 0
    for each in hyper:
        if each in options:
            more += f", {options[each]!r}"
        else:
            more, k = more + f", real(hyper[{k}])", k + 1
    if joint:
        value = [f"total += joint(outputs[row], targets[row], unused{more})"]
        gradient = [f"total += joint(outputs[row], targets[row], out{more})"]
        spare = ["unused = np.empty(columns, real_numpy)"]
    else:
        value = [f"total += cost(outputs[row], targets[row]{more})"]
        gradient = [*value, f"gradient(outputs[row], targets[row], out{more})"]
        spare = []
    lines = [
        f'"""{name}, row-wise cost in {dtype}: emitted by optlab around the author\'s array code."""', "",
        "import numpy as np", f"from numba import carray, {dtype} as real", "",
        "from optlab.abi import cost_value, cost_value_gradient", "from optlab.jit import callback", "",
        f"real_numpy = np.{dtype}", "", "",
        "@callback(cost_value(real))", "def value(y_at, t_at, rows, columns, hyper):",
        "    outputs = carray(y_at, (rows, columns))", "    targets = carray(t_at, (rows, columns))",
        *("    " + line for line in spare), "    total = 0.0", "    for row in range(rows):", *("        " + line for line in value),
        "    return total", "", "",
        "@callback(cost_value_gradient(real))", "def value_gradient(y_at, t_at, d_at, rows, columns, hyper, scale):",
        "    outputs = carray(y_at, (rows, columns))", "    targets = carray(t_at, (rows, columns))",
        "    slopes = carray(d_at, (rows, columns))", "    out = np.empty(columns, real_numpy)  # d may be y itself",
        "    scale_real = real(scale)",
        "    total = 0.0", "    for row in range(rows):", *("        " + line for line in gradient),
        "        for k in range(columns):", "            slopes[row, k] = out[k] * scale_real", "    return total", "",
    ]  # fmt: skip
    return "\n".join(lines)
