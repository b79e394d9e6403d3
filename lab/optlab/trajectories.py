"""`optlab.trajectory`: an update rule alone, on a fixed tape of gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError
from optlab.hyper import Value
from optlab.kernel import layout
from optlab.kernel.load import load
from optlab.readout import unserved
from optlab.registry import catalogue_with, name_of
from optlab.rules import Rule
from optlab.stages import lay_out
from optlab.wiring import layer_table

Array = npt.NDArray[Any]
DTYPES = ("float32", "float64")


def trajectory(
    optimizer: str | Rule,
    gradients: Any,
    start: Any,
    hyper: Mapping[str, Value] | None = None,
    dtype: Literal["float32", "float64"] = "float64",
    *,
    sizes: Sequence[int] | None = None,
) -> Array:
    """The update rule alone on a fixed tape: gradients (T, n), start (n,) -> (T, n), row k is w after step k + 1.

    sizes: layer sizes of a network with n parameters, for layer-wise rules.

    Raises:
        OptlabError: shapes that do not fit, an unknown rule or hyper-parameter, a rule that raises or asks for another evaluation.
    """
    rule = catalogue_with(optimizer).optimizer(name_of(optimizer))
    values = rule.values(dict(hyper or {}))
    if dtype not in DTYPES:
        raise OptlabError(f"trajectory: dtype = {dtype!r} is not allowed; it must be one of {', '.join(DTYPES)}")
    tape, w = np.array(gradients, dtype=dtype, order="C"), np.array(start, dtype=dtype)
    if tape.ndim != 2 or w.shape != (tape.shape[1],):
        raise OptlabError(f"trajectory: gradients {tape.shape} and start {w.shape} do not fit; they are (T, n) and (n,)")
    kernel = load(dtype)
    out, result = np.empty_like(tape), np.zeros(layout.RESULT_SIZE)
    layers = None
    if sizes is not None:
        sizes = tuple(int(size) for size in sizes)
        if layout.parameter_count(sizes) != len(w):
            raise OptlabError(f"trajectory: sizes {sizes} have {layout.parameter_count(sizes)} parameters, start has {len(w)}")
        layers = layer_table(sizes)
    stages = lay_out(rule, values, w, layers)
    code = kernel.trajectory(
        np.zeros(layout.PLAN_COLUMNS, dtype=np.int64), np.zeros(layout.REAL_COLUMNS), np.zeros(layout.MODEL_COLUMNS, dtype=np.int64),
        tape, w, np.zeros(layout.memory_size(len(w), stages.scratch), dtype=dtype), stages.slots, stages.scalars,
        stages.table, np.array([rule.block(values)]).reshape(1, -1), stages.layers, out, result,
    )  # fmt: skip
    if code == layout.ERROR:
        raise OptlabError(f"trajectory: {unserved(rule.name, result, int(result[layout.RESULT_STEPS]) + 1)}")
    return out
