"""The decorators that make update rules and stages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, overload

from optlab.errors import OptlabError
from optlab.formula.stages import ASKING, GIVEN
from optlab.hyper import signature_of
from optlab.rules import SCALAR, ArrayRule, ArrayStage, Operations, Optimizer, Stage

Function = Callable[..., Any]
Start = Mapping[str, float | str]


def _slots(what: str, positional: tuple[str, ...]) -> tuple[str, ...]:
    if positional[:2] != ("w", "g"):
        raise OptlabError(f"{what}: its first arguments must be (w, g), not ({', '.join(positional)})")
    return positional[2:]


def _check_start(what: str, start: Start, slots: tuple[str, ...], hyper: Mapping[str, Any]) -> None:
    for slot, first in start.items():
        if not isinstance(first, str) and not math.isfinite(first):
            raise OptlabError(f"{what}: slot {slot!r} starts at {first}; give a finite number, the name of a hyper-parameter, or 'w'")
        if slot not in slots or (isinstance(first, str) and first != "w" and first not in hyper):
            raise OptlabError(f"{what}: start of {slot!r} = {first!r} names no slot, or neither a hyper-parameter nor 'w'")


def _formula(kind: type[Optimizer], function: Function, start: Start | None, evaluate: Function | None, verified: tuple[str, ...]) -> Any:
    what = f"{kind.kind} {function.__name__}"
    positional, hyper, given = signature_of(function, what)
    slots = _slots(what, positional)
    _check_start(what, start or {}, slots, hyper)
    if evaluate is not None:
        wanted, named, also = signature_of(evaluate, f"{what}: evaluate")
        known = {*hyper, "t"}
        if wanted != ("w", *slots) or not {*named, *also} <= known:
            raise OptlabError(f"{what}: evaluate must take ({', '.join(('w', *slots))}) and hyper-parameters of the rule alone")
    return kind(
        function.__name__, function, hyper, positional=positional, timed="t" in given, start=dict(start or {}), evaluate=evaluate,
        verified=tuple(verified),
    )  # fmt: skip


@overload
def optimizer(function: Function, /) -> Optimizer: ...
@overload
def optimizer(*, start: Start = ..., evaluate: Function = ..., verified: tuple[str, ...] = ...) -> Callable[[Function], Optimizer]: ...
def optimizer(
    function: Function | None = None, /, *, start: Start | None = None, evaluate: Function | None = None, verified: tuple[str, ...] = ()
) -> Any:
    """An elementwise update rule ``f(w, g, *slots, *, t, **hyper) -> (new w, *new slots)``.

    w: one parameter; g: its gradient; slots keep their value between steps and start at 0, or at `start`: slot name -> number, name of
    a hyper-parameter, or "w" for the initial parameters. t = 1, 2, ... Without slots, return the new w alone.

    evaluate: ``(w, *slots, **hyper) -> weights``, a formula of what the history evaluates where that is not w (averages of weights).
    verified: independent implementations that agree with the rule, by name and version; the tests must show it.
    """

    def decorate(function: Function) -> Any:
        return _formula(Optimizer, function, start, evaluate, verified)

    return decorate if function is None else decorate(function)


@overload
def stage(function: Function, /) -> Stage: ...
@overload
def stage(*, start: Start = ..., evaluate: Function = ..., verified: tuple[str, ...] = ...) -> Callable[[Function], Stage]: ...
def stage(
    function: Function | None = None, /, *, start: Start | None = None, evaluate: Function | None = None, verified: tuple[str, ...] = ()
) -> Any:
    """An elementwise stage around an optimizer, ``f(w, g, *slots, *, t, **hyper) -> (new w, new g, *new slots)``; see `optimizer`.

    A chain names it before the optimizer to change the gradient, behind it to change the weights: ``clip_value+adam+lookahead``.
    """

    def decorate(function: Function) -> Any:
        return _formula(Stage, function, start, evaluate, verified)

    return decorate if function is None else decorate(function)


def _check_given(what: str, given: tuple[str, ...]) -> None:
    asking = [name for name in given if name in ASKING]
    if asking and "call" not in given:
        raise OptlabError(f"{what}: {asking[0]} is filled in upon a request; a rule that makes requests names `call`, too")
    if ("direction" in given) != ("answer" in given):
        raise OptlabError(f"{what}: direction and answer belong together, what to multiply and the product; name both")


def _array(
    function: Function, whole: bool, stage: bool, state: Mapping[str, str], start: Start, operations: Operations, verified: tuple[str, ...]
) -> ArrayRule:
    kind = ArrayStage if stage else ArrayRule
    what = f"{kind.kind} {function.__name__}"
    admitted = [name for name in GIVEN if name != "bias"] if whole else ["t", "bias"]
    positional, hyper, given = signature_of(function, what, given=admitted)
    slots = _slots(what, positional)
    _check_start(what, start, slots, hyper)
    _check_given(what, given)
    words = {"n"} if whole else {"rows", "columns", "n"}
    words |= {name for name, one in hyper.items() if not one.swept and isinstance(one.default, int)}
    for slot, shape in state.items():
        unknown = [word for word in shape.split() if word not in words and not word.isdigit()] if shape != SCALAR else []
        if slot not in slots or unknown or not shape.split():
            raise OptlabError(f"{what}: state of {slot!r} = {shape!r} names no slot, or a size other than {', '.join(sorted(words))}")
    for slot, first in start.items():
        if first == "w" and slot in state and state[slot] not in ("n", "rows columns"):
            raise OptlabError(f"{what}: slot {slot!r} cannot start at w: its shape is {state[slot]!r}")
    return kind(
        function.__name__, function, hyper, positional=positional, given=given, state=dict(state), start=dict(start),
        operations=operations, whole=whole, verified=tuple(verified),
    )  # fmt: skip


def layer_rule(
    *, operations: Operations, state: Mapping[str, str] | None = None, start: Start | None = None, verified: tuple[str, ...] = (),
    stage: bool = False,
) -> Callable[[Function], ArrayRule]:  # fmt: skip
    """An update rule over whole layers in array code, ``f(w, g, *slots, *, t, bias, **hyper)``, called once per tensor.

    w, g: the weights (n_in, n_out) of a layer and their gradient, or its biases as (1, n_out), where `bias` is True; where there is no
    network, all parameters as (1, n) with `bias` True. They and the slots are changed in place. Compiled as it stands by Numba.

    Args:
        operations: elementary operations per parameter, or a function (rows, columns, **options) of a tensor's shape; counted by hand.
        state: slot -> its shape in words, by default "rows columns": "rows", "columns", "rows rows", "columns columns", names of
            whole-number options, or "scalar", a float64 array (1,).
        start, verified: as of `optimizer`. stage: it is a stage of a chain, not an optimizer.
    """

    def decorate(function: Function) -> ArrayRule:
        return _array(function, False, stage, state or {}, start or {}, operations, verified)

    return decorate


def vector_rule(
    *, operations: Operations, state: Mapping[str, str] | None = None, start: Start | None = None, verified: tuple[str, ...] = (),
    stage: bool = False,
) -> Callable[[Function], ArrayRule]:  # fmt: skip
    """An update rule over all parameters at once in array code, ``f(w, g, *slots, *, t, call, cost, rows, **hyper)``.

    w, g (n,) and the slots are changed in place. A rule that names `call` (0, then 1, 2, ... within a step) returns DONE, or a request
    that is served over the same rows before it is called again:

    - EVALUATE: g becomes the gradient at its w, `cost` the objective there.
    - HESSIAN_VECTOR: `answer` (n,) becomes the Hessian of the objective times `direction` (n,), by central differences of two gradients.
    - GAUSS_NEWTON: `matrix` (n, n) becomes the generalised Gauss-Newton matrix; of networks alone.
    - SAMPLED_GRADIENT: `sampled` (n,) becomes the gradient of the mean cost, without penalties, for labels drawn from the predictions; of
      networks whose cost has a softmax or sigmoid link.

    A rule names what it asks for; `rows` and `terms` are what the mini-batch's mean cost is taken over. Otherwise as `layer_rule`; the
    default shape of a slot is "n", and `operations` is given (1, n).
    """

    def decorate(function: Function) -> ArrayRule:
        return _array(function, True, stage, state or {}, start or {}, operations, verified)

    return decorate
