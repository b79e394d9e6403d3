"""All optimizers on one objective from common starts, each at the learning rate that one rule chooses for all.

The rule: of the learning rates 1e-5, 3.16e-5, ... 10 (half decades) those at which the fewest runs diverge, and of them the one with the
lowest mean, over the starts, of the objective after the last step; of equal ones the smallest rate. All other hyper-parameters are
at their defaults. Optimizers without a learning rate run as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab.errors import OptlabError
from optlab.hyper import Value
from optlab.kinds import Objective
from optlab.objectives.descent import Descent, descend
from optlab.objectives.models import model_of
from optlab.objectives.quadratics import Quadratic, quadratic
from optlab.registry import Catalogue
from optlab.rules import Rule
from optlab.streams import Streams

Array = npt.NDArray[Any]

RATES = tuple(float(f"{10 ** (k / 2):.3g}") for k in range(-10, 3))
STEPS, STARTS = 500, 3
GRID = 101  # points per side of the contour grid
TOLERANCE = 1e-6  # of the value at the first start: "reached the minimum"


@dataclass(frozen=True, eq=False)
class Entry:
    """One optimizer: what each learning rate came to (see `score_of`), the chosen rate, and its runs, one per start."""

    optimizer: str
    scores: tuple[tuple[int, float], ...]
    rate: float | None
    runs: tuple[Descent, ...]

    @property
    def at_edge(self) -> bool:
        """Whether the best rate is the smallest or the largest tried: a better one may lie beyond."""
        return self.rate in (RATES[0], RATES[-1])

    @property
    def score(self) -> tuple[int, float]:
        return score_of(self.runs)


@dataclass(frozen=True, eq=False)
class Comparison:
    """What the report shows of one objective. `contour` is (x, y, values[y, x]) over the box, in two dimensions."""

    name: str
    doc: str
    formula: tuple[str, ...]
    minimum: float | None
    at: tuple[tuple[float, ...], ...]
    box: tuple[tuple[float, float], ...]
    starts: Array
    steps: int
    entries: tuple[Entry, ...]
    contour: tuple[Array, Array, Array] | None

    @property
    def gap_to_reach(self) -> float:
        """A run has reached the minimum when it is this close above it."""
        first = np.mean([run.values[0] for run in self.entries[0].runs])
        return TOLERANCE * float(first - (self.minimum or 0.0))


def score_of(runs: Sequence[Descent]) -> tuple[int, float]:
    """(runs that diverged, mean final value of the others): smaller is better, in this order."""
    finals = [run.value for run in runs if run.status == "done"]
    return len(runs) - len(finals), float(np.mean(finals)) if finals else float("inf")


def noisy_quadratic() -> Quadratic:
    """20 dimensions, condition number 100, noise 0.1: what the report compares besides formulas."""
    return quadratic(np.geomspace(1, 100, 20), noise=0.1, name="noisy_quadratic")


def objectives_of(catalogue: Catalogue, names: Sequence[str] = ()) -> list[Objective | Quadratic]:
    """The objectives of these names; all of them, and the noisy quadratic, without any.

    Raises:
        OptlabError: a name that is not known.
    """
    wanted = names or [*catalogue["objectives"], "noisy_quadratic"]
    return [noisy_quadratic() if name == "noisy_quadratic" else catalogue.objective(name) for name in wanted]


def starts_of(known: Any, count: int, streams: Streams) -> Array:
    """(count, n): the objective's usual start, then points drawn evenly from its box."""
    rng, box = streams.initialisation(), np.array(known.box)
    drawn = rng.uniform(box[:, 0], box[:, 1], size=(count - 1, len(box)))
    return np.concatenate([[known.start], drawn])


def compare(
    objective: Objective | Quadratic,
    optimizers: Sequence[Rule],
    *,
    options: Mapping[str, Value] | None = None,
    steps: int = STEPS,
    starts: int = STARTS,
    seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Tune and run every optimizer on one objective.

    options: the objective's hyper-parameters. seed: of the drawn starts and of noise. progress: told each optimizer's name.
    """
    if steps < 1 or starts < 1:
        raise OptlabError(f"objectives: steps = {steps} and starts = {starts} must both be at least 1")
    model = model_of(objective, options or {}, "float64", Streams(seed))
    points, entries = starts_of(model.known, starts, Streams(seed)), []
    for rule in optimizers:
        if progress is not None:
            progress(rule.name)
        tuned = "lr" in rule.swept
        scores = []
        for rate in RATES if tuned else ():
            values = rule.values({"lr": rate})
            scores.append(score_of([descend(model, rule, values, point, steps, keep_path=False, every_step=False) for point in points]))
        best = RATES[scores.index(min(scores))] if tuned else None
        values = rule.values({} if best is None else {"lr": best})
        runs = tuple(descend(model, rule, values, point, steps, keep_path=True, every_step=True) for point in points)
        entries.append(Entry(rule.name, tuple(scores), best, runs))
    known, formula = model.known, _formula(objective, options or {})
    contour = _contour(objective, options or {}, known.box) if model.dimension == 2 else None
    return Comparison(
        objective.name, objective.doc, formula, known.minimum, known.at, known.box, points, steps, tuple(entries), contour
    )  # fmt: skip


def _formula(objective: Objective | Quadratic, options: Mapping[str, Value]) -> tuple[str, ...]:
    from optlab.formula import explain

    if isinstance(objective, Quadratic):
        return ()
    return tuple(explain.text(objective.graph(objective.values(options)), (objective.name,)))


def _contour(
    objective: Objective | Quadratic, options: Mapping[str, Value], box: Sequence[tuple[float, float]]
) -> tuple[Array, Array, Array]:
    x, y = (np.linspace(low, high, GRID) for low, high in box)
    X, Y = np.meshgrid(x, y)
    values = objective.values(options) if isinstance(objective, Objective) else {}
    return x, y, np.asarray(objective(X, Y, **values))
