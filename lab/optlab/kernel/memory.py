"""Small intrinsics beside those of `abi`: array -> pointer, float64 -> the trial's dtype, the clock."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def pointer_of(typingctx: Any, array: Any) -> Any:
    """Pointer to the first element. The caller of the kernel owns the array: Numba frees its own after the last visible use."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), codegen


@intrinsic
def as_real(typingctx: Any, value: Any, like: Any) -> Any:
    """`value` in the dtype that the pointer `like` points to: a float64 in a float32 loop would promote all of it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.cast(builder, args[0], signature.args[0], signature.return_type)

    return like.dtype(value, like), codegen


@intrinsic
def difference_step(typingctx: Any, like: Any) -> Any:
    """Cube root of the precision of the pointer `like`: the relative step at which a central difference errs least."""
    step = float(np.finfo(str(like.dtype)).eps) ** (1 / 3)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return ir.DoubleType()(step)

    return types.float64(like), codegen


@intrinsic
def clock(typingctx: Any, address: Any, clock_id: Any) -> Any:
    """Seconds of the C function clock_gettime at `address` (about 30 ns; time.perf_counter needs the interpreter)."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        i32, i64, double = ir.IntType(32), ir.IntType(64), ir.DoubleType()
        timespec = cgutils.alloca_once(builder, ir.ArrayType(i64, 2))
        words = builder.bitcast(timespec, i64.as_pointer())
        function = ir.FunctionType(i32, [i32, i64.as_pointer()])
        builder.call(builder.inttoptr(args[0], function.as_pointer()), [builder.trunc(args[1], i32), words])
        whole = builder.sitofp(builder.load(words), double)
        rest = builder.sitofp(builder.load(builder.gep(words, [i64(1)])), double)
        return builder.fadd(whole, builder.fmul(rest, double(1e-9)))

    return types.float64(types.int64, types.int64), codegen


@intrinsic
def stack_words(typingctx: Any, count: Any) -> Any:
    """Pointer to `count` (a literal) uninitialised uint64 on the stack."""
    if not isinstance(count, types.IntegerLiteral):
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return cgutils.alloca_once(builder, ir.IntType(64), size=signature.args[0].literal_value)

    return types.CPointer(types.uint64)(count), codegen
