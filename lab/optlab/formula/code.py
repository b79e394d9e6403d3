"""Array code: what is no elementwise formula (row-wise costs, layer-wise rules) and is compiled as written.

`code_digest` says whether such code is still the same: it covers the syntax tree of the function and of every helper and
constant of its own module that it names, not its docstrings or layout.
"""

from __future__ import annotations

import ast
import dis
import hashlib
import inspect
import textwrap
import types
from collections.abc import Callable
from typing import Any

from optlab.errors import OptlabError


def code_digest(*functions: Callable[..., Any]) -> str:
    """Digest of array code, stable across processes; a changed helper or constant changes it, a docstring or comment does not.

    Names are followed through plain functions and constants (numbers, strings, tuples, arrays) of the author's modules;
    of modules and of compiled functions of other packages only the qualified name counts.
    """
    digest = hashlib.blake2b(digest_size=16)
    waiting: list[Callable[..., Any]] = list(functions)
    roots = {id(_plain(function)) for function in functions}
    seen: set[int] = set()
    while waiting:
        function = _plain(waiting.pop(0))
        if id(function) in seen:
            continue
        seen.add(id(function))
        digest.update(_syntax(function, id(function) in roots).encode())
        own = helpers(function)
        for name in sorted(_names(function.__code__)):
            if name in own:
                digest.update(f"{name} = function".encode())
                waiting.append(own[name])
            else:
                digest.update(f"{name} = {_shown(_meaning(function, name))}".encode())
    return digest.hexdigest()


def cache_key(*functions: Callable[..., Any]) -> str:
    """As `code_digest`, and changed too when a function or helper moves: Numba's cache imports the modules that code came from."""
    reached = [_plain(function) for function in functions]
    for function in reached:  # grows while it is walked
        reached += [each for each in helpers(function).values() if each not in reached]
    return " ".join([code_digest(*functions), *sorted({each.__module__ for each in reached})])


def helpers(function: types.FunctionType) -> dict[str, types.FunctionType]:
    """The plain functions of the same author that this one names."""
    named = {name: _plain(_meaning(function, name)) for name in _loaded(function.__code__)}
    return {name: each for name, each in named.items() if isinstance(each, types.FunctionType) and _same_author(each, function)}


def _plain(value: Any) -> Any:
    """The Python function behind a jit dispatcher or decorator, else the value itself."""
    value = getattr(value, "py_func", value)
    return inspect.unwrap(value) if callable(value) and hasattr(value, "__wrapped__") else value


def _same_author(helper: types.FunctionType, function: types.FunctionType) -> bool:
    one_file = helper.__code__.co_filename == function.__code__.co_filename
    return one_file or helper.__module__.split(".")[0] == function.__module__.split(".")[0]


def _names(code: types.CodeType) -> set[str]:
    """Global and closure names used by a function, its lambdas and inner functions included."""
    return {name for each in _codes(code) for name in (*each.co_names, *each.co_freevars)}


def _loaded(code: types.CodeType) -> set[str]:
    """As `_names` without names of attributes: `np.linalg.solve` is no use of a function `solve`."""
    loads = {each.argval for one in _codes(code) for each in dis.get_instructions(one) if each.opname.startswith("LOAD_GLOBAL")}
    return {*loads, *(name for one in _codes(code) for name in one.co_freevars)}


def _meaning(function: types.FunctionType, name: str) -> Any:
    if name in function.__code__.co_freevars:
        cell = (function.__closure__ or ())[function.__code__.co_freevars.index(name)]
        return cell.cell_contents
    return function.__globals__.get(name)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, tuple)):
        return repr(value)
    if hasattr(value, "tobytes"):
        return f"{value.dtype} {value.shape} {hashlib.blake2b(value.tobytes(), digest_size=16).hexdigest()}"
    return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', getattr(value, '__name__', type(value).__name__))}"


def _syntax(function: types.FunctionType, root: bool) -> str:
    """The function's syntax tree without docstrings; its bytecode where there is no source (code made by exec).

    Of the plugin's own function (`root`), name, decorators, annotations and the defaults of keyword-only parameters do not
    count either: hyper-parameters are always passed, and trials record their values.
    """
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, SyntaxError):
        return repr([(code.co_code, code.co_varnames, _plain_constants(code)) for code in _codes(function.__code__)])
    for node in ast.walk(tree):
        match getattr(node, "body", None):
            case [ast.Expr(value=ast.Constant(value=str())), *_] as body:
                body[0] = ast.Pass()
    own = tree.body[0]
    if root and isinstance(own, ast.FunctionDef):
        own.name, own.decorator_list, own.returns = "", [], None
        own.args.kw_defaults = [None for _ in own.args.kw_defaults]
        for argument in (*own.args.posonlyargs, *own.args.args, *own.args.kwonlyargs):
            argument.annotation = None
    return ast.dump(tree, annotate_fields=False)


def _plain_constants(code: types.CodeType) -> list[Any]:
    return [each for each in code.co_consts if not isinstance(each, types.CodeType)]


def _codes(code: types.CodeType) -> list[types.CodeType]:
    """The code object and those of its lambdas and inner functions."""
    found = [code]
    for each in found:  # grows while it is walked
        found += [inner for inner in each.co_consts if isinstance(inner, types.CodeType)]
    return found


def compilable(function: Callable[..., Any], what: str) -> Any:
    """The function with its keyword-only parameters made positional (Numba has no keyword-only ones), compiled when first called.

    So are the plain functions of its module, or of its author's others, that it calls.
    """
    import optlab.formula.overloads  # noqa: F401  # so that it may call the lab's own functions
    from optlab.jit import registries

    registries()
    plain = _plain(function)
    if not isinstance(plain, types.FunctionType):
        raise OptlabError(f"{what} is {type(function).__name__}, not a Python function")
    return _compilable(plain, {})


def _compilable(function: types.FunctionType, made: dict[types.FunctionType, Any]) -> Any:
    from optlab.jit import inlined

    names = function.__globals__
    for name, helper in helpers(function).items():
        if name in names and name not in function.__code__.co_freevars:
            if helper not in made:
                made[helper] = None
                made[helper] = _compilable(helper, made)
            if made[helper] is None:
                raise OptlabError(f"{helper.__name__} calls itself; array code must not be recursive: write a loop")
            names = {**names, name: made[helper]}
    code = function.__code__
    code = code.replace(co_argcount=code.co_argcount + code.co_kwonlyargcount, co_kwonlyargcount=0)
    defaults = None if function.__code__.co_kwonlyargcount else function.__defaults__
    again = types.FunctionType(code, names, function.__name__, defaults, function.__closure__)
    again.__module__ = function.__module__
    return inlined(again)


def keyword_only(function: Callable[..., Any]) -> list[str]:
    """Names of the keyword-only parameters, in order: the hyper-parameters of array code."""
    return [name for name, p in inspect.signature(_plain(function)).parameters.items() if p.kind is p.KEYWORD_ONLY]
