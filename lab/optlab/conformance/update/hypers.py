"""From a rule's hyper-parameters to those of a dialect: the same thing goes by many names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from optlab.conformance.dialects.record import Dialect
from optlab.hyper import HyperParameter, Value
from optlab.rules import Rule

SYNONYMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lr": ("learning_rate", "eta", "step_size", "rate", "gamma", "alpha", "step", "a", "learningrate"),
        "mu": ("momentum", "beta", "gamma", "beta1", "b1", "alpha", "m", "rho", "friction"),
        "rho": ("decay", "decay_rate", "alpha", "beta", "beta2", "b2", "gamma", "smoothing", "rho1"),
        "beta1": ("b1", "beta_1", "rho1", "mu", "momentum", "beta", "rho_1"),
        "beta2": ("b2", "beta_2", "rho2", "rho", "decay", "rho_2", "beta"),
        "beta3": ("b3", "beta_3", "rho3"),
        "eps": ("epsilon", "delta", "e", "fudge", "tiny", "eps1"),
        "weight_decay": ("wd", "l2", "decay", "lambda_", "lam", "lmbda", "lambd"),
        "dampening": ("damping",),
        "initial": ("initial_accumulator_value", "start", "first", "reps", "r_eps"),
        "lr_decay": ("decay",),
        "momentum_decay": ("schedule_decay", "psi"),
        "eta_minus": ("eta1", "etaminus", "shrink", "decrease", "eta_down", "factor_down"),
        "eta_plus": ("eta2", "etaplus", "grow", "increase", "eta_up", "factor_up"),
        "step_min": ("min_step", "delta_min", "smallest", "low", "lr_min"),
        "step_max": ("max_step", "delta_max", "largest", "high", "lr_max"),
    }
)
SETTINGS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "lr": (0.03, 0.2),
        "mu": (0.8, 0.95),
        "rho": (0.95, 0.8),
        "beta1": (0.85, 0.6),
        "beta2": (0.97, 0.9),
        "beta3": (0.98, 0.92),
        "eps": (1e-3, 3e-2),  # of the size of the gradients, so that where it stands is seen
        "weight_decay": (0.2, 0.05),
        "dampening": (0.3, 0.6),
        "initial": (0.5, 0.2),
        "lr_decay": (0.1, 0.4),
        "eta_minus": (0.5, 0.3),
        "eta_plus": (1.2, 1.6),
        "step_min": (1e-3, 0.3),  # the second above lr: whether the first step size is bounded
        "step_max": (0.5, 4.0),
        "lambd": (0.1, 0.02),
        "warmup": (20.0, 60.0),
        "eps_root": (1e-3, 2e-2),
        "threshold": (4.5, 6.0),
        "trust": (0.02, 0.3),
        "d0": (1e-3, 1e-2),
        "nu1": (0.7, 0.4),
        "nu2": (0.8, 0.5),
        "alpha": (0.6, 3.0),
        "momentum_decay": (0.05, 0.4),
    }
)
ASSUMED: Mapping[str, tuple[float, ...]] = MappingProxyType({"eps": (1e-8, 1e-7, 1e-10, 1e-6, 0.0), "mu": (0.9,), "rho": (0.9, 0.99)})
"""What a rule has most often built in where it has no such hyper-parameter; the dialect's default is tried first."""


@dataclass(frozen=True)
class Mapped:
    """A dialect with a rule's hyper-parameters.

    names: rule's name -> dialect's; extra: hyper-parameters of the rule that the dialect does not have; assumed: those of the dialect
    that the rule does not have, with the value taken for them.
    """

    dialect: Dialect
    names: Mapping[str, str]
    extra: tuple[str, ...]
    assumed: Mapping[str, float]

    @property
    def far(self) -> int:
        """How much is left unexplained."""
        return len(self.extra) + len(self.assumed)

    def hyper(self, values: Mapping[str, Value]) -> dict[str, float]:
        """The dialect's hyper-parameters at the rule's values."""
        return {**self.assumed, **{own: float(values[name]) for name, own in self.names.items()}}


def names(rule: Rule, dialect: Dialect) -> dict[str, str]:
    """Rule's hyper-parameter -> the dialect's: the same names first, then synonyms in the order of `SYNONYMS`."""
    numbers = [name for name, one in rule.hyper.items() if one.domain is not None]
    found = {name: name for name in numbers if name in dialect.hyper}
    for own in dialect.hyper:
        if own not in found.values():
            mine = next((name for name in SYNONYMS.get(own, ()) if name in numbers and name not in found), None)
            if mine is not None:
                found[mine] = own
    return found


def mapped(rule: Rule, dialect: Dialect) -> Iterator[Mapped]:
    """The dialect with the rule's hyper-parameters, once for each likely value of those that the rule does not have."""
    found = names(rule, dialect)
    extra = tuple(name for name in rule.swept if name not in found)
    missing = [own for own in dialect.hyper if own not in found.values()]
    if len(missing) > 2:  # hardly the same rule; its defaults are enough
        yield Mapped(dialect, found, extra, {own: dialect.hyper[own] for own in missing})
        return
    choices = [tuple(dict.fromkeys((dialect.hyper[own], *ASSUMED.get(own, ())))) for own in missing]
    for taken in itertools.product(*choices):
        yield Mapped(dialect, found, extra, dict(zip(missing, taken, strict=True)))


def settings(rule: Rule, one: Mapped, defaults: Mapping[str, Value]) -> list[dict[str, Value]]:
    """Three settings of the rule: two at which the dialects of a family differ, and the given defaults."""
    out: list[dict[str, Value]] = []
    for k in (0, 1):
        values = dict(defaults)
        for name in rule.swept:
            wanted = SETTINGS.get(one.names.get(name, name))
            values[name] = admitted(rule.hyper[name], float(defaults[name]), () if wanted is None else (wanted[k],), k)
        out.append(values)
    return [*out, dict(defaults)]


def admitted(one: HyperParameter, default: float, wanted: tuple[float, ...], k: int) -> float:
    """The first of the wanted values, then of some near the default, that the domain holds."""
    near = (0.8 * default, 1.25 * default) if k == 0 else (1.25 * default, 0.8 * default)
    tries = (*wanted, *near, default + 0.25, default - 0.25)
    return next((value for value in tries if value != default and one.domain is not None and value in one.domain), default)


def neutral(rule: Rule, extra: tuple[str, ...]) -> dict[str, float] | None:
    """Those hyper-parameters at 0, where all of them may be 0."""
    domains = [rule.hyper[name].domain for name in extra]
    return dict.fromkeys(extra, 0.0) if all(domain is not None and 0.0 in domain for domain in domains) else None
