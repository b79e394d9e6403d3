"""Compiled functions called by symbol: one machine-code copy for all callers.

Numba merges the code of every callee into its caller and optimises it again at each level; the matrix product would be
optimised eight times over, a fifth of the kernel's compile time. A function published here is found by the linker instead,
also by code that comes from the disk cache: it must be published before its callers are loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba.core import cgutils
from numba.core.typing import signature

from optlab import abi, jit

_kept: dict[str, Any] = {}


def publish(name: str, dtype: str, function: Callable[..., Any], kind: Callable[[Any], Any]) -> None:
    """Compile `function` for the signature kind(real) and make it the symbol that `linked(name, ...)` calls."""
    compiled = jit.callback(kind(abi.REALS[dtype]))(function)
    _kept[f"optlab_{name}_{dtype}"] = compiled
    llvmlite.binding.add_symbol(f"optlab_{name}_{dtype}", compiled.address)


def linked(name: str, kind: Callable[[Any], Any], real: Any) -> Any:
    """(typed signature, code) of an intrinsic that calls the published function of this dtype."""
    typed = kind(real)

    def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
        kinds = [context.get_value_type(argument) for argument in typed.args]
        function = ir.FunctionType(context.get_value_type(typed.return_type), kinds)
        return builder.call(cgutils.get_or_insert_function(builder.module, function, f"optlab_{name}_{real}"), args)

    return signature(typed.return_type, *typed.args), codegen
