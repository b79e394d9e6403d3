"""Exports for trackers of experiments, read back by their own libraries; without a library, one sentence."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optlab.errors import OptlabError
from optlab.study.exports import export
from optlab.study.exports.runs import SERIES
from optlab.study.store import Store
from tests.study.support import tiny

Read = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("study") / "lab.db"
    tiny(lr=[1e-2, 1e8], l2=0.0, seeds=1).run(path)
    return path


@pytest.fixture
def tables(study: Path) -> Read:
    with Store(study, create=False) as store:
        return store.frame("study"), store.curves("study")


def written(study: Path, out: Path, form: str) -> int:
    with Store(study, create=False) as store:
        return export(store, "study", out, form)


def records(frame: pd.DataFrame) -> list[Any]:
    return list(frame.itertuples())


def finite(curves: pd.DataFrame, digest: str, name: str) -> list[tuple[int, float]]:
    own = curves[curves["digest"].eq(digest) & np.isfinite(curves[name].to_numpy())]
    return list(zip(own["epoch"], own[name], strict=True))


@pytest.mark.filterwarnings("ignore")  # of the library
def test_tensorboard_reads_every_curve_and_setting(study: Path, tables: Read, tmp_path: Path) -> None:
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams import plugin_data_pb2

    frame, curves = tables
    assert written(study, tmp_path / "runs", "tensorboard") == len(frame)
    for row in records(frame):
        folder = tmp_path / "runs" / row.problem / row.contender / row.phase / f"{row.cell}-{row.replicate}"
        events = EventAccumulator(str(folder)).Reload()
        for name in SERIES:
            wanted = finite(curves, row.digest, name)
            found = [(one.step, one.value) for one in events.Scalars(name)] if wanted else []
            assert [step for step, _ in found] == [epoch for epoch, _ in wanted]
            np.testing.assert_allclose([value for _, value in found], [value for _, value in wanted], rtol=1e-7)
        data = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
        given = plugin_data_pb2.HParamsPluginData.FromString(data).session_start_info.hparams
        assert given["lr"].number_value == row.lr and given["optimizer"].string_value == row.optimizer


@pytest.mark.filterwarnings("ignore")
def test_mlflow_reads_every_curve_and_setting(study: Path, tables: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    frame, curves = tables
    assert written(study, tmp_path / "runs", "mlflow") == len(frame)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = tracking.MlflowClient(tracking_uri=(tmp_path / "runs").as_uri())
    (experiment,) = [one for one in client.search_experiments() if one.name == "study"]
    found: dict[str, Any] = {one.data.tags["optlab.digest"]: one for one in client.search_runs([experiment.experiment_id])}
    assert set(found) == set(frame["digest"])
    for row in records(frame):
        run = found[row.digest]
        assert run.data.params["optimizer"] == row.optimizer and float(run.data.params["lr"]) == row.lr
        assert run.info.status == ("FAILED" if row.status in ("diverged", "error") else "FINISHED")
        assert run.data.metrics.get("final_test_cost", np.nan) == pytest.approx(row.test_cost, rel=0, abs=0, nan_ok=True)
        for name in SERIES:
            wanted = finite(curves, row.digest, name)
            assert [(one.step, one.value) for one in client.get_metric_history(run.info.run_id, name)] == wanted


@pytest.mark.parametrize("form", ["mlflow", "tensorboard"])
def test_without_the_library_the_sentence_names_the_extra(form: str, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == form]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, form, None)
    with pytest.raises(OptlabError, match=rf"needs the library {form}, .* pip install 'optlab\[{form}\]'"):
        written(study, tmp_path / "runs", form)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["mlflow", "tensorboard"])
def test_a_folder_with_something_in_it_is_left_alone(form: str, study: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec(form) is None:
        pytest.skip(f"{form} is not installed")
    (tmp_path / "mine.txt").touch()
    with pytest.raises(OptlabError, match="is not empty"):
        written(study, tmp_path, form)
    assert [one.name for one in tmp_path.iterdir()] == ["mine.txt"]
