"""The hooks. A plugin is a module found by the entry-point group ``optlab`` (or a file given with ``--plugin``) that implements any."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pluggy

hookspec = pluggy.HookspecMarker("optlab")

Register = Callable[[Any], None]


@hookspec
def register_optimizers(register: Register) -> None:
    """Call ``register(rule)`` with each update rule made by ``@optimizer``, ``@layer_rule`` or ``@vector_rule``."""


@hookspec
def register_stages(register: Register) -> None:
    """Call ``register(s)`` with each stage made by ``@stage``, or by ``@layer_rule`` and ``@vector_rule`` with ``stage=True``."""


@hookspec
def register_activations(register: Register) -> None:
    """Call ``register(f)`` with each function made by ``@activation``."""


@hookspec
def register_costs(register: Register) -> None:
    """Call ``register(c)`` with each cost made by ``@cost`` or ``@row_cost``."""


@hookspec
def register_problems(register: Register) -> None:
    """Call ``register(p)`` with each data set made by ``@problem``."""


@hookspec
def register_objectives(register: Register) -> None:
    """Call ``register(f)`` with each formula made by ``@objective``."""


@hookspec
def register_schedules(register: Register) -> None:
    """Call ``register(s)`` with each schedule made by ``@schedule``."""


@hookspec
def register_initializers(register: Register) -> None:
    """Call ``register(i)`` with each initializer made by ``@initializer``."""
