"""The compiled kernel of one dtype, loaded once per process: from the disk cache, or compiled into it."""

from __future__ import annotations

import ctypes
import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from numba import types

from optlab import abi, jit
from optlab.kernel import linalg, metrics, network, random, symbols, tiled, trials
from optlab.kernel import train as training


def _vector(kind: Any) -> Any:
    return types.Array(kind, 1, "C")


def _matrix(kind: Any) -> Any:
    return types.Array(kind, 2, "C")


def _cube(kind: Any) -> Any:
    return types.Array(kind, 3, "C")


_I, _D = types.int64, types.float64


def _compiled(function: Callable[..., Any], *arguments: Any) -> Any:
    """`function` for exactly these argument types; anything else is refused instead of compiled."""
    dispatcher: Any = jit.jit(function)
    dispatcher.compile(arguments)
    dispatcher.disable_compile()
    return dispatcher


@dataclass(frozen=True)
class Kernel:
    """What is compiled for one dtype. All callables release the interpreter's lock; argument arrays are C-contiguous.

    Attributes:
        train: (plan, reals, model, w, memory, slots, scalars, stages, hyper, layers, orders, permutation, history, running,
            result, averages, outputs, statuses, stop) -> None; see `layout`.
        network_gradient, network_evaluate: `.address` for the model array.
        clock, clock_id: for the plan.
    """

    dtype: str
    train: Callable[..., None]
    network_gradient: Any
    network_evaluate: Any
    clock: int
    clock_id: int

    # The rest is compiled, and its module imported, when first used: not every trial needs it.

    def _metric(self, function: Any) -> Any:
        with jit.compiling(f"{function.__name__} {self.dtype}"):
            return jit.callback(abi.cost_value(abi.REALS[self.dtype]))(function)

    @functools.cached_property
    def accuracy_by_argmax(self) -> Any:
        """`.address` for NET_METRIC, as of the next two."""
        return self._metric(metrics.accuracy_by_argmax)

    @functools.cached_property
    def accuracy_by_threshold(self) -> Any:
        return self._metric(metrics.accuracy_by_threshold)

    @functools.cached_property
    def squared_residual(self) -> Any:
        return self._metric(metrics.squared_residual)

    @functools.cached_property
    def trajectory(self) -> Any:
        """(plan, reals, model, gradients, w, memory, slots, scalars, stages, hyper, layers, out, result) -> status; see `tape`."""
        from optlab.kernel import tape

        real = abi.REALS[self.dtype]
        reals, table = _vector(real), _matrix(_I)
        with jit.compiling(f"trajectory {self.dtype}"):
            return _compiled(
                tape.trajectory, _vector(_I), _vector(_D), _vector(_I), _matrix(real), reals, reals, reals, _vector(_D), table, _matrix(_D),
                table, _matrix(real), _vector(_D),
            )  # fmt: skip

    @functools.cached_property
    def gradient(self) -> Any:
        """(address, context, w, rows, m, g, scale) -> cost summed over m rows; any model. Empty `rows`: the first m."""
        reals = _vector(abi.REALS[self.dtype])
        with jit.compiling(f"gradient {self.dtype}"):
            return _compiled(network.gradient, _I, _vector(_I), reals, _vector(_I), _I, reals, _D)

    @functools.cached_property
    def evaluate(self) -> Any:
        """(address, context, w, sums) -> None: sums = (cost, metric) over all rows of the context; any model."""
        with jit.compiling(f"evaluate {self.dtype}"):
            return _compiled(network.evaluate, _I, _vector(_I), _vector(abi.REALS[self.dtype]), _vector(_D))

    @functools.cached_property
    def recorder(self) -> Any:
        """`.address` of the stage that keeps the path of the parameters."""
        from optlab.kernel import recorder

        with jit.compiling(f"recorder {self.dtype}"):
            return jit.callback(abi.stage(abi.REALS[self.dtype]))(recorder.keep)

    def _server(self, what: str, function: Any) -> Any:
        with jit.compiling(f"{what} {self.dtype}"):
            return jit.callback(abi.server(abi.REALS[self.dtype]))(function)

    @functools.cached_property
    def hessian_vector(self) -> Any:
        """`.address` of what serves Hessian-vector products of any model (abi.server); compiled in 0.7 s."""
        from optlab.kernel import curvature

        return self._server("Hessian-vector products", curvature.hessian_vector)

    @functools.cached_property
    def gauss_newton(self) -> Any:
        """`.address` of what serves the Gauss-Newton matrix of a network (abi.server); compiled in 3 s."""
        from optlab.kernel import curvature

        return self._server("Gauss-Newton matrix", curvature.gauss_newton)

    @functools.cached_property
    def sampled_gradient(self) -> Any:
        """`.address` of what serves gradients for sampled labels of a network (abi.server); compiled in 2 s."""
        from optlab.kernel import sampled

        return self._server("sampled gradient", sampled.sampled_gradient)

    @functools.cached_property
    def quadratic(self) -> tuple[Any, Any]:
        """`.address` of the gradient and of the evaluation of a quadratic (context abi.QUADRATIC_*)."""
        from optlab.kernel import quadratic

        real = abi.REALS[self.dtype]
        with jit.compiling(f"quadratic {self.dtype}"):
            return jit.callback(abi.model_gradient(real))(quadratic.gradient), jit.callback(abi.model_evaluate(real))(quadratic.evaluate)

    @functools.cached_property
    def predict(self) -> Any:
        """(context, w, out) -> None: out (rows, n_out) = outputs of a network for the first rows of its context."""
        real = abi.REALS[self.dtype]
        with jit.compiling(f"predict {self.dtype}"):
            return _compiled(network.predict, _vector(_I), _vector(real), _matrix(real))

    @functools.cached_property
    def orders(self) -> Any:
        """(rows, epochs, policy, key0, key1) -> int64 (epochs, rows): the orders that a trial with this key draws."""
        with jit.compiling("orders"):
            return _compiled(random.orders, _I, _I, _I, _I, _I)


