"""The protocol of a study as the paragraph of a methods section: whole sentences, each true by itself, so that an author may cut."""

from __future__ import annotations

from collections.abc import Mapping

from optlab.evidence import words
from optlab.evidence.looks import LOOKS
from optlab.study import environment, extend
from optlab.study.axes import listed
from optlab.study.spec import Study

SHORT = {"fresh": "freshly shuffled in each epoch", "fixed": "in one fixed order", "cumulative": "reshuffled from epoch to epoch",
         "replacement": "drawn with replacement"}  # fmt: skip
SEARCHED = {"random": "drawn at random", "sobol": "from a scrambled Sobol sequence", "halton": "from a scrambled Halton sequence"}


def paragraph(study: Study, text: Mapping[str, str], tuned: Mapping[str, str], until_decided: bool) -> str:
    """The paragraph. text: the rows of the protocol; tuned: contender, or "" for all of them, -> its axes."""
    spec = study.spec
    names = words.listed([one.label for one in study.contenders], most=len(study.contenders))
    said = [f"We trained dense networks with {names} on {_problems(study)}.", f"All runs shared {text['fixed']}."]
    said.append(f"Mini-batches were {_orders(study)}; the budget was {text['budget']}.")
    for label, axes in tuned.items():
        said.append(f"{label or _everyone(study)} {'was' if label or len(study.contenders) == 1 else 'were'} tuned over {axes}.")
    if spec.search == "grid":
        said.append(f"All combinations were tried ({text['search'].partition(': ')[2]}).")
    else:
        said.append(f"Each had the same budget of {spec.trials} settings, {SEARCHED[spec.search]} (seed {spec.seed}).")
    if spec.halving is not None:
        rungs = words.listed([str(one) for one in spec.halving.epochs])
        said.append(f"Settings were stopped by successive halving: after {rungs} epochs the better {spec.halving.keep:.0%} went on.")
    if spec.extend:
        said.append(f"A grid whose best cell lay on its edge was extended there by {extend.POINTS} points, up to {extend.ROUNDS} times.")
    tuning = words.plural(spec.seeds, "tuning replicate")
    said.append(f"Each setting was run with {tuning}; for each optimizer we chose {text['selection']}.")
    said.append(_splits(study))
    said.append(f"A run counted as diverged, the worst result, at {text['divergence'].partition(';')[0]}.")
    said += _claims(study, until_decided)
    if study.published is not None:
        shown = words.listed(study.published.names, most=len(study.published.names))
        said.append(f"Published runs of {shown} are shown beside, unpaired; no claim and no test rests on them.")
    return " ".join([*said, f"All runs used optlab {environment.describe()['optlab']}."])


def _problems(study: Study) -> str:
    found = []
    for label in study.problems:
        data = study.datasets.get(label, 0)
        parts = ((data.train, "training"), (data.validation, "validation"), (data.test, "test"))
        rows = ", ".join(f"{len(part)} {role}" for part, role in parts if part is not None)
        found.append(f"{label} ({data.task}; {rows} rows)")
    return words.listed(found, most=len(found))


def _everyone(study: Study) -> str:
    return "All optimizers" if len(study.contenders) > 1 else "It"


def _orders(study: Study) -> str:
    orders = dict.fromkeys(order for one in study.contenders for order in listed(one.axes["order"]))
    return " or ".join(SHORT[order] for order in orders)


def _splits(study: Study) -> str:
    spec = study.spec
    if spec.folds:
        return f"One test set was held out; replicates validated on the {spec.folds} folds of the other rows in turn."
    if spec.resplit:
        return "Each replicate had its own split, initial weights and mini-batch order, the same for all optimizers."
    return "All replicates shared one split; initial weights and mini-batch order were drawn anew for each, the same for all optimizers."


def correction(study: Study) -> str:
    """By whose method the claims of a study are corrected together; why: `optlab.evidence.claims`."""
    return "Bonferroni" if study.spec.smallest_difference else "Holm"


def _claims(study: Study, until_decided: bool) -> list[str]:
    spec = study.spec
    if not spec.confirm and not until_decided:
        return ["No setting was confirmed on fresh replicates, so nothing is claimed."]
    number = ", ".join(map(str, LOOKS)) if until_decided else str(spec.confirm)
    looked = f", looked at in turn until decided, each look at {5 / len(LOOKS):g} %" if until_decided else ""
    fresh = f"The chosen settings were run again with {number} fresh replicates{looked}."
    test = "All pairs of optimizers were compared on these alone, on the test set, by paired sign-flip tests at a family-wise level of 5 %"
    reach = "with the variance factor of Nadeau and Bengio for re-split data" if spec.resplit else "for this split"
    test += f" ({correction(study)}), {reach}."
    if not spec.smallest_difference:
        return [fresh, test]
    near = f"Optimizers were called equivalent where two one-sided tests put their difference within {spec.smallest_difference:g}."
    return [fresh, test, near]
