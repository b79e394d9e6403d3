"""Compiled functions called by symbol: one machine-code copy for all callers.

Numba merges the code of every callee into its caller and optimises it again at each level; the matrix product would be
optimised eight times over, a fifth of the kernel's compile time. A function published here is found by the linker instead,
also by code that comes from the disk cache: it must be published before its callers are loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
from numba.core import cgutils
from numba.core.typing import signature

from optlab import abi, jit

_kept: dict[str, Any] = {}


def publish(name: str, dtype: str, function: Callable[..., Any], kind: Callable[[Any], Any]) -> None:
    """Compile `function` for the signature kind(real) and make it the symbol that `linked(name, ...)` calls."""
    arguments = kind(abi.REALS[dtype]).args
    dispatcher: Any = jit.jit(function)
    dispatcher.compile(arguments)
    compiled = _kept[f"optlab_{name}_{dtype}"] = dispatcher.overloads[arguments]
    address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    llvmlite.binding.add_symbol(f"optlab_{name}_{dtype}", address)


def linked(name: str, kind: Callable[[Any], Any], real: Any) -> Any:
    """(typed signature, code) of an intrinsic that calls the published function of this dtype."""
    typed = kind(real)

    def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
        convention = context.call_conv
        function = cgutils.get_or_insert_function(
            builder.module, convention.get_function_type(typed.return_type, typed.args), f"optlab_{name}_{real}"
        )
        return convention.call_function(builder, function, typed.return_type, typed.args, args)[1]

    return signature(typed.return_type, *typed.args), codegen
