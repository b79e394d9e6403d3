"""Which workers run a study: threads of this process, processes of this machine, a Dask cluster. The numbers are the same, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from optlab.errors import OptlabError
from optlab.study import environment
from optlab.study.pool import Pool
from optlab.study.progress import Meter
from optlab.study.spec import Study
from optlab.study.stop import Stop
from optlab.study.trial import Trial
from optlab.study.work import Backend

LOCAL = "local"


@dataclass(frozen=True)
class Wanted:
    """Workers as a person asks for them.

    workers: how many, by default one per core. trial_limit: seconds after which a trial is ended with its process. processes: instead of
    threads; a limit implies them. dask: address of a Dask scheduler, or "local" for a cluster made on this machine.

    Raises:
        OptlabError: a number that makes no sense, or two wishes that exclude each other.
    """

    workers: int | None = None
    trial_limit: float | None = None
    processes: bool = False
    dask: str | None = None

    def __post_init__(self) -> None:
        environment.threads(self.workers)
        if self.trial_limit is not None and not (math.isfinite(self.trial_limit) and self.trial_limit > 0):
            raise OptlabError(f"trial limit = {self.trial_limit:g} is not allowed; it must be a number of seconds > 0")
        if self.dask not in (None, LOCAL) and self.workers is not None:
            raise OptlabError(f"workers = {self.workers}: the cluster at {self.dask} has its own workers; drop one of the two")


@contextmanager
def hired(study: Study, wanted: Wanted, stop: Stop, cost: Callable[[Trial], float], meter: Meter) -> Iterator[Backend]:
    """The workers, while the block lasts. cost: of a trial, to size what is given out. meter: told what is waited for.

    Raises:
        OptlabError: they cannot run this study: no scheduler answers, a plugin cannot be sent to them, a version differs.
    """
    size = environment.threads(wanted.workers)
    if wanted.dask is not None:
        from optlab.study.connection import connected

        with connected(study, wanted.dask, size, wanted.trial_limit, wanted.processes, stop, cost, meter) as cluster:
            yield cluster
    elif wanted.processes or wanted.trial_limit is not None:
        from optlab.study.processes import Crew
        from optlab.study.shipment import Shipment

        crew = Crew(Shipment.of(study), lambda one: study.datasets.get(one.problem, one.replicate), size, stop, cost, wanted.trial_limit)
        with closing(crew):
            yield crew
    else:
        yield Pool(study, size, stop, cost)
