"""What a rule's name claims: the family it says it belongs to."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

ALSO: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "sgd": ("gd", "momentum", "nesterov"),
        "gradientdescent": ("gd",),
        "heavyball": ("momentum",),
        "momentum": ("momentum", "nesterov"),
        "sgdmomentum": ("momentum", "nesterov"),
        "momentumsgd": ("momentum", "nesterov"),
        "nag": ("nesterov",),
        "adam": ("adam", "adamw", "amsgrad"),
        "adamw": ("adamw", "amsgrad"),
        "signmomentum": ("signum",),
    }
)
"""What a name covers where that is not the one family of the same name: options of torch.optim.Adam turn it into AdamW and AMSGrad."""

_NEUTRAL = frozenset(
    {
        "my", "mine", "own", "our", "the", "a", "plain", "simple", "basic", "vanilla", "naive", "numpy", "custom", "course", "student",
        "students", "homework", "project", "new", "old", "test", "example", "optimizer", "optimiser", "rule", "method", "update", "torch",
        "tf", "tensorflow", "keras", "optax", "jax", "pytorch", "reference", "twin", "copy", "formula", "v",
    }
)  # fmt: skip
"""Words of a name that claim nothing."""


@dataclass(frozen=True)
class Claim:
    """families: those that the name stands for; whole: the name says nothing else, so that the rule must be one of them."""

    families: tuple[str, ...]
    whole: bool


def claim(name: str, known: Collection[str]) -> Claim:
    """What a rule of this name should be, of the known families."""
    parts = [re.sub(r"\d+$", "", part) for part in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower())]
    parts = [part for part in parts if part and part not in _NEUTRAL]
    found = _covered("".join(parts), known)
    if found:
        return Claim(found, whole=True)
    spans = [parts[i:j] for length in range(len(parts) - 1, 0, -1) for i in range(len(parts) - length + 1) for j in (i + length,)]
    inside = [family for span in spans for family in _covered("".join(span), known)]
    return Claim(tuple(dict.fromkeys(inside)), whole=False)


def _covered(word: str, known: Collection[str]) -> tuple[str, ...]:
    if word in ALSO:
        return tuple(family for family in ALSO[word] if family in known)
    return tuple(family for family in known if family.replace("_", "") == word)
