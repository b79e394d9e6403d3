"""Numbers and names as one reads them: the same words in the terminal, on the page and inside the pictures."""

import math
from collections.abc import Sequence

METRICS = {"accuracy": "accuracy", "r2": "R²", "negated loss": "negated loss"}
"""Larger is better in all of them; the last is that of published runs without an accuracy (`optlab.published`)."""


def number(value: float, digits: int = 3) -> str:
    """Return a metric with a fixed number of decimals; ``diverged`` for -inf and an en dash for NaN."""
    if math.isnan(value):
        return "\N{EN DASH}"
    if math.isinf(value):
        return "diverged" if value < 0 else "never"
    return f"{value:.{digits}f}" if abs(value) < 1e4 else f"{value:.2e}"


def span(low: float, high: float) -> str:
    """Return the range from ``low`` to ``high``, as one value where both read the same."""
    first, last = number(low), number(high)
    return first if first == last else f"{first} to {last}"


def setting(value: object) -> str:
    """Return a hyper-parameter as one types it: 0.03162... as ``0.0316``, 1e-4 as ``1e-4``, text as it is."""
    if not isinstance(value, float):
        return str(value)
    text = f"{value:.3g}" if value == 0 or 1e-3 <= abs(value) < 1e5 else f"{value:.3g}" if math.isnan(value) else f"{value:.2e}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        text = f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"
    return text


def count(value: float) -> str:
    """Return a number of steps or trials with thin thousands: 16,200; ``never`` for infinity."""
    return "never" if math.isinf(value) else f"{value:,.1f}".removesuffix(".0")


def seconds(value: float) -> str:
    """Return a duration in the unit that keeps it short."""
    if math.isinf(value):
        return "never"
    for scale, unit in ((1.0, "s"), (1e-3, "ms")):
        if value >= scale:
            return f"{value / scale:.3g} {unit}" if value < 1000 * scale else f"{value:,.0f} {unit}"
    return f"{value / 1e-6:.3g} µs"


def flops(value: float) -> str:
    """Return a number of floating-point operations with its SI prefix."""
    if math.isinf(value):
        return "never"
    for scale, unit in ((1e15, "PFLOP"), (1e12, "TFLOP"), (1e9, "GFLOP"), (1e6, "MFLOP"), (1e3, "kFLOP")):
        if value >= scale:
            return f"{value / scale:.3g} {unit}"
    return f"{value:.0f} FLOP"


def listed(names: Sequence[str], most: int = 4) -> str:
    """Return ``a, b and c``; beyond ``most`` names ``a, b, c and 3 more``."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def plural(amount: int, noun: str) -> str:
    """Return ``1 replicate`` or ``3 replicates``."""
    return f"{amount:,} {noun}" + ("" if amount == 1 else "s")
