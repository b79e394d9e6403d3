"""The few operations on the bits of a float that Numba has no vectorisable form of, as LLVM instructions.

AVX2 converts no packed int64 to float64 or back, so integers travel in the low bits of a float: adding 1.5 * 2**(mantissa bits)
to a small float leaves round(x) there (the "magic number"), and an integer or-ed into 2**(mantissa bits) is that float plus it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

_MANTISSA = {types.float32: 23, types.float64: 52}
_BIAS = {types.float32: 127, types.float64: 1023}
_SQRT_HALF = {types.float32: 0x3F3504F3, types.float64: 0x3FE6A09E667F3BCD}
MAGIC = {"float32": 1.5 * 2.0**23, "float64": 1.5 * 2.0**52}


def _of_bits(make: Callable[[Any, Any, Any], Any]) -> Any:
    """An intrinsic real -> real: `make(builder, constant, bits)` returns new bits."""

    def typed(typingctx: Any, x: Any) -> Any:
        if x not in _MANTISSA:
            return None
        integer = ir.IntType(32 if x == types.float32 else 64)

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            def constant(value: int) -> Any:
                return ir.Constant(integer, value)

            bits = make(builder, constant, (x, builder.bitcast(args[0], integer)))
            return builder.bitcast(bits, context.get_value_type(x))

        return x(x), codegen

    return intrinsic(typed)


def _power_of_two(builder: Any, constant: Any, given: Any) -> Any:
    real, bits = given
    return builder.shl(builder.add(bits, constant(_BIAS[real])), constant(_MANTISSA[real]))


def _split(builder: Any, constant: Any, given: Any) -> Any:
    """Bits of x, moved so that the exponent field is floor(log2(x / sqrt(1/2))) + bias."""
    real, bits = given
    return builder.add(bits, constant((_BIAS[real] << _MANTISSA[real]) - _SQRT_HALF[real]))


def _mantissa(builder: Any, constant: Any, given: Any) -> Any:
    real, _ = given
    kept = builder.and_(_split(builder, constant, given), constant((1 << _MANTISSA[real]) - 1))
    return builder.add(kept, constant(_SQRT_HALF[real]))


def _exponent(builder: Any, constant: Any, given: Any) -> Any:
    real, _ = given
    field = builder.lshr(_split(builder, constant, given), constant(_MANTISSA[real]))
    return builder.or_(field, constant((_BIAS[real] + _MANTISSA[real]) << _MANTISSA[real]))


power_of_two = _of_bits(_power_of_two)  # n + MAGIC -> 2**n, for n in the range of normal exponents
mantissa = _of_bits(_mantissa)  # positive normal x -> m in [sqrt(1/2), sqrt(2)) with x = m * 2**k
biased_exponent = _of_bits(_exponent)  # positive normal x -> k + bias + 2**(mantissa bits)
EXPONENT_OFFSET = {"float32": 2.0**23 + 127.0, "float64": 2.0**52 + 1023.0}


@intrinsic
def select(typingctx: Any, condition: Any, chosen: Any, otherwise: Any) -> Any:
    """`chosen` if condition else `otherwise`, without a branch; both are of one type."""
    if chosen != otherwise:
        return None

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(context.cast(builder, args[0], signature.args[0], types.boolean), args[1], args[2])

    return chosen(types.boolean, chosen, chosen), codegen


def _llvm(name: str, arity: int) -> Any:
    """The LLVM intrinsic llvm.`name` on reals, which becomes one packed instruction."""

    def code(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        whole = ir.FunctionType(kind, [kind] * arity)
        return builder.call(builder.module.declare_intrinsic(f"llvm.{name}", [kind], whole), args)

    def one(typingctx: Any, x: Any) -> Any:
        return (x(x), code) if x in _MANTISSA else None

    def two(typingctx: Any, x: Any, y: Any) -> Any:
        return (x(x, x), code) if x in _MANTISSA and x == y else None

    return intrinsic(one if arity == 1 else two)


floor = _llvm("floor", 1)
copysign = _llvm("copysign", 2)


def polynomial(coefficients: tuple[float, ...], dtype: str, chains: int = 1) -> Any:
    """The polynomial with these coefficients, lowest power first, by Horner's scheme: real -> real.

    Two chains take the even and the odd powers: a few operations more, half of the waiting of each for the one before.
    """
    real = {"float32": types.float32, "float64": types.float64}[dtype]
    rounded = [float(np.dtype(dtype).type(each)) for each in coefficients]

    def typed(typingctx: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = context.get_value_type(real)

            def horner(terms: list[float], power: Any) -> Any:
                result = ir.Constant(kind, terms[-1])
                for each in terms[-2::-1]:
                    result = builder.fadd(builder.fmul(result, power), ir.Constant(kind, each))
                return result

            if chains == 1:
                return horner(rounded, args[0])
            square = builder.fmul(args[0], args[0])
            return builder.fadd(builder.fmul(horner(rounded[1::2], square), args[0]), horner(rounded[::2], square))

        return (real(real), codegen) if x == real else None

    return intrinsic(typed)


@intrinsic
def stack_buffer(typingctx: Any, like: Any, size: Any) -> Any:
    """Pointer to `size` (a literal) uninitialised values on the stack, of the type of the pointer `like`."""
    if not isinstance(size, types.IntegerLiteral):
        return None
    count = size.literal_value

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        from numba.core import cgutils

        return cgutils.alloca_once(builder, context.get_value_type(like.dtype), size=count)

    return like(like, size), codegen
