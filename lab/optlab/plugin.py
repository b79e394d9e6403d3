"""All that a plugin author imports.

An optimizer, activation, cost or objective is a plain formula, written with the functions of this module; derivatives, compiled
loops, FLOP counts and typeset text are made from it::

    from optlab.plugin import Positive, hookimpl, optimizer

    @optimizer
    def gd(w, g, *, t, lr: Positive = 1e-2):
        return w - lr * g

    @hookimpl
    def register_optimizers(register):
        register(gd)

Each decorator raises OptlabError where the signature is not of its kind; `optlab.kinds` and `optlab.rules` say what it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

import pluggy

from optlab.errors import OptlabError
from optlab.formula.elementary import *  # noqa: F403  # the elementary functions are the author's vocabulary
from optlab.hyper import Count, Decay, Fraction, NonNegative, Positive, Real, Several, signature_of
from optlab.kinds import Activation, Cost, Objective, RowCost
from optlab.landmarks import Landmarks, Pair, Point
from optlab.requests import DONE, EVALUATE, GAUSS_NEWTON, HESSIAN_VECTOR, SAMPLED_GRADIENT
from optlab.rule_decorators import layer_rule, optimizer, stage, vector_rule
from optlab.sources import Initializer, Problem, Schedule

__all__ = [
    "DONE",
    "EVALUATE",
    "GAUSS_NEWTON",
    "HESSIAN_VECTOR",
    "SAMPLED_GRADIENT",
    "Count",
    "Decay",
    "Fraction",
    "NonNegative",
    "OptlabError",
    "Positive",
    "Real",
    "Several",
    "activation",
    "cost",
    "hookimpl",
    "initializer",
    "layer_rule",
    "objective",
    "optimizer",
    "problem",
    "row_cost",
    "schedule",
    "stage",
    "vector_rule",
]

hookimpl = pluggy.HookimplMarker("optlab")

Function = Callable[..., Any]

LINKS = ("identity", "sigmoid", "softmax", "exp", "step")
TASKS = ("classification", "regression")


def _expect(function: Function, kind: str, positional: tuple[str, ...], wanted: tuple[str, ...]) -> None:
    if positional[: len(wanted)] != wanted:
        takes = ", ".join(wanted)
        raise OptlabError(f"{kind} {function.__name__}: its first arguments must be ({takes}), not ({', '.join(positional)})")


def activation(function: Function, /) -> Activation:
    """An elementwise activation ``f(z, **hyper) -> a``. Write ``maximum(z, 0)``, not ``z if z > 0 else 0``: it must propagate NaN."""
    positional, hyper, _ = signature_of(function, f"activation {function.__name__}")
    if len(positional) != 1:
        raise OptlabError(f"activation {function.__name__}: it takes one positional argument z, not ({', '.join(positional)})")
    return Activation(function.__name__, function, hyper, positional=positional)


@overload
def cost(function: Function, /) -> Cost: ...
@overload
def cost(*, link: str = ...) -> Callable[[Function], Cost]: ...
def cost(function: Function | None = None, /, *, link: str = "identity") -> Any:
    """An elementwise cost ``f(y, t, **hyper)`` of output y and target t; the mean over samples and outputs is minimised.

    link: what makes a prediction of y: "sigmoid" when y is a logit, so that predictions are probabilities; "exp" when it is the logarithm
    of a rate; "step" when it is a score and its sign the class.
    """
    if link not in LINKS:
        raise OptlabError(f"cost: link {link!r} is unknown; use one of {', '.join(LINKS)}")

    def decorate(function: Function) -> Cost:
        positional, hyper, _ = signature_of(function, f"cost {function.__name__}")
        _expect(function, "cost", positional, ("y", "t"))
        return Cost(function.__name__, function, hyper, positional=("y", "t"), link=link)

    return decorate if function is None else decorate(function)


def row_cost(*, link: str = "identity", operations: tuple[int, int]) -> Callable[[Function], RowCost]:
    """A cost of one row in array code, ``f(y, t, gradient, **hyper) -> cost``: y, t, gradient have shape (outputs,); fill `gradient`.

    The mean over samples is minimised. Statements on single elements under ``for k in range(...)`` and ``if`` run over many rows at once,
    2.5 to 4 times as fast as code with whole arrays, ``while`` or an early return, which is compiled as it stands.

    operations: elementary operations per output of the value alone and of value and gradient together, counted by hand, because array
    code is not traced.
    """
    if link not in LINKS:
        raise OptlabError(f"row_cost: link {link!r} is unknown; use one of {', '.join(LINKS)}")

    def decorate(function: Function) -> RowCost:
        positional, hyper, _ = signature_of(function, f"cost {function.__name__}")
        _expect(function, "cost", positional, ("y", "t", "gradient"))
        return RowCost(function.__name__, function, hyper, link=link, operations=operations)

    return decorate


@overload
def objective(function: Function, /) -> Objective: ...
@overload
def objective(
    *, minimum: float | Callable[..., float | None] | None = ..., at: Sequence[Point] | Callable[..., Sequence[Point]] = ...,
    start: Point = ..., box: Sequence[Pair] = ...,
) -> Callable[[Function], Objective]: ...  # fmt: skip
def objective(function: Function | None = None, /, **landmarks: Any) -> Any:
    """A scalar formula ``f(x, y, ..., **hyper)`` that is minimised directly, or ``f(*x, dimension: Count = 2, **hyper)`` for any dimension.

    minimum: its lowest value; at: the points where it is taken; start: a usual first point; box: (low, high) of each variable, what
    pictures show. What is too short is repeated, so ``at=[(0.0,)]`` is the origin in any dimension; minimum and at may be functions of
    the hyper-parameters.
    """

    def decorate(function: Function) -> Objective:
        positional, hyper, _ = signature_of(function, f"objective {function.__name__}", starred=True)
        if not positional:
            raise OptlabError(f"objective {function.__name__}: it takes no variable; name at least one positional argument")
        starred = any(name.startswith("*") for name in positional)
        if starred and (len(positional) > 1 or "dimension" not in hyper or hyper["dimension"].swept or hyper["dimension"].choices):
            wanted = "f(*x, dimension: Count = 2)"
            raise OptlabError(f"objective {function.__name__}: a formula of any dimension is written {wanted}, with no other variable")
        return Objective(function.__name__, function, hyper, positional=positional, landmarks=Landmarks(**landmarks))

    return decorate if function is None else decorate(function)


def problem(
    *, task: str, scale: str | float = "standard", source: str = "", size: tuple[int, int, int] | None = None
) -> Callable[[Function], Problem]:
    """Data: ``f(**hyper) -> (X, y)``, or ``f(rng, **hyper)`` when they are drawn; X (n, d), y (n,) or (n, k).

    task: "classification" (integer y) or "regression". scale: "standard", "minmax", "none", or a number to divide features by.
    size: rows, features and classes of data that must be downloaded first, so that lists need not load them.
    """
    if task not in TASKS:
        raise OptlabError(f"problem: task {task!r} is unknown; use one of {', '.join(TASKS)}")

    def decorate(function: Function) -> Problem:
        positional, hyper, _ = signature_of(function, f"problem {function.__name__}")
        if positional not in ((), ("rng",)):
            raise OptlabError(f"problem {function.__name__}: its only positional argument may be rng, not ({', '.join(positional)})")
        noisy = bool(positional)
        return Problem(function.__name__, function, hyper, task=task, scale=scale, source=source, noisy=noisy, size=size)

    return decorate


def schedule(function: Function, /) -> Schedule:
    """Factors on a hyper-parameter, ``f(t, total, **hyper)``: t is the array 0 .. total-1 of epochs or steps; an array or a number."""
    positional, hyper, _ = signature_of(function, f"schedule {function.__name__}")
    _expect(function, "schedule", positional, ("t", "total"))
    return Schedule(function.__name__, function, hyper)


def initializer(function: Function, /) -> Initializer:
    """First weights of a layer, ``f(rng, n_in, n_out, **hyper) -> W`` of shape (n_in, n_out), or (W, b)."""
    positional, hyper, _ = signature_of(function, f"initializer {function.__name__}")
    _expect(function, "initializer", positional, ("rng", "n_in", "n_out"))
    return Initializer(function.__name__, function, hyper)
