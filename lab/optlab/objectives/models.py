"""From an objective to the addresses and the context that the kernel's training loop takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import abi
from optlab.hyper import Value
from optlab.kernel.load import load
from optlab.kinds import Objective
from optlab.landmarks import Known
from optlab.objectives.quadratics import Quadratic
from optlab.streams import Streams

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Model:
    """An objective at fixed hyper-parameters, compiled for one dtype.

    gradient, evaluate: addresses (abi.model_*). context: what they read; `kept` holds the arrays it points to.
    noisy: each row is another draw of the noise.
    """

    name: str
    known: Known
    dimension: int
    dtype: str
    gradient: int
    evaluate: int
    context: Array
    kept: tuple[Array, ...]
    noisy: bool

    def at(self, w: Any) -> tuple[float, Array]:
        """(value, gradient) at w, without noise."""
        point, g = np.array(w, dtype=self.dtype), np.zeros(self.dimension, dtype=self.dtype)
        value = load(self.dtype).gradient(self.gradient, self.context, point, np.zeros(0, dtype=np.int64), 1, g, 1.0)
        return float(value), g


def model_of(objective: Objective | Quadratic, options: Mapping[str, Value], dtype: str, streams: Streams) -> Model:
    """Compile.

    options: the objective's own hyper-parameters; the others keep their defaults. streams: key the noise.
    """
    if isinstance(objective, Quadratic):
        return _quadratic(objective, dtype, streams)
    values = objective.values(options)
    compiled = objective.compiled(dtype, objective.options(values))
    block = np.array([*objective.block(values), 0.0])
    names, context = objective.inputs(objective.options(values)), np.array([block.ctypes.data], dtype=np.int64)
    return Model(
        objective.name,
        objective.known(values),
        len(names),
        dtype,
        compiled.model_gradient,
        compiled.model_evaluate,
        context,
        (block,),
        False,
    )


def _quadratic(objective: Quadratic, dtype: str, streams: Streams) -> Model:
    gradient, evaluate = load(dtype).quadratic
    matrix, centre = np.ascontiguousarray(objective.matrix, dtype=dtype), np.zeros(objective.dimension, dtype=dtype)
    noise, work = np.array([objective.noise]), np.zeros(objective.dimension)
    context = np.zeros(abi.QUADRATIC_COLUMNS, dtype=np.int64)
    context[abi.QUADRATIC_SIZE] = objective.dimension
    context[abi.QUADRATIC_MATRIX], context[abi.QUADRATIC_CENTRE] = matrix.ctypes.data, centre.ctypes.data
    context[abi.QUADRATIC_NOISE], context[abi.QUADRATIC_WORKSPACE] = noise.ctypes.data, work.ctypes.data
    context[abi.QUADRATIC_KEY0], context[abi.QUADRATIC_KEY1] = streams.noise_key()
    kept = (matrix, centre, noise, work)
    noisy = objective.noise > 0
    return Model(
        objective.name, objective.known(), objective.dimension, dtype, gradient.address, evaluate.address, context, kept, noisy
    )  # fmt: skip
