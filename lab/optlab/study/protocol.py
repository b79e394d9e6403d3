"""The protocol of a study: what is compared, over which settings, at what budget, how cells are chosen and what is claimed.

It is made from the study before anything runs, printed by ``optlab run STUDY --dry-run``, and kept in the study's record: as pairs of
name and text for a table, and as a paragraph for the methods section of a paper.
"""

from __future__ import annotations

from dataclasses import dataclass

from optlab.evidence.looks import LOOKS
from optlab.study import axes, extend, fixed, methods
from optlab.study.cells import Dimension, name_of
from optlab.study.cost import steps_of
from optlab.study.spec import Study
from optlab.study.trial import FIRST_CONFIRMATION

ORDERS = {
    "fresh": "a fresh permutation of the rows in each epoch",
    "fixed": "one permutation of the rows for all epochs",
    "cumulative": "each epoch shuffles the order of the last one",
    "replacement": "rows drawn with replacement",
}


@dataclass(frozen=True)
class Protocol:
    """What a study does, as text. `rows`: (name, text), for a table; `methods`: the same for a methods section."""

    rows: tuple[tuple[str, str], ...]
    methods: str

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self.rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in self.rows)

    def pairs(self) -> list[tuple[str, str]]:
        """(name, text) of each part, in the order of a study."""
        return list(self.rows)

    def paragraph(self) -> str:
        """The methods paragraph, ready to paste."""
        return self.methods


def of(study: Study, until_decided: bool = False) -> Protocol:
    """The protocol of a study; `until_decided` as in ``optlab run --until-decided``. Needs the data."""
    labels, spec = [one.label for one in study.contenders], study.spec
    tuned, counts = _tuned(study), _counted(study)
    rows = [
        ("problems", "; ".join(study.datasets.get(label, 0).description for label in study.problems)),
        ("contenders", ", ".join(labels)),
        *tuned,
        ("search", _search(study, counts)),
        ("fixed", "; ".join(fixed.settings(study))),
        ("batch order", _orders(study)),
        ("budget", budget(study)),
    ]
    if spec.halving is not None:
        rows.append(("halving", _halving(study)))
    rows += [
        ("extension", _extension(study)),
        ("replicates", _replicates(study, until_decided)),
        ("splits", splits(study)),
        ("selection", _selection(study)),
        ("divergence", f"a cost that is not finite or beyond {spec.divergence_bound:g} times the initial one; counts as the worst result"),
        ("claims", _claims(study, until_decided)),
    ]
    if spec.target is not None:
        rows.append(("target", f"{spec.target:g}"))
    if study.published is not None:
        rows.append(("published", study.published.text))
    by_contender = {name.partition(": ")[2]: text for name, text in tuned}
    return Protocol(tuple(rows), methods.paragraph(study, dict(rows), by_contender, until_decided))


def _tuned(study: Study) -> list[tuple[str, str]]:
    """Axes by contender; one row where all contenders have the same."""
    texts = {one.label: "; ".join(_axis(*pair) for pair in one.dimensions().items()) or "nothing" for one in study.contenders}
    if len(set(texts.values())) == 1:
        return [("tuned", next(iter(texts.values())))]
    return [(f"tuned: {label}", text) for label, text in texts.items()]


def _axis(dimension: Dimension, values: axes.Values) -> str:
    name = name_of(dimension)
    return f"{fixed.NAMES.get(name, name)}: {axes.words(values)}"


def _counted(study: Study) -> dict[str, int]:
    """Cells of each contender, on the first problem: the others have as many."""
    first, counts = next(iter(study.problems)), dict.fromkeys((one.label for one in study.contenders), 0)
    for cell in study.cells(problems=(first,)):
        counts[cell.contender] += 1
    return counts


def _search(study: Study, counts: dict[str, int]) -> str:
    spec, same = study.spec, len(set(counts.values())) == 1
    each = f"{next(iter(counts.values()))} cells each" if same else ", ".join(f"{label} {n}" for label, n in counts.items()) + " cells"
    if spec.search == "grid":
        return f"grid, every combination: {each}"
    method = {"random": "random", "sobol": "Sobol (scrambled)", "halton": "Halton (scrambled)"}[spec.search]
    text = f"{method}, the same budget of {spec.trials} cells for each contender, seed {spec.seed}; same axes, same draws"
    return text if same and counts and next(iter(counts.values())) == spec.trials else f"{text}; where the axes hold fewer, all: {each}"


def _orders(study: Study) -> str:
    used = dict.fromkeys(order for one in study.contenders for order in axes.listed(one.axes["order"]))
    return "; ".join(f"{order}: {ORDERS[order]}" for order in used)


