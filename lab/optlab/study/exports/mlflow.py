"""An MLflow run folder: one experiment per study, one run per trial, written by MLflow's own client.

MLflow 3 keeps its file store for those who ask for it with MLFLOW_ALLOW_FILE_STORE=true, which is asked for here while it is written;
`mlflow ui --backend-store-uri DIR` wants the same. Nothing is sent anywhere: its telemetry is off meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from optlab.study.exports import runs
from optlab.study.store import Store

_ENVIRONMENT = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
_TEXTS = ("status", "sentence", "metric", "confusion", "diagnosis")
_BATCH = 1000
"""Metrics per call at most: MLflow's own limit."""


def write(store: Store, study: str, out: Path) -> int:
    """Write the runs into the new folder `out`; return their number.

    Raises:
        OptlabError: the folder is not empty, or MLflow is not installed.
    """
    with _environment():
        tracking, entities = runs.library("mlflow.tracking", "mlflow"), runs.library("mlflow.entities", "mlflow")
        runs.free(out)
        client = tracking.MlflowClient(tracking_uri=out.resolve().as_uri())
        experiment, count = client.create_experiment(study), 0
        for run in runs.of(store, study):
            _one(client, entities, experiment, run)
            count += 1
        return count


def _one(client: Any, entities: Any, experiment: str, run: runs.Run) -> None:
    begin = round(run.start * 1000)
    about = {name: str(getattr(run, name)) for name in ("digest", "problem", "contender", "phase", "cell", "replicate")}
    tags = about | {name: str(value) for name, value in run.outcome.items() if name in _TEXTS}
    made = client.create_run(experiment, start_time=begin, run_name=run.name, tags={f"optlab.{name}": text for name, text in tags.items()})
    finals = {f"final_{name}": float(value) for name, value in run.outcome.items() if name not in _TEXTS}
    metrics = [entities.Metric(name, value, begin + round(seconds * 1000), epoch) for name, epoch, value, seconds in run.series()]
    metrics += [entities.Metric(name, value, begin, 0) for name, value in finals.items()]
    parameters = [entities.Param(name, str(value)) for name, value in run.settings.items()]
    client.log_batch(made.info.run_id, params=parameters)
    for first in range(0, len(metrics), _BATCH):
        client.log_batch(made.info.run_id, metrics=metrics[first : first + _BATCH])
    end = begin + round(float(run.outcome["seconds"]) * 1000)
    client.set_terminated(made.info.run_id, "FAILED" if run.outcome["status"] in ("error", "diverged") else "FINISHED", end)


@contextmanager
def _environment() -> Iterator[None]:
    before = {name: os.environ.get(name) for name in _ENVIRONMENT}
    os.environ.update(_ENVIRONMENT)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
