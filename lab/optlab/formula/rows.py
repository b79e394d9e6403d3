"""Source text around array code: row-wise costs.

The author's compiled functions are put into the emitted module by `load` under the names `cost`, `gradient` and `joint`; the text
itself holds only the loop over rows and the calling convention. A row-wise cost that `lanes` can rewrite stands in the text itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optlab.formula.lanes import LANES


def lane_cost_source(name: str, dtype: str, lines: Sequence[str], hyper: Sequence[str], options: Mapping[str, Any]) -> str:
    """Module with `value` and `value_gradient` around the statements that `lanes` made of the author's."""
    arguments = ", ".join(["y, t, gradient, costs, LANES, columns", *_given(hyper, options, "hyper[{}]")])
    over_rows = [
        "    memory = np.empty(3 * columns * LANES, real_numpy)",
        "    y = real_at(memory.ctypes.data, y_at)",
        "    t, gradient = advance(y, columns * LANES), advance(y, 2 * columns * LANES)",
        "    costs = stack_buffer(y_at, LANES)", "    total = 0.0", "    for first in range(0, rows, LANES):",
        "        size = min(LANES, rows - first)",
        "        spread(advance(y_at, first * columns), size, columns, y)",
        "        spread(advance(t_at, first * columns), size, columns, t)",
        f"        block({arguments})",
        "        for lane in range(size):", "            total += float64(costs[lane])",
    ]  # fmt: skip
    end = ["    memory[0] = 0.0  # Numba frees an array after its last visible use", "    return total"]
    return "\n".join([
        f'"""{name}, row-wise cost in {dtype}: emitted by optlab, the author\'s statements over {LANES} rows at once."""', "",
        "import numpy as np", f"from numba import float64, {dtype} as real", "",
        "from optlab.abi import advance, cost_value, cost_value_gradient, real_at",
        "from optlab.formula.vector import stack_buffer", "from optlab.jit import callback, internal", "",
        f"LANES, real_numpy = {LANES}, np.{dtype}", "", "",
        "@internal", "def at(k, columns):", '    """Where column k begins; -1 is the last one."""',
        "    return (k + columns if k < 0 else k) * LANES", "", "",
        "@internal", f"def block({', '.join(['y, t, gradient, costs, lanes, columns', *hyper])}):",
        *("    " + line for line in lines), "", "",
        "@internal", "def spread(rows_at, size, columns, out):", '    """Rows into lanes; lanes without a row repeat the last."""',
        "    for lane in range(LANES):", "        row = advance(rows_at, min(lane, size - 1) * columns)",
        "        for k in range(columns):", "            out[k * LANES + lane] = row[k]", "", "",
        "@callback(cost_value(real))", "def value(y_at, t_at, rows, columns, hyper):", *over_rows, *end, "", "",
        "@callback(cost_value_gradient(real))", "def value_gradient(y_at, t_at, d_at, rows, columns, hyper, scale):",
        "    scale_real = real(scale)", *over_rows, "            row = advance(d_at, (first + lane) * columns)",
        "            for k in range(columns):", "                row[k] = gradient[k * LANES + lane] * scale_real", *end, "",
    ])  # fmt: skip


def _given(hyper: Sequence[str], options: Mapping[str, Any], read: str) -> list[str]:
    """Arguments for the keyword-only parameters: options as they are fixed, the others as `read` reads them from the hyper block."""
    swept = iter(range(len(hyper)))
    return [repr(options[each]) if each in options else read.format(next(swept)) for each in hyper]


def row_cost_source(name: str, dtype: str, joint: bool, hyper: Sequence[str], options: Mapping[str, Any]) -> str:
    """Module with `value` and `value_gradient`, row by row around cost(y, t) and gradient(y, t, out), or joint(y, t, gradient) -> cost."""
    more = "".join(f", {each}" for each in _given(hyper, options, "real(hyper[{}])"))
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
