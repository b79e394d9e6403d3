"""The BLAS matrix product as an intrinsic: Numba's own wrapper of SciPy's gemm without the checks of ``np.dot``.

``np.dot(a, b, out)`` on views costs 0.5 s of compile time for each use and cannot accumulate into C.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_BYTE, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_ANY = _BYTE.as_pointer()
_WRAPPER = ir.FunctionType(_I32, [_BYTE] * 3 + [_I64] * 3 + [_ANY, _ANY, _I64, _ANY, _I64, _ANY, _ANY, _I64])


@intrinsic
def gemm(typingctx: Any, m: Any, n: Any, k: Any, a: Any, a_transposed: Any, b: Any, b_transposed: Any, c: Any, beta: Any) -> Any:
    """C (m x n) = A (m x k) @ B (k x n) + beta * C, all row-major; a transposed operand is stored the other way round.

    Returns 0, or BLAS's failure.
    """
    import scipy.linalg.cython_blas  # noqa: F401  (the wrapper looks it up by name on its first call)

    integer = types.int64
    signature = types.int32(integer, integer, integer, c, types.boolean, c, types.boolean, c, types.float64)

    def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
        m, n, k, a, a_transposed, b, b_transposed, c, beta = args
        real = whole.args[7].dtype

        def slot(value: Any) -> Any:
            return builder.bitcast(cgutils.alloca_once_value(builder, value), _ANY)

        def stored(transposed: Any, rows: Any, columns: Any) -> tuple[Any, Any]:
            return builder.select(transposed, _BYTE(ord("t")), _BYTE(ord("n"))), builder.select(transposed, rows, columns)

        # BLAS stores by columns, so it is asked for the transpose of C: B^T A^T.
        trans_a, stride_a = stored(a_transposed, m, k)
        trans_b, stride_b = stored(b_transposed, k, n)
        function = cgutils.get_or_insert_function(builder.module, _WRAPPER, "numba_xxgemm")
        return builder.call(function, [
            _BYTE(ord("d" if real.bitwidth == 64 else "s")), trans_b, trans_a, n, m, k, slot(context.get_constant(real, 1.0)),
            builder.bitcast(b, _ANY), stride_b, builder.bitcast(a, _ANY), stride_a,
            slot(context.cast(builder, beta, types.float64, real)), builder.bitcast(c, _ANY), n,
        ])  # fmt: skip

    return signature, codegen
