"""TensorBoard event files: a folder per trial with its learning curves, and its settings for the HPARAMS page, by TensorBoard's writer."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from optlab.study.exports import runs
from optlab.study.store import Store

_PARTS = ("summary.writer.event_file_writer", "compat.proto.event_pb2", "compat.proto.summary_pb2", "plugins.hparams.summary_v2")
_FINAL = ("train_cost", "train_metric", "validation_cost", "validation_metric", "test_cost", "test_metric", "roc_auc")


def write(store: Store, study: str, out: Path) -> int:
    """Write the runs into the new folder `out`, as ``PROBLEM/CONTENDER/PHASE/CELL-REPLICATE``; return their number.

    Raises:
        OptlabError: the folder is not empty, or TensorBoard is not installed.
    """
    files, events, summaries, hparams = (runs.library(f"tensorboard.{name}", "tensorboard") for name in _PARTS)
    runs.free(out)

    def event(run: runs.Run, summary: Any, step: int = 0, seconds: float = 0.0) -> Any:
        return events.Event(wall_time=run.start + seconds, step=step, summary=summary)

    def scalar(name: str, value: float) -> Any:
        return summaries.Summary(value=[summaries.Summary.Value(tag=name, simple_value=value)])

    count = 0
    for run in runs.of(store, study):
        parts = (run.problem, run.contender, run.phase, f"{run.cell}-{run.replicate}")
        writer = files.EventFileWriter(str(out.joinpath(*map(_folder, parts))))
        settings = {name: _plain(value) for name, value in run.settings.items()}
        writer.add_event(event(run, hparams.hparams_pb(settings, trial_id=run.digest)))
        for name, epoch, value, seconds in run.series():
            writer.add_event(event(run, scalar(name, value), epoch, seconds))
        for name in _FINAL:
            if name in run.outcome:
                writer.add_event(event(run, scalar(f"final/{name}", float(run.outcome[name])), 0, float(run.outcome["seconds"])))
        writer.close()
        count += 1
    return count


def _folder(name: str) -> str:
    """A name as that of a folder, which cannot lead elsewhere."""
    return quote(name, safe=" +()[],=") if name.strip(".") else name.replace(".", "%2E")


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float | str) else str(value)
