"""What a study leaves for its reader beside the numbers: its text, the versions, the formulas as they were, the command that goes on."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from optlab.evidence.looks import LOOKS
from optlab.rules import VERIFIED, Optimizer
from optlab.study import environment, ingredients, protocol, told
from optlab.study.cells import Contender
from optlab.study.spec import Study
from optlab.study.trial import FIRST_CONFIRMATION

_NO_VERSION = ("cpu", "architecture", "system", "blas")


def describe(study: Study, until_decided: bool = False, **measured: Any) -> dict[str, Any]:
    """The record of a study as plain data: the keys that `optlab.report.write` reads, and `design` for the evidence.

    until_decided: the study confirms with `LOOKS` replicates in turn. measured: what only the run knows (wall_seconds, compile_seconds,
    workers, complete, what `Plan.told` tells).
    """
    about, spec, found = environment.describe(), study.spec, study.protocol(until_decided)
    seeds = f"study seed {spec.seed}, tuning replicates 0 to {spec.seeds - 1}"
    if until_decided:
        seeds += f", confirmation replicates from {FIRST_CONFIRMATION} until the claims are decided"
    elif spec.confirm:
        seeds += f", confirmation replicates {FIRST_CONFIRMATION} to {FIRST_CONFIRMATION + spec.confirm - 1}"
    seeds += f"; {protocol.splits(study)}"
    record = {
        "name": study.name,
        "about": spec.about,
        "settings": study.given,
        "toml": study.toml(),
        "rerun": rerun(study, until_decided),
        "command": " ".join(
            [rerun(study, until_decided) if study.reference else "optlab run STUDY", "--plugin FILE --set optimizer+=mine"]
        ),
        "versions": {name: version for name, version in about.items() if name not in _NO_VERSION},
        "cpu": about["cpu"],
        "cores": environment.cores(),
        "system": f"{about['system']} {about['architecture']}",
        "blas": about["blas"],
        "seeds": seeds,
        "data": [study.datasets.get(label, 0).description for label in study.problems],
        "formulas": {one.label: formula(one) for one in study.contenders},
        "protocol": [list(pair) for pair in (*found.pairs(), *told.rows(measured))],
        "methods": found.paragraph(),
        "design": design(study, LOOKS if until_decided else None),
        "ingredients": ingredients.of(study) | {"until_decided": until_decided},
        "published": study.published.plain() if study.published is not None else None,
    }
    return record | measured


def design(study: Study, looks: Sequence[int] | None = None) -> dict[str, Any]:
    """What the evidence must know of a study, as plain data. looks: numbers of replicates at which it is looked at, None for one size."""
    spec, shares = study.spec, {}
    for label in study.problems if spec.resplit else ():
        data = study.datasets.get(label, 0)
        if data.test is not None:
            shares[label] = len(data.test) / len(data.train)
    return {
        "contenders": [one.label for one in study.contenders],
        "problems": list(study.problems),
        "target": spec.target,
        "smallest_difference": spec.smallest_difference,
        "confirm": spec.confirm,
        "resplit": spec.resplit,
        "select": spec.select,
        "looks": None if looks is None else list(looks),
        "test_shares": shares or None,
    }


def rerun(study: Study, until_decided: bool = False) -> str:
    """The command line that repeats the study, or an empty string for one written in Python."""
    if not study.reference:
        return ""
    words = ["optlab", "run", study.reference]
    for file in study.extra_files:
        words += ["--plugin", str(file)]
    for override in study.overrides:
        words += ["--set", override]
    return shlex.join([*words, "--until-decided"] if until_decided else words)


def formula(contender: Contender) -> dict[str, Any]:
    """The rule of a contender: text and LaTeX, docstring, FLOPs per parameter and step, state slots, the values of what is not tuned."""
    from optlab import written

    rule = contender.rule
    options = rule.options(dict(contender.usual))
    return {
        "text": "\n".join(written.text(rule, options)),
        "latex": written.latex(rule, options),
        "doc": rule.doc,
        "flops": rule.flops(options),
        "slots": len(rule.slots),
        "verified": list(rule.verified),
        "verified_how": VERIFIED if rule.verified and isinstance(rule, Optimizer) else "",
        "values": {name: value for name, value in contender.usual if ("hyper", name) not in contender.dimensions()},
    }
