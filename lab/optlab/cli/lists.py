"""`optlab studies` and `optlab problems`: what is built in."""

from __future__ import annotations

from typing import Any

from optlab.cli.tables import Json, PluginFiles, hyper_records, hyper_words, print_json, print_table


def problems(json: Json = False, plugin: PluginFiles = None) -> None:
    """Data sets to learn from: task, size, how inputs are scaled, where they come from.

    Example: `optlab problems`
    """
    from optlab import registry

    catalogue = registry.load(plugin or ())
    records = [_problem(catalogue.problem(name)) for name in catalogue["problems"]]
    if json:
        print_json(records)
        return
    columns = ("name", "task", "rows", "features", "classes", "scale")
    hyper = (hyper_words(one.hyper) for one in catalogue["problems"].values())
    rows = [
        (*(one[key] if one[key] is not None else "" for key in columns), words, one["summary"])
        for one, words in zip(records, hyper, strict=True)
    ]
    print_table((*columns, "hyper-parameters", "what"), rows, right=("rows", "features", "classes"))


def _problem(problem: Any) -> dict[str, Any]:
    import numpy as np

    from optlab.data import prepare

    if problem.size is not None:
        rows, features, classes = problem.size
    else:
        X, y = problem.load(np.random.default_rng(0))
        data = prepare(X, y, name=problem.name, task=problem.task)
        rows, features, classes = len(data.train), data.train.X.shape[1], len(data.classes or ())
    return {
        "name": problem.name,
        "task": problem.task,
        "rows": rows,
        "features": features,
        "classes": classes or None,
        "scale": problem.scale,
        "hyper": hyper_records(problem.hyper),
        "summary": problem.doc.partition("\n")[0],
        "source": problem.source,
        "distribution": problem.distribution,
    }


def studies(json: Json = False) -> None:
    """Studies that `optlab run` knows by name.

    Example: `optlab studies`
    """
    from optlab.study.spec import Study, builtin

    records: list[dict[str, Any]] = []
    for name, file in builtin().items():
        study = Study.load(name)
        cells = sum(1 for contender in study.contenders for _ in contender.cells(""))  # counted without data, which may need a download
        replicates = cells * study.spec.seeds + len(study.contenders) * study.spec.confirm
        records.append(
            {
                "name": name,
                "problems": list(study.problems),
                "optimizers": [contender.label for contender in study.contenders],
                "trials": replicates * len(study.problems),
                "about": study.spec.about,
                "file": str(file),
            }
        )
    if json:
        print_json(records)
        return
    rows = [(one["name"], ", ".join(one["problems"]), ", ".join(one["optimizers"]), f"{one['trials']:,}", one["about"]) for one in records]
    print_table(("name", "problems", "optimizers", "trials", "about"), rows, right=("trials",))
