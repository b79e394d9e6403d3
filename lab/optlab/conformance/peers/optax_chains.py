"""optax as a peer: the tape runs through ``jax.lax.scan`` in float64, hyper-parameters are traced so that settings share a compilation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from importlib import import_module
from typing import Any

from optlab.conformance.peers.record import Array, Hyper, Peer, Sizes, joined, tensors

Make = Callable[[Any, Hyper], Any]  # optax, hyper -> GradientTransformation
Only = Mapping[str, Any]


@cache
def _compiled(make: Make, fixed: tuple[tuple[str, Any], ...]) -> Any:
    jax, optax = import_module("jax"), import_module("optax")
    import_module("optax.contrib")

    def path(start: Any, tape: Any, swept: Mapping[str, Any]) -> Any:
        rule = make(optax, Hyper({**dict(fixed), **swept}))

        def step(carry: Any, gradient: Any) -> Any:
            w, state = carry
            updates, state = rule.update(gradient, state, w)
            w = optax.apply_updates(w, updates)
            return (w, state), w

        # optax counts steps in int32, of which jax takes a float32 root (MADGRAD); in int64 it takes float64.
        state = jax.tree.map(lambda leaf: leaf.astype("int64") if leaf.dtype == "int32" else leaf, rule.init(start))
        return jax.lax.scan(step, (start, state), tape)[1]

    return jax.jit(path)


def _run(make: Make, only: Only, tape: Array, start: Array, hyper: Mapping[str, Any], sizes: Sizes) -> Array:
    jax = import_module("jax")
    Hyper(hyper).require(**only)
    swept = {name: value for name, value in hyper.items() if type(value) is float}
    fixed = tuple((name, value) for name, value in hyper.items() if name not in swept)
    with jax.enable_x64(True):
        parts = _compiled(make, fixed)(tensors(start, sizes), tensors(tape, sizes), swept)
        return joined(parts, len(tape))


def peer(rule: str, name: str, make: Make, *settings: Only, only: Only | None = None, layered: bool = False) -> Peer:
    """A peer that optax calls `name`; `only` are the values of options at which it is the same rule."""
    fixed = {name: value for name, value in (only or {}).items() if not isinstance(value, tuple)}
    return Peer(rule, f"optax.{name}", "optax", partial(_run, make, only or {}), tuple({**fixed, **one} for one in settings), layered)
