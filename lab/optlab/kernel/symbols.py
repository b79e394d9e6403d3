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

from optlab import jit

_kept: dict[str, Any] = {}


def publish(name: str, function: Callable[..., Any], typed: Any) -> None:
    """Compile `function` for this typed signature and make it the symbol that `linked(name, typed)` calls."""
    dispatcher: Any = jit.linkable(function)
    dispatcher.compile(typed.args)
    compiled = _kept[name] = dispatcher.overloads[typed.args]
    address = compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name)
    llvmlite.binding.add_symbol(f"optlab_{name}", address)


def linked(name: str, typed: Any) -> Any:
    """(typed signature, code) of an intrinsic that calls the published function."""

    def codegen(context: Any, builder: Any, whole: Any, args: Any) -> Any:
        convention = context.call_conv
        kind = convention.get_function_type(typed.return_type, typed.args)
        function = cgutils.get_or_insert_function(builder.module, kind, f"optlab_{name}")
        return convention.call_function(builder, function, typed.return_type, typed.args, args)[1]

    return signature(typed.return_type, *typed.args), codegen
