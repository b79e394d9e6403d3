"""A study on a real Dask scheduler with worker processes on loopback: the local numbers, whatever happens to the workers."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("distributed")

from optlab.errors import OptlabError
from optlab.study import batches, cluster, environment
from optlab.study.pace import Pace
from optlab.study.progress import Progress
from optlab.study.run import run_study
from optlab.study.shipment import Inspector, Shipment
from optlab.study.spec import Study
from optlab.study.stop import Stop
from optlab.study.store import Store
from optlab.study.trial import Trial
from tests.faults.plugins import written
from tests.study.support import MINE, plugin_file, tiny

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning", "default::DeprecationWarning:distributed")

Exact = dict[str, tuple[Any, ...]]


def exact(path: Path) -> Exact:
    with Store(path, create=False) as store:
        return store.exact()


@contextmanager
def process(*words: str, **environ: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of Dask's in a process of its own."""
    own = {**os.environ, "DASK_DISTRIBUTED__WORKER__DAEMON": "False", **environ}
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen([sys.executable, "-m", "dask", *words], env=own, start_new_session=True, **quiet)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a scheduler; who joins its workers says how long they stay."""
    import json

    file = tmp_path_factory.mktemp("scheduler") / "scheduler.json"
    with process("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)):
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.1)
        yield str(json.loads(file.read_text())["address"])


def worker(address: str, folder: Path, **environ: str) -> Any:
    """A worker of one thread that nothing restarts; a context manager of its process."""
    return process("worker", address, "--nthreads", "1", "--no-dashboard", "--no-nanny", "--local-directory", str(folder), **environ)


def workers_of(address: str) -> int:
    from distributed import Client

    with Client(address, timeout=10, set_as_default=False) as client:
        return len(client.nthreads())


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Exact]:
    """A plugin file, and what a study with it comes to on the threads of this process."""
    folder = tmp_path_factory.mktemp("calm")
    file = plugin_file(folder, MINE)
    study(file).run(folder / "lab.db", workers=2)
    return file, exact(folder / "lab.db")


def study(file: Path, **changes: Any) -> Study:
    keys = {"optimizer": ["adam", "mine"], "lr": [1e-3, 1e-2, 1e-1], "epochs": 150, "evaluate_every": 50, "resplit": True}
    return tiny(plugin=[str(file)], **(keys | changes))


def test_a_worker_that_dies_and_one_that_joins_late_change_no_bit(
    scheduler: str, calm: tuple[Path, Exact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "LONGEST", 0.01)  # batches of a few trials, so that both workers have some
    file, expected = calm
    seen: list[Progress] = []
    with worker(scheduler, tmp_path) as first, worker(scheduler, tmp_path) as second:

        def disturb(progress: Progress) -> None:
            seen.append(progress)
            if progress.done >= 4 and first.poll() is None:
                first.send_signal(signal.SIGKILL)

        results = study(file).run(tmp_path / "lab.db", dask=scheduler, progress=disturb)
        assert results.complete and first.poll() is not None and second.poll() is None
    assert exact(tmp_path / "lab.db") == expected
    with Store(tmp_path / "lab.db", create=False) as store:
        (where,) = store.environments("study")
    assert where == environment.describe()
    phases = [one.phase for one in seen]
    assert phases == sorted(phases, key=["workers", "tuning", "confirmation"].index)


def test_it_waits_for_the_first_worker_and_goes_on_without_one_of_another_version(
    scheduler: str, calm: tuple[Path, Exact], tmp_path: Path
) -> None:
    file, expected = calm
    other = tmp_path / "other" / "optlab-9.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: optlab\nVersion: 9.9\n")
    seen: list[str] = []
    began: list[Any] = []
    try:

        def join(progress: Progress) -> None:
            seen.append(progress.message)
            if not began:
                assert progress.message == f"no worker at {scheduler}; start one with: dask worker {scheduler}"
            wanted = 0 if progress.phase == "workers" else 1  # the second joins while trials run
            if len(began) == wanted:
                began.append(worker(scheduler, tmp_path, **({"PYTHONPATH": str(other.parent)} if wanted else {})))
                began[-1].__enter__()
            if wanted and progress.done < progress.total:
                deadline = time.monotonic() + 30
                while len(began) == 2 and workers_of(scheduler) < 2 and time.monotonic() < deadline:
                    time.sleep(0.1)

        assert study(file).run(tmp_path / "lab.db", dask=scheduler, progress=join).complete
        assert exact(tmp_path / "lab.db") == expected
        with pytest.raises(OptlabError, match=r"the Dask worker tcp.*the study uses optlab \S+, and this worker has version 9\.9"):
            study(file).run(tmp_path / "refused.db", dask=scheduler)
        assert not (tmp_path / "refused.db").exists()
    finally:
        for one in began:
            one.__exit__(None, None, None)
    assert any("is not used: the study uses optlab" in one for one in seen)


def test_asked_once_it_saves_what_runs_and_threads_go_on(scheduler: str, calm: tuple[Path, Exact], tmp_path: Path) -> None:
    file, expected = calm
    stop = Stop()

    def ask(progress: Progress) -> None:
        if progress.done >= 1 and not stop.requests:
            stop.ask()

    with worker(scheduler, tmp_path):
        assert not run_study(study(file), tmp_path / "lab.db", dask=scheduler, progress=ask, stop=stop).complete
    left = exact(tmp_path / "lab.db")
    assert 1 <= len(left) < len(expected) and left.items() <= expected.items()
    assert study(file).run(tmp_path / "lab.db").complete
    assert exact(tmp_path / "lab.db") == expected


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "ftp://x:1", ""])
def test_an_address_that_nobody_answers(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ANSWER", 0.5)
    with pytest.raises(OptlabError, match="no Dask scheduler answers at .* start one with: dask scheduler"):
        tiny().run(tmp_path / "lab.db", dask=address)
    assert not (tmp_path / "lab.db").exists()


def test_workers_are_not_counted_for_somebody_elses_cluster(tmp_path: Path) -> None:
    with pytest.raises(OptlabError, match="workers = 3: the cluster at tcp://host:8786 has its own workers"):
        tiny().run(tmp_path / "lab.db", workers=3, dask="tcp://host:8786")


# -- what is sent ------------------------------------------------------------------------------------------------------------


def test_a_distribution_of_another_version_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optlab import registry

    about = tmp_path / "foreign_rules-1.2.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-rules\nVersion: 1.2\n")
    (about / "entry_points.txt").write_text("[optlab]\nmine = foreign_rules\n")
    (tmp_path / "foreign_rules.py").write_text(MINE)
    monkeypatch.syspath_prepend(tmp_path)
    registry.installed.cache_clear()
    try:
        shipment = Shipment.of(tiny(optimizer=["gd", "mine"]))
        assert shipment.versions["foreign-rules"] == "1.2"
        assert "foreign-rules" not in Shipment.of(tiny()).versions  # installed, but no trial uses it
        shipment.unpack()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: foreign-rules\nVersion: 1.3\n")
        with pytest.raises(OptlabError, match=r"uses foreign-rules 1\.2, and this worker has version 1\.3; install foreign-rules==1\.2"):
            shipment.unpack()
        about.rename(tmp_path / "gone")
        with pytest.raises(OptlabError, match=r"uses foreign-rules 1\.2, and this worker has none"):
            shipment.unpack()
    finally:
        registry.installed.cache_clear()
    with pytest.raises(OptlabError, match="other sources than the study's of the same version"):
        dataclasses.replace(Shipment.of(tiny()), sources="0").unpack()


def test_a_plugin_file_arrives_as_it_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPTLAB_CACHE", str(tmp_path / "cache"))
    file = plugin_file(tmp_path, MINE)
    shipment, planned = Shipment.of(tiny(optimizer="mine", plugin=[str(file)])), tiny(optimizer="mine", plugin=[str(file)])
    cell = next(planned.trials()).cell
    Inspector(shipment.unpack()).check(cell)
    file.write_text(MINE.replace("beta * v + g", "beta * v - g"))  # edited while the study runs; or there is another one on that machine
    catalogue = shipment.unpack()
    Inspector(catalogue).check(cell)
    assert Path(catalogue.optimizer("mine").function.__code__.co_filename).is_relative_to(tmp_path / "cache")
    other = Shipment.of(tiny(optimizer="mine", plugin=[str(file)])).unpack()
    with pytest.raises(OptlabError, match="the optimizer of mine is another one on this worker"):
        Inspector(other).check(cell)


# -- batches -----------------------------------------------------------------------------------------------------------------


def pace_of(cost: Callable[[Trial], float], rate: float) -> Pace:
    found = Pace(cost)
    found.note(rate, 1.0)
    return found


@pytest.mark.parametrize("places", [1, 2, 16])
def test_batches_hold_every_trial_once_and_about_the_same_work(places: int) -> None:
    trials = list(tiny(lr=[1e-3, 1e-2], seeds=200).trials())
    dear = {trial.digest for trial in trials[::50]}

    def cost(trial: Trial) -> float:
        return 100.0 if trial.digest in dear else 1.0

    left = sum(map(cost, trials))
    given = batches.Batches(iter(trials), pace_of(cost, 100.0), 1.0, 0.05, 2000)  # 10 ms, and one in fifty a second
    seen: list[Trial] = []
    while (batch := given.next(left, places)) is not None:
        assert batch.cost == sum(map(cost, batch.trials))
        assert len(batch.trials) == 1 or batch.cost <= 2 * max(100.0 * 1.0, 1.0)
        assert len(batch.trials) == 1 or batch.cost <= max(2 * left / (batches.SHARE * places), 2 * 100.0 * 0.05)
        seen += batch.trials
        left -= batch.cost
    assert seen == trials and left == 0


def test_a_batch_that_came_back_goes_out_before_new_ones_and_can_be_split() -> None:
    trials = list(tiny().trials())
    given = batches.Batches(iter(trials), pace_of(lambda _: 1.0, 4.0), 1.0, 0.05, 2000)
    first = given.next(16.0, 1)
    assert first is not None and len(first.trials) == 4
    given.back(first)
    again = given.next(16.0, 1)
    assert again is not None and (again.trials, again.faults) == (first.trials, 1)
    given.split(again)
    alone = [given.next(16.0, 1) for _ in range(4)]
    assert [one.trials for one in alone if one is not None] == [(trial,) for trial in first.trials]
    given.drop()
    assert given.next(12.0, 1) is None


# -- a cluster of this machine -------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_local_cluster_ends_what_hangs_and_survives_what_dies(tmp_path: Path) -> None:
    keys = {"optimizer": "gd", "lr": [0.1, 0.2], "l2": 0.0, "seeds": 2, "confirm": 0, "plugin": [str(written(tmp_path))]}
    names = ["glorot_uniform", "forever", "harmless"]
    results = tiny(**keys, initializer=names).run(tmp_path / "limited.db", workers=2, dask="local", trial_limit=2)
    frame = results.frame()
    assert results.complete and set(frame.query("status == 'error'")["initializer"]) == {"forever"} and len(frame) == 12
    names = ["glorot_uniform", "deadly", "harmless"]
    results = tiny(**keys, initializer=names).run(tmp_path / "deadly.db", workers=2, dask="local")
    frame = results.frame()
    assert results.complete and len(frame) == 12
    assert set(frame.query("status == 'error'")["initializer"]) == {"deadly"}
    ended = "its worker process ended again and again (SIGKILL, as the system does where memory runs out); mend the plugin, or try "
    assert frame.query("initializer == 'deadly'")["sentence"].str.startswith(ended).all()
    tiny(**keys, initializer=["glorot_uniform", "harmless"]).run(tmp_path / "calm.db", workers=2)
    for name in ("limited.db", "deadly.db"):
        assert exact(tmp_path / "calm.db").items() <= exact(tmp_path / name).items()
