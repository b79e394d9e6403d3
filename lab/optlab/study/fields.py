"""How each kind of key of a study file is read: one value, a list or a grid becomes a tuple of checked values, a range a checked range.

Every reader raises ValueError whose text is the rest of a sentence that begins with file and key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BeforeValidator

from optlab.errors import nearest
from optlab.hyper import Domain
from optlab.study import axes

LONGEST_TITLE = 200
"""Bytes of a study's name: file systems allow 255, and a few letters come on top."""

Reader = Callable[[Any], Any]
_INF = float("inf")
ANY = Domain("real", -_INF, _INF, low_open=True, high_open=True)
LIMIT = Domain("limit", 0, _INF, high_open=True)
POSITIVE = Domain("positive", 0, _INF, low_open=True, high_open=True)
COUNT = Domain("count", 1, 1e9, whole=True)
NATURAL = Domain("natural", 0, 1e9, whole=True)
DEPTH = Domain("depth", 0, 1000, whole=True)
NODES = Domain("nodes", 1, 1_000_000, whole=True)
SEED = Domain("seed", 0, 2**63, whole=True, high_open=True)
SHARE = Domain("share", 0, 1, high_open=True)


def _refuse(value: Any, must: str) -> ValueError:
    return ValueError(f"{value!r} is not allowed; it must be {must}")


def number(domain: Domain) -> Reader:
    """One number of the domain, as float (or int where the domain is whole)."""

    def read(value: Any) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float) or value not in domain:
            raise _refuse(value, str(domain))
        return int(value) if domain.whole else float(value)

    return read


def word(*choices: str) -> Reader:
    """One of a few words."""

    def read(value: Any) -> str:
        if value not in choices:
            hint = nearest(value, choices) if isinstance(value, str) else ""
            raise ValueError(f"{value!r} is not allowed{hint}; it must be one of {', '.join(map(repr, choices))}")
        return str(value)

    return read


def identifier(value: Any) -> str:
    """A name; whether there is such a thing is seen when the plugins are loaded."""
    if not isinstance(value, str) or not value.strip():
        raise _refuse(value, "a name between quotes")
    return value


def title(value: Any) -> str:
    """A study's name: it also names the folder of the report, so it must not lead elsewhere."""
    found = identifier(value)
    if found.startswith(".") or any(sign in found for sign in "/\\\0") or not found.isprintable() or len(found.encode()) > LONGEST_TITLE:
        must = "a name without slashes and control characters that does not begin with a dot"
        raise _refuse(value, f"{must} and has at most {LONGEST_TITLE} bytes")
    return found


def switch(value: Any) -> bool:
    """true or false."""
    if not isinstance(value, bool):
        raise _refuse(value, "true or false")
    return value


def network(value: Any) -> tuple[int, ...]:
    """Nodes of each hidden layer; an empty list is a network without any."""
    if not isinstance(value, list | tuple):
        raise _refuse(value, "a list with the number of nodes of each hidden layer, such as [50] or []")
    return tuple(number(NODES)(nodes) for nodes in value)


def networks(value: Any) -> tuple[tuple[int, ...], ...]:
    """A list of numbers is one network, a list of lists an axis of networks."""
    if isinstance(value, list | tuple) and any(isinstance(one, list | tuple) for one in value):
        return tuple(network(one) for one in axes.values(value))
    return (network(value),)


def activation(value: Any) -> str | tuple[str, ...]:
    """One name for every hidden layer, or a list with a name for each."""
    if isinstance(value, list | tuple):
        return tuple(identifier(one) for one in value)
    return identifier(value)


def batch(value: Any) -> int | str:
    """Rows of a mini-batch, or "full"."""
    if value == "full":
        return "full"
    if isinstance(value, float) and value.is_integer():  # of a grid
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _refuse(value, 'a whole number >= 1 or "full"')
    return value


def scale(value: Any) -> str | float:
    """How features are scaled: a word, or a number to divide by."""
    return word("standard", "minmax", "none")(value) if isinstance(value, str) else float(number(POSITIVE)(value))


def scalar(value: Any) -> Any:
    """A hyper-parameter's value; its domain is known once the plugins are loaded."""
    if not isinstance(value, bool | int | float | str):
        raise _refuse(value, "a number, a word, true or false")
    return value


def axis(read: Reader, whole: bool = False) -> Reader:
    """The reader of a key for which a list, a grid or a range is an axis; of `whole` numbers the values of a grid are rounded."""

    def values(value: Any) -> axes.Values:
        if axes.is_range(value):
            found = axes.searched(value)
            for end in (found.low, found.high):
                read(end)
            return found
        given = axes.values(value)
        if whole and axes.is_grid(value):
            given = [round(one) for one in given]
        return tuple(dict.fromkeys(read(one) for one in given))

    return values


def one(read: Reader) -> Reader:
    """The reader of a key that takes one value and no axis."""

    def single(value: Any) -> Any:
        if isinstance(value, list | tuple) or axes.is_grid(value):
            raise ValueError(f"{value!r} is a list, but this key takes one value and is no axis")
        return read(value)

    return single


Numbers = Annotated[tuple[float, ...] | axes.Range, BeforeValidator(axis(number(ANY)))]
Strengths = Annotated[tuple[float, ...] | axes.Range, BeforeValidator(axis(number(LIMIT)))]
Counts = Annotated[tuple[int, ...] | axes.Range, BeforeValidator(axis(number(NATURAL), whole=True))]
Depths = Annotated[tuple[int, ...] | axes.Range, BeforeValidator(axis(number(DEPTH), whole=True))]
Sizes = Annotated[tuple[int, ...] | axes.Range, BeforeValidator(axis(number(NODES), whole=True))]
Names = Annotated[tuple[str, ...], BeforeValidator(axis(identifier))]
Switches = Annotated[tuple[bool, ...], BeforeValidator(axis(switch))]
Networks = Annotated[tuple[tuple[int, ...], ...], BeforeValidator(networks)]
Activations = Annotated[tuple[str | tuple[str, ...], ...], BeforeValidator(axis(activation))]
Batches = Annotated[tuple[int | str, ...] | axes.Range, BeforeValidator(axis(batch, whole=True))]
