"""The calling convention between emitted plugins and the kernel: signatures and memory layout, nothing else.

``real`` is the trial's dtype (float32 or float64). Every pointer names caller-owned, contiguous memory.
A wrong signature behind an address is undefined behaviour, so both sides take their signatures from here.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

REALS = {"float32": types.float32, "float64": types.float64}
INTEGERS = types.CPointer(types.int64)
DOUBLES = types.CPointer(types.float64)


# -- signatures ---------------------------------------------------------------------------------------------------------


def activation_value(real: Any) -> Any:
    """(z, a, n, hyper): a = f(z), elementwise over n. Returns 0."""
    p = types.CPointer(real)
    return types.int64(p, p, types.int64, DOUBLES)


def activation_value_slope(real: Any) -> Any:
    """(z, a, n, hyper): a = f(z) and z is *overwritten* by f'(z). Returns 0.

    One loop for both, so value and slope share their subexpressions (tanh, sigmoid: the slope costs one product more).
    """
    return activation_value(real)


def cost_value(real: Any) -> Any:
    """(y, t, rows, columns, hyper) -> float64 sum of the cost over all rows. Metrics have the same signature."""
    p = types.CPointer(real)
    return types.float64(p, p, types.int64, types.int64, DOUBLES)


def cost_value_gradient(real: Any) -> Any:
    """(y, t, d, rows, columns, hyper, scale) -> the sum (unscaled); d = scale * d(sum)/dy. d may be y itself."""
    p = types.CPointer(real)
    return types.float64(p, p, p, types.int64, types.int64, DOUBLES, types.float64)


def stage(real: Any) -> Any:
    """(w, g, slots, hyper, t, n, scalars, layers, n_layers, scratch, ask) -> request.

    w, g: n parameters and their gradient; a stage may change both (the next stage sees the change).
    slots: vector slots one after another, slot k at k*n; kept between steps.
    hyper: float64 values of this step, in the plugin's order. t: 1, 2, ...
    scalars: the stage's float64 scalar slots. scratch: what reverse communication needs beside w and g (requests.DIRECTION, ...).
    layers: int64 table, LAYER_COLUMNS wide: offset of W, n_in, n_out, offset of b. No other structure is known.
    ask: float64 record of the reverse communication, requests.ASK_*.
    Returns requests.DONE, or another request; the loop serves it and calls the stage again with the same t.
    """
    p = types.CPointer(real)
    return types.int64(p, p, p, DOUBLES, types.int64, types.int64, DOUBLES, INTEGERS, types.int64, p, DOUBLES)


def server(real: Any) -> Any:
    """(plan, reals, model, layers, n_layers, w, g, n, rows, m, scratch, step, ask, result) -> 1 where it served a request, else 0.

    It answers in the stage's scratch, leaves w and g as they are and counts what it evaluated in `result`. Arrays as of `kernel.layout`.
    """
    p = types.CPointer(real)
    return types.int64(
        INTEGERS, DOUBLES, INTEGERS, INTEGERS, types.int64, p, p, types.int64, INTEGERS, types.int64, p, types.int64, DOUBLES, DOUBLES
    )


def evaluation_weights(real: Any) -> Any:
    """(w, slots, hyper, t, n, out): out = the weights that the history evaluates (schedule-free, ema). Returns 0."""
    p = types.CPointer(real)
    return types.int64(p, p, DOUBLES, types.int64, types.int64, p)


def model_gradient(real: Any) -> Any:
    """(context, w, rows, m, g, scale) -> float64 sum of the cost over the m rows; g = scale * d(sum)/dw.

    rows: m int64 indices into the context's rows; null: the first m rows as they lie (full batch without gathering).
    """
    p = types.CPointer(real)
    return types.float64(INTEGERS, p, INTEGERS, types.int64, p, types.float64)


def model_evaluate(real: Any) -> Any:
    """(context, w, sums): sums[0] = cost and sums[1] = metric, each summed over all rows of the context. Returns 0."""
    p = types.CPointer(real)
    return types.int64(INTEGERS, p, DOUBLES)


# -- layer table, one row per layer ---------------------------------------------------------------------------------------

LAYER_W, LAYER_IN, LAYER_OUT, LAYER_B, LAYER_COLUMNS = range(5)

# -- stage table, one row per stage of the chain: int64 addresses and offsets ----------------------------------------------

(
    STAGE_ADDRESS,
    STAGE_SLOTS,  # offset of its first slot in the slot memory, in elements
    STAGE_HYPER,  # its first column in the hyper table
    STAGE_SCALARS,  # offset of its scalars
    STAGE_EVALUATION,  # address of evaluation_weights, or 0
    STAGE_COLUMNS,
) = range(6)

# -- network context, int64 ---------------------------------------------------------------------------------------------

(
    NET_X,  # rows x sizes[0], real
    NET_Y,  # rows x sizes[-1], real
    NET_ROWS,
    NET_DEPTH,  # number of layers, output included
    NET_SIZES,  # pointer to depth + 1 int64
    NET_ACTIVATIONS,  # pointer to depth rows of ACTIVATION_COLUMNS int64
    NET_COST_VALUE,
    NET_COST_GRADIENT,
    NET_COST_HYPER,
    NET_METRIC,  # address, or 0 for none
    NET_METRIC_HYPER,
    NET_WORKSPACE,  # pointer to reals, network.workspace_size() of them
    NET_WORKSPACE_ROWS,  # how many rows it was sized for
    NET_L2,  # pointer to a float64: l2 * W joins the gradient of each W; 0: nothing does
    NET_LINK,  # what the outputs mean where labels are drawn from them: LINK_*
    NET_COLUMNS,
) = range(16)

LINK_OTHER, LINK_SIGMOID, LINK_SOFTMAX = range(3)

# -- quadratic context, int64 -------------------------------------------------------------------------------------------

(
    QUADRATIC_SIZE,  # n
    QUADRATIC_MATRIX,  # Q: n x n, real, symmetric
    QUADRATIC_CENTRE,  # where the minimum lies: n, real
    QUADRATIC_NOISE,  # pointer to its standard deviation, float64
    QUADRATIC_KEY0,  # the two 32-bit words of the noise's key
    QUADRATIC_KEY1,
    QUADRATIC_WORKSPACE,  # pointer to n float64
    QUADRATIC_COLUMNS,
) = range(8)

# Both addresses 0: the identity, for which nothing is called.
ACTIVATION_VALUE, ACTIVATION_VALUE_SLOPE, ACTIVATION_HYPER, ACTIVATION_COLUMNS = range(4)


# -- raw memory: addresses as integers, pointers, calls --------------------------------------------------------------------
# Indexing a pointer has no wrap-around test, which on computed offsets blocks vectorisation (a 30-32-32-1 step: 12.5 -> 7.2 us).


def _as_pointer(real: Any) -> Any:
    pointer = types.CPointer(real)

    def typed(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.inttoptr(args[0], context.get_value_type(pointer))

        return pointer(types.int64), codegen

    return intrinsic(typed)


float32_at = _as_pointer(types.float32)
float64_at = _as_pointer(types.float64)
int64_at = _as_pointer(types.int64)


@intrinsic
def real_at(typingctx: Any, address: Any, like: Any) -> Any:
    """Address -> pointer of the same type as the pointer `like` (so one source serves both dtypes)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(like))

    return like(types.int64, like), codegen


