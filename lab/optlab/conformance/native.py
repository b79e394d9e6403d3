"""Calls into compiled plugins by address, as the kernel makes them, on NumPy arrays."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.hyper import Value
from optlab.kinds import Activation, Cost, Objective, RowCost

Array = npt.NDArray[Any]
Values = Mapping[str, Value]

_POINTER, _WHOLE, _REAL = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
_ACTIVATION = ctypes.CFUNCTYPE(_WHOLE, _POINTER, _POINTER, _WHOLE, _POINTER)  # abi.activation_value
_COST = ctypes.CFUNCTYPE(_REAL, _POINTER, _POINTER, _WHOLE, _WHOLE, _POINTER)  # abi.cost_value
_COST_GRADIENT = ctypes.CFUNCTYPE(_REAL, _POINTER, _POINTER, _POINTER, _WHOLE, _WHOLE, _POINTER, _REAL)  # abi.cost_value_gradient
_MODEL_GRADIENT = ctypes.CFUNCTYPE(_REAL, _POINTER, _POINTER, _POINTER, _WHOLE, _POINTER, _REAL)  # abi.model_gradient
_MODEL_EVALUATE = ctypes.CFUNCTYPE(_WHOLE, _POINTER, _POINTER, _POINTER)  # abi.model_evaluate


def _at(array: Array) -> int:
    return int(array.ctypes.data)


def _block(plugin: Any, values: Values) -> Array:
    return np.array([*plugin.block(values), 0.0])


def activation(plugin: Activation, values: Values, z: Any, dtype: str) -> tuple[Array, Array, Array]:
    """(f(z) by the value function, f(z) by the joint one, f'(z)) of the compiled activation."""
    compiled, block = plugin.compiled(dtype, plugin.options(values)), _block(plugin, values)
    z = np.ascontiguousarray(z, dtype=dtype)
    alone, joint, slopes = np.empty_like(z), np.empty_like(z), z.copy()
    _ACTIVATION(compiled.value)(_at(z), _at(alone), z.size, _at(block))
    _ACTIVATION(compiled.value_slope)(_at(slopes), _at(joint), z.size, _at(block))
    return alone, joint, slopes


def cost(plugin: Cost | RowCost, values: Values, y: Any, t: Any, dtype: str) -> float:
    """The sum of the compiled cost over the rows of y and t (rows, columns)."""
    compiled, block = plugin.compiled(dtype, plugin.options(values)), _block(plugin, values)
    y, t = np.ascontiguousarray(y, dtype=dtype), np.ascontiguousarray(t, dtype=dtype)
    return float(_COST(compiled.value)(_at(y), _at(t), *y.shape, _at(block)))


def cost_elements(plugin: Cost, values: Values, y: Any, t: Any, dtype: str) -> tuple[Array, Array]:
    """(each element's cost by the value function, by the joint one) of one-dimensional y and t: an elementwise cost gives sums only."""
    compiled, block = plugin.compiled(dtype, plugin.options(values)), _block(plugin, values)
    y, t = np.ascontiguousarray(y, dtype=dtype), np.ascontiguousarray(t, dtype=dtype)
    alone, joint = _COST(compiled.value), _COST_GRADIENT(compiled.value_gradient)
    hyper, slope = _at(block), np.empty(1, dtype=dtype)
    places = [(_at(y) + k * y.itemsize, _at(t) + k * t.itemsize) for k in range(y.size)]
    return (
        np.array([alone(one, target, 1, 1, hyper) for one, target in places]),
        np.array([joint(one, target, _at(slope), 1, 1, hyper, 1.0) for one, target in places]),
    )


def cost_gradient(plugin: Cost | RowCost, values: Values, y: Any, t: Any, dtype: str, scale: float = 1.0) -> tuple[float, Array]:
    """(the sum by the joint function, scale * d(sum)/dy); y and t have shape (rows, columns)."""
    compiled, block = plugin.compiled(dtype, plugin.options(values)), _block(plugin, values)
    y, t = np.array(y, dtype=dtype, order="C"), np.ascontiguousarray(t, dtype=dtype)  # a copy: the gradient overwrites y, as in training
    total = _COST_GRADIENT(compiled.value_gradient)(_at(y), _at(t), _at(y), *y.shape, _at(block), scale)
    return float(total), y


def objective(plugin: Objective, values: Values, w: Any, dtype: str) -> tuple[float, float, Array]:
    """(value by the evaluating function, value by the joint one, gradient) of the compiled objective at w."""
    compiled, block = plugin.compiled(dtype, plugin.options(values)), _block(plugin, values)
    w = np.ascontiguousarray(w, dtype=dtype)
    context, rows, g, sums = np.array([_at(block)], dtype=np.int64), np.zeros(1, dtype=np.int64), np.zeros_like(w), np.zeros(2)
    _MODEL_EVALUATE(compiled.model_evaluate)(_at(context), _at(w), _at(sums))
    joint = _MODEL_GRADIENT(compiled.model_gradient)(_at(context), _at(w), _at(rows), 1, _at(g), 1.0)
    return float(sums[0]), float(joint), g