def budget(study: Study) -> str:
    """What each trial may spend, and what that comes to where it is rounded."""
    given = study.spec.budget
    if given is not None and given.unit == "seconds":
        return (
            f"{given.amount:g} seconds of training per trial, at most {_epochs(study)} epochs; "
            "how far a trial gets depends on the machine and its load: not reproducible"
        )
    if given is None or given.unit == "epochs":
        return f"{_epochs(study)} epochs per trial{_steps(study)}"
    found: dict[str, list[int]] = {}
    for cell in study.cells():
        found.setdefault(cell.problem, []).append(cell.settings.epochs)
    texts = [f"{_span(epochs)} epochs on {problem}" for problem, epochs in found.items()]
    amount = f"{given.amount:,.0f} steps" if given.unit == "steps" else f"{given.amount:.4g} FLOPs of training"
    return f"{amount} per trial, rounded to whole epochs: {', '.join(texts)}"


def _epochs(study: Study) -> str:
    return ", ".join(dict.fromkeys(axes.words(one.axes["epochs"]) for one in study.contenders))


def _steps(study: Study) -> str:
    """`` (510 steps on digits)`` where that is one number for each problem."""
    size, number = fixed.shared(study, "batch_size"), fixed.shared(study, "epochs")
    if size is None or number is None:
        return ""
    rows = {problem: len(study.datasets.get(problem, 0).train) for problem in study.problems}
    return f" ({', '.join(f'{number * steps_of(size, n):,} steps on {problem}' for problem, n in rows.items())})"


def _span(numbers: list[int]) -> str:
    return f"{numbers[0]:,}" if min(numbers) == max(numbers) else f"{min(numbers):,} to {max(numbers):,}"


def _halving(study: Study) -> str:
    halving = study.spec.halving
    assert halving is not None
    stay = f"after {', '.join(map(str, halving.epochs))} epochs the better {halving.keep:.0%} of each contender's cells stay"
    return f"{stay}; a rung is a run of its own; the stopped are listed"


def _extension(study: Study) -> str:
    if not study.spec.extend:
        return "none: a chosen cell at the edge of its grid is marked"
    grows = f"grows there by {extend.POINTS} points, at most {extend.ROUNDS} times"
    return f"a grid whose chosen cell lies on its edge {grows}, for each problem and contender"


def _replicates(study: Study, until_decided: bool) -> str:
    spec = study.spec
    text = f"{spec.seeds} to choose cells ({f'0 to {spec.seeds - 1}' if spec.seeds > 1 else '0'})"
    if until_decided:
        sizes = ", ".join(map(str, LOOKS))
        text += f"; {sizes} fresh ones of the chosen cells (from {FIRST_CONFIRMATION}), until the claims are decided"
    elif spec.confirm:
        text += f"; {spec.confirm} fresh ones of the chosen cells (from {FIRST_CONFIRMATION})"
    else:
        text += ", none to confirm them"
    return f"{text}; study seed {spec.seed}"


def splits(study: Study) -> str:
    """How rows are shared out among training, validation and test."""
    spec = study.spec
    if spec.folds:
        covers = "" if spec.seeds % spec.folds == 0 else f"; {spec.seeds} tuning replicates do not use the {spec.folds} folds equally often"
        return f"one test set ({spec.test:g}), {spec.folds} folds of the rest: replicate r validates on fold r mod {spec.folds}{covers}"
    shares = f"validation {spec.validation:g}, test {spec.test:g} of the rows"
    return f"{shares}; {'a new split for each replicate' if spec.resplit else 'all replicates share one split'}"


def _selection(study: Study) -> str:
    validated = all(study.datasets.get(label, 0).validation is not None for label in study.problems)
    data = "validation" if validated else "validation (where there is none, training)"
    trained = "of those that train in more than half of them"
    return f"the cell with the highest {study.spec.select} {data} metric over the tuning replicates, {trained}"


def _claims(study: Study, until_decided: bool) -> str:
    spec = study.spec
    if not spec.confirm and not until_decided:
        return "none: no cell is confirmed on fresh replicates"
    text = (
        "from the fresh replicates alone, on test, at the cells chosen: "
        f"paired sign-flip tests of all pairs, {methods.correction(study)}-corrected at 5 %"
    )
    if until_decided:
        text += f" (each of the {len(LOOKS)} looks at {5 / len(LOOKS):g} %)"
    if spec.resplit:
        text += ", variances with the Nadeau-Bengio factor"
    else:
        text += ", for this split"
    if spec.smallest_difference:
        text += f"; equivalent where two one-sided tests put the difference within {spec.smallest_difference:g}"
    return text + "; everything else is exploratory"
