"""Plugins that misbehave: initializers, for these run as plain Python in the middle of a trial."""

from pathlib import Path

TEXT = """
import os
import signal
import sys
from pathlib import Path

import numpy as np

from optlab.plugin import hookimpl, initializer


@initializer
def forever(rng, n_in, n_out):
    while True:
        pass


@initializer
def deadly(rng, n_in, n_out):
    os.kill(os.getpid(), signal.SIGKILL)


@initializer
def deadly_once(rng, n_in, n_out):
    mark = Path({mark!r})
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return rng.normal(size=(n_in, n_out))


@initializer
def harmless(rng, n_in, n_out):
    return rng.normal(size=(n_in, n_out))


@initializer
def leaving(rng, n_in, n_out):
    sys.exit(3)


@initializer
def garbage(rng, n_in, n_out):
    return {{"not": "weights"}}


@initializer
def greedy(rng, n_in, n_out):
    return np.ones((1 << 22, 1 << 24))


@hookimpl
def register_initializers(register):
    for one in (forever, deadly, deadly_once, harmless, leaving, garbage, greedy):
        register(one)
"""


def written(folder: Path) -> Path:
    """The file, written into `folder`; `deadly_once` has not struck yet."""
    file = folder / "misbehaving.py"
    file.write_text(TEXT.format(mark=str(folder / "struck")))
    return file
