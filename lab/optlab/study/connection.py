"""From an address to a cluster that is ready: connected, with a worker at least, and each worker checked."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from optlab.errors import OptlabError
from optlab.study import cluster, remote
from optlab.study.cluster import Cluster
from optlab.study.progress import Meter
from optlab.study.shipment import Shipment
from optlab.study.spec import Study
from optlab.study.stop import Stop
from optlab.study.trial import Trial

if TYPE_CHECKING:
    from distributed import Client


@contextmanager
def connected(
    study: Study, address: str, size: int, limit: float | None, apart: bool, stop: Stop, cost: Callable[[Trial], float], meter: Meter
) -> Iterator[Cluster]:
    """The workers of the scheduler at `address`; "local": of one that is started here with `size` workers, and ended with the block.

    limit: seconds for a trial. apart: each trial in a process of the worker's, as it is where there is a limit. meter: told what is
    waited for.

    Raises:
        OptlabError: Dask is not installed, nobody answers, a plugin cannot be sent, a worker has another version of something.
    """
    shipment = Shipment.of(study)
    order = remote.Order(uuid.uuid4().hex, shipment, apart or limit is not None, limit)
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise OptlabError("--dask needs dask.distributed; install it with: pip install 'optlab[dask]'") from error
    from optlab.study.localcluster import local

    if address == "local":
        meter.message = f"starting {size} Dask workers"
        meter.report(force=True)
        with local(size) as own, _client(own) as client:
            yield _ready(Cluster(client, own, study, order, stop, cost), stop, meter)
    else:
        with _client(address) as client:
            yield _ready(Cluster(client, address, study, order, stop, cost), stop, meter)


def _ready(workers: Cluster, stop: Stop, meter: Meter) -> Cluster:
    """Wait for the first worker, check those that are there."""
    while not workers.look() and not stop.requests:
        meter.message = meter.message or workers.message(0)
        meter.report()
        time.sleep(cluster.TICK)
    if not stop.requests:
        workers.inspect()
    return workers


@contextmanager
def _client(address: str) -> Iterator[Client]:
    from distributed import Client

    try:
        client = Client(address, timeout=cluster.ANSWER, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        remedy = "start one with: dask scheduler, and give its address, such as tcp://host:8786"
        raise OptlabError(f"no Dask scheduler answers at {address!r} within {cluster.ANSWER:g} s; {remedy}") from error
    try:
        yield client
    finally:
        client.close(timeout=cluster.ANSWER)
