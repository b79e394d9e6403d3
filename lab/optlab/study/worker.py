"""The other side of `member`: a process that is sent trials through its standard input and answers through its standard output.

A message is a pickled tuple: a word and what belongs to it. In: ``("open", shipment)``; ``("batch", number, trials, datasets)``, these by
their digests, None where the process has them; ``("stop",)``. Out: ``("ready",)`` or ``("refused", sentence)`` once, then for each batch
``("begin", number)`` when all is compiled and it begins, and ``("done", number, fields)`` with what `bench.packed` makes of each record.
The end of the input ends the process at once, whatever it is doing.
"""

from __future__ import annotations

import functools
import os
import pickle
import queue
import sys
import threading
from typing import Any, BinaryIO

from optlab.blas import single_threaded
from optlab.errors import OptlabError
from optlab.study.bench import Bench, packed
from optlab.study.recent import DATASETS, Recent
from optlab.study.stop import Stop


def receive(pipe: BinaryIO, given: queue.SimpleQueue[Any], stop: Stop) -> None:
    """Put what comes in into a queue; a wish to stop is heard at once. Ends the process with its input."""
    datasets = Recent(DATASETS)
    while True:
        try:
            word, *rest = pickle.load(pipe)
        except BaseException:  # the coordinator is gone, and nobody wants what runs
            os._exit(1)
        if word == "stop":
            stop.ask()
        elif word == "batch":
            number, trials, sent = rest
            given.put((number, trials, {digest: datasets.use(digest, data) for digest, data in sent.items()}))
        else:
            given.put(rest[0])


def serve(given: queue.SimpleQueue[Any], out: BinaryIO, stop: Stop) -> None:
    """Open the shipment, then run batch after batch."""

    def tell(*message: Any) -> None:
        pickle.dump(message, out, pickle.HIGHEST_PROTOCOL)
        out.flush()

    try:
        bench = Bench(given.get(), stop)
    except OptlabError as error:
        tell("refused", str(error))
        return
    tell("ready")
    with single_threaded():
        while True:
            number, trials, found = given.get()
            records = bench.run(trials, found, functools.partial(tell, "begin", number))
            tell("done", number, [packed(record) for record in records])


def main() -> None:
    """Run as the main function of a process of its own."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what plugins print must not come between the messages
    stop, given = Stop(), queue.SimpleQueue[Any]()
    threading.Thread(target=receive, args=(sys.stdin.buffer, given, stop), daemon=True).start()
    try:
        serve(given, out, stop)
    except BrokenPipeError:
        os._exit(1)
