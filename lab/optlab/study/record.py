"""What a study leaves for its reader beside the numbers: its text, the versions, the formulas as they were, the command that goes on."""

from __future__ import annotations

import shlex
from typing import Any

from optlab.study import environment
from optlab.study.contenders import Contender
from optlab.study.spec import Study
from optlab.study.trial import FIRST_CONFIRMATION

_NO_VERSION = ("cpu", "architecture", "system", "blas")


def describe(study: Study, **measured: Any) -> dict[str, Any]:
    """The record of a study as plain data: the keys that `optlab.report.write` reads, and `protocol` for the evidence.

    measured: what only the run knows (wall_seconds, compile_seconds, workers, complete).
    """
    about, spec = environment.describe(), study.spec
    seeds = f"study seed {spec.seed}, tuning replicates 0 to {spec.seeds - 1}"
    if spec.confirm:
        seeds += f", confirmation replicates {FIRST_CONFIRMATION} to {FIRST_CONFIRMATION + spec.confirm - 1}"
    seeds += "; a new split for each replicate" if spec.resplit else "; all replicates share one split"
    record = {
        "name": study.name,
        "about": spec.about,
        "settings": study.given,
        "toml": study.toml(),
        "rerun": rerun(study),
        "command": " ".join([rerun(study) if study.reference else "optlab run STUDY", "--plugin FILE --set optimizer+=mine"]),
        "versions": {name: version for name, version in about.items() if name not in _NO_VERSION},
        "cpu": about["cpu"],
        "cores": environment.cores(),
        "system": f"{about['system']} {about['architecture']}",
        "blas": about["blas"],
        "seeds": seeds,
        "data": [study.datasets.get(label, 0).description for label in study.problems],
        "formulas": {one.label: formula(one) for one in study.contenders},
        "protocol": {
            "contenders": [one.label for one in study.contenders],
            "problems": list(study.problems),
            "target": spec.target,
            "smallest_difference": spec.smallest_difference,
            "confirm": spec.confirm,
        },
    }
    return record | measured


def rerun(study: Study) -> str:
    """The command line that repeats the study, or an empty string for one written in Python."""
    if not study.reference:
        return ""
    words = ["optlab", "run", study.reference]
    for file in study.extra_files:
        words += ["--plugin", str(file)]
    for override in study.overrides:
        words += ["--set", override]
    return shlex.join(words)


def formula(contender: Contender) -> dict[str, Any]:
    """The rule of a contender: as text and LaTeX, its docstring, FLOPs per parameter and step, number of state slots."""
    from optlab import written

    rule = contender.rule
    options = rule.options(dict(contender.rules[0]))
    return {
        "text": "\n".join(written.text(rule, options)),
        "latex": written.latex(rule, options),
        "doc": rule.doc,
        "flops": rule.flops(options),
        "slots": len(rule.slots),
        "verified": list(rule.verified),
    }
