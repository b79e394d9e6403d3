"""One number beside the published one, and how the two are compared."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Number:
    """ours, published: the two values. shown: the format of both. source: who published it, where.

    agreement: what is asked of the two, in words. ok: whether it holds; None for what is shown and not asked.
    """

    what: str
    ours: float
    published: float
    source: str
    agreement: str
    ok: bool | None
    shown: str = ".6g"

    def record(self) -> dict[str, Any]:
        """For JSON, which has no numbers that are not finite: those become null."""
        fields = asdict(self)
        del fields["shown"]
        return {name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in fields.items()}

    def text(self) -> tuple[str, str]:
        """(ours, published) as they are shown."""
        return format(self.ours, self.shown), format(self.published, self.shown)


def to_decimals(what: str, ours: float, published: float, source: str, decimals: int) -> Number:
    """Agree when rounded to as many decimals."""
    same = round(float(ours), decimals) == round(published, decimals)
    return Number(what, float(ours), published, source, f"to {decimals} decimals", same, f".{decimals}f")


def relative(what: str, ours: float, published: float, source: str, tolerance: float, shown: str = ".6g") -> Number:
    """Agree to a share of the published value."""
    near = abs(ours - published) <= tolerance * abs(published)
    return Number(what, float(ours), published, source, f"within {tolerance:g} of it", bool(near), shown)


def at_most(what: str, ours: float, bound: float, source: str, shown: str = ".2g") -> Number:
    """Stay at or below a bound, such as the rounding that a closed form allows."""
    return Number(what, float(ours), bound, source, "at most", bool(ours <= bound), shown)


def equal(what: str, ours: float, published: float, source: str, shown: str = ".6g") -> Number:
    """Agree exactly."""
    return Number(what, float(ours), published, source, "equal", bool(ours == published), shown)


def near(what: str, ours: float, published: float, source: str, spread: float, words: str, shown: str = ".2f") -> Number:
    """Differ by no more than a spread, which `words` name."""
    return Number(what, float(ours), published, source, f"within {words}, {spread:.2g}", bool(abs(ours - published) <= spread), shown)


def remark(what: str, ours: float, published: float, source: str, words: str, shown: str = ".6g") -> Number:
    """Two numbers of different protocols side by side, which need not agree; `words` say why."""
    return Number(what, float(ours), published, source, words, None, shown)
