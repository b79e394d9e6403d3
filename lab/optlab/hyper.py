"""Hyper-parameters of plugins: their names, defaults and domains, read off the keyword-only part of a signature."""

from __future__ import annotations

import inspect
import math
import typing
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from optlab.errors import OptlabError

Value = float | int | bool | str


@dataclass(frozen=True)
class Domain:
    """An interval of admissible numbers; `whole` asks for an integer, which is then fixed when the formula is traced."""

    name: str
    low: float
    high: float
    low_open: bool = False
    high_open: bool = False
    whole: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.low_open else value >= self.low
        below = value < self.high if self.high_open else value <= self.high
        return bool(math.isfinite(value) and above and below and (not self.whole or float(value).is_integer()))

    def __str__(self) -> str:
        if self.whole:
            return f"a whole number >= {self.low:g}" + (f" and <= {self.high:,.0f}" if self.high < math.inf else "")
        if self.low == -math.inf and self.high == math.inf:
            return "a finite number"
        if self.high == math.inf:
            return f"a number {'>' if self.low_open else '>='} {self.low:g}"
        return f"a number in {'(' if self.low_open else '['}{self.low:g}, {self.high:g}{')' if self.high_open else ']'}"


_INF = math.inf
Positive = Annotated[float, Domain("positive", 0, _INF, low_open=True, high_open=True)]
NonNegative = Annotated[float, Domain("non-negative", 0, _INF, high_open=True)]
Decay = Annotated[float, Domain("decay", 0, 1, high_open=True)]
Fraction = Annotated[float, Domain("fraction", 0, 1)]
Real = Annotated[float, Domain("real", -_INF, _INF, low_open=True, high_open=True)]
Count = Annotated[int, Domain("count", 1, _INF, high_open=True, whole=True)]
Several = Annotated[int, Domain("several", 2, _INF, high_open=True, whole=True)]

_REAL: Domain = typing.get_args(Real)[1]


@dataclass(frozen=True)
class HyperParameter:
    """One hyper-parameter.

    `swept` ones are float64 numbers that reach compiled code at run time: changing one recompiles nothing.
    The others (bool, int, a choice of words) are fixed when the formula is traced and may steer a Python ``if``.
    """

    name: str
    default: Value
    domain: Domain | None = None
    choices: tuple[Value, ...] = ()

    @property
    def swept(self) -> bool:
        return self.domain is not None and not self.domain.whole

    @property
    def admits(self) -> str:
        """What values are allowed, in words."""
        return str(self.domain) if self.domain is not None else "one of " + ", ".join(repr(choice) for choice in self.choices)

    def check(self, value: Any, owner: str) -> Value:
        """Return the value in its own type.

        Raises:
            OptlabError: it lies outside the domain.
        """
        if self.domain is not None:
            if isinstance(value, int | float) and not isinstance(value, bool) and value in self.domain:
                return int(value) if self.domain.whole else float(value)
        elif any(value == choice and type(value) is type(choice) for choice in self.choices):
            return value  # type: ignore[no-any-return]
        raise OptlabError(f"{owner}: {self.name} = {value!r} is not allowed; it must be {self.admits}")


def _hyper_parameter(parameter: inspect.Parameter, owner: str) -> HyperParameter:
    default, note, name = parameter.default, parameter.annotation, parameter.name
    if default is inspect.Parameter.empty:
        raise OptlabError(f"{owner}: the hyper-parameter {name} has no default; write {name}: Positive = 1e-3, for example")
    origin, arguments = typing.get_origin(note), typing.get_args(note)
    domain: Domain | None = None
    choices: tuple[Value, ...] = ()
    if origin is typing.Literal:
        choices = arguments
    elif note is bool or isinstance(default, bool):
        choices = (False, True)
    elif any(isinstance(argument, Domain) for argument in arguments):
        domain = next(argument for argument in arguments if isinstance(argument, Domain))
    elif isinstance(default, int | float):
        domain = _REAL
    else:
        raise OptlabError(
            f"{owner}: the hyper-parameter {name} = {default!r} is neither a number nor a choice; annotate it with a domain or Literal[...]"
        )
    found = HyperParameter(name, default, domain, choices)
    return HyperParameter(name, found.check(default, owner), domain, choices)


def signature_of(
    function: Callable[..., Any], owner: str, starred: bool = False, given: Collection[str] = ("t",)
) -> tuple[tuple[str, ...], dict[str, HyperParameter], tuple[str, ...]]:
    """(positional names, hyper-parameters by name, what it takes of `given`) of a plugin's function; `starred` admits ``*x``.

    given: keyword-only names without default that the lab fills in.

    Raises:
        OptlabError: a hyper-parameter without default or domain, ``*args``, ``**kwargs``.
    """
    try:
        parameters = inspect.signature(function, eval_str=True).parameters
    except NameError as error:
        raise OptlabError(f"{owner}: an annotation cannot be read ({error}); import it from optlab.plugin") from error
    positional: list[str] = []
    hyper: dict[str, HyperParameter] = {}
    taken: list[str] = []
    for name, parameter in parameters.items():
        if starred and parameter.kind is parameter.VAR_POSITIONAL:
            positional.append(f"*{name}")
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise OptlabError(f"{owner}: *{name} is not allowed; name every argument")
        if parameter.kind is not parameter.KEYWORD_ONLY:
            positional.append(name)
        elif name in given and parameter.default is parameter.empty:
            taken.append(name)
        else:
            hyper[name] = _hyper_parameter(parameter, owner)
    return tuple(positional), hyper, tuple(taken)


def complete(hyper: Mapping[str, HyperParameter], given: Mapping[str, Any], owner: str) -> dict[str, Value]:
    """Every hyper-parameter's value: the checked given one, else its default, in declared order.

    Raises:
        OptlabError: an unknown name, or a value outside its domain.
    """
    from optlab.errors import nearest

    for name in given:
        if name not in hyper:
            known = ", ".join(hyper) or "none"
            raise OptlabError(f"{owner} has no hyper-parameter {name!r}{nearest(name, list(hyper))}; it has: {known}")
    return {name: one.check(given.get(name, one.default), owner) for name, one in hyper.items()}
