"""At which hyper-parameters a plugin is checked: its defaults, each of its other options, and other values of all that is swept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from optlab.base import Plugin
from optlab.hyper import HyperParameter, Value


def settings(plugin: Plugin) -> Iterator[tuple[str, dict[str, Value]]]:
    """(words, values) of each setting; the first is the defaults, with no words."""
    defaults = plugin.values({})
    yield "", defaults
    for name, one in plugin.hyper.items():
        for choice in one.choices:
            if choice != one.default:
                yield f"{name}={choice!r}", {**defaults, name: choice}
        if not one.choices and not one.swept:
            more = int(one.default) + 1
            yield f"{name}={more}", {**defaults, name: more}
    other = {name: _other(one) for name, one in plugin.hyper.items() if one.swept}
    if other:
        yield ", ".join(f"{name}={value:g}" for name, value in other.items()), {**defaults, **other}


def _other(one: HyperParameter) -> Any:
    """A value of the domain that is not the default."""
    default = float(one.default)
    tries = (1.5 * default, default + 0.25, 0.75 * default, default - 0.25)
    return next((value for value in tries if value != default and one.domain is not None and value in one.domain), default)