def _clock() -> tuple[int, int]:
    """Address of clock_gettime and the number of the monotonic clock, or zeros where there is none."""
    try:
        function = ctypes.CDLL(None).clock_gettime
    except (OSError, TypeError, AttributeError):
        return 0, 0
    return ctypes.cast(function, ctypes.c_void_p).value or 0, time.CLOCK_MONOTONIC


@functools.cache
def load(dtype: str) -> Kernel:
    """Compile or load the kernel of "float64" or "float32"; about 8 s the first time, a fraction of a second after it."""
    real = abi.REALS[dtype]
    reals, matrix, table = _vector(real), _matrix(real), _matrix(_I)
    address, clock_id = _clock()
    with jit.compiling(f"kernel {dtype}"):
        symbols.publish(f"tiled_{dtype}", tiled.tiled_body, tiled.tiled_signature(real))
        symbols.publish(f"one_row_{dtype}", tiled.one_row_body, tiled.one_row_signature(real))
        symbols.publish(f"product_{dtype}", linalg.product_body, linalg.product_signature(real))
        symbols.publish("next_order", random.next_order_body, random.next_order_signature)
        symbols.publish(f"train_{dtype}", training.train, trials.train_signature(real))
        return Kernel(
            dtype=dtype,
            train=_compiled(
                trials.train_each, table, _matrix(_D), _vector(_I), matrix, reals, matrix, _matrix(_D), _cube(_I), _cube(_D), table, table,
                _vector(_I), _cube(_D), _matrix(_D), _matrix(_D), matrix, matrix, _vector(_I), _vector(_I),
            ),
            network_gradient=jit.callback(abi.model_gradient(real))(network.network_gradient),
            network_evaluate=jit.callback(abi.model_evaluate(real))(network.network_evaluate),
            clock=address,
            clock_id=clock_id,
        )  # fmt: skip