@intrinsic
def address_of(typingctx: Any, pointer: Any) -> Any:
    """Pointer -> address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.ptrtoint(args[0], ir.IntType(64))

    return types.int64(pointer), codegen


@intrinsic
def advance(typingctx: Any, pointer: Any, count: Any) -> Any:
    """Pointer + count elements."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), codegen


def _call(signature: Any) -> Any:
    """(typed signature, code) of an intrinsic that calls the C function at its first argument."""

    def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
        kinds = [context.get_value_type(kind) for kind in whole.args[1:]]
        function = ir.FunctionType(context.get_value_type(whole.return_type), kinds)
        return builder.call(builder.inttoptr(args[0], function.as_pointer()), args[1:])

    return numba.core.typing.signature(signature.return_type, types.int64, *signature.args), codegen


@intrinsic
def call_activation(typingctx: Any, address: Any, z: Any, a: Any, n: Any, hyper: Any) -> Any:
    return _call(activation_value(z.dtype))


@intrinsic
def call_cost_value(typingctx: Any, address: Any, y: Any, t: Any, rows: Any, columns: Any, hyper: Any) -> Any:
    return _call(cost_value(y.dtype))


@intrinsic
def call_cost_gradient(typingctx: Any, address: Any, y: Any, t: Any, d: Any, rows: Any, columns: Any, hyper: Any, scale: Any) -> Any:
    return _call(cost_value_gradient(y.dtype))


@intrinsic
def call_stage(
    typingctx: Any, address: Any, w: Any, g: Any, slots: Any, hyper: Any, t: Any, n: Any, scalars: Any, layers: Any, n_layers: Any,
    scratch: Any, ask: Any,
) -> Any:  # fmt: skip
    return _call(stage(w.dtype))


@intrinsic
def call_server(
    typingctx: Any, address: Any, plan: Any, reals: Any, model: Any, layers: Any, n_layers: Any, w: Any, g: Any, n: Any, rows: Any, m: Any,
    scratch: Any, step: Any, ask: Any, result: Any,
) -> Any:  # fmt: skip
    return _call(server(w.dtype))


@intrinsic
def call_evaluation_weights(typingctx: Any, address: Any, w: Any, slots: Any, hyper: Any, t: Any, n: Any, out: Any) -> Any:
    return _call(evaluation_weights(w.dtype))


@intrinsic
def call_model_gradient(typingctx: Any, address: Any, context: Any, w: Any, rows: Any, m: Any, g: Any, scale: Any) -> Any:
    return _call(model_gradient(w.dtype))


@intrinsic
def call_model_evaluate(typingctx: Any, address: Any, context: Any, w: Any, sums: Any) -> Any:
    return _call(model_evaluate(w.dtype))
