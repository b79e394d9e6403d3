"""Studies small enough to run in a test, and a plugin file to go with them."""

from pathlib import Path
from typing import Any

from optlab.study.spec import Study

TINY: dict[str, Any] = {
    "problem": "iris",
    "optimizer": ["gd", "adam"],
    "layers": [4],
    "activation": "tanh",
    "epochs": 3,
    "batch_size": 16,
    "lr": [1e-3, 1e-1],
    "l2": [0.0, 1e-2],
    "seeds": 2,
    "confirm": 2,
    "target": 0.5,
    "baselines": False,
}

MINE = '''
"""Gradient descent with a leaky memory."""

from optlab.plugin import Decay, Positive, hookimpl, optimizer


@optimizer
def mine(w, g, v, *, t, lr: Positive = 1e-2, beta: Decay = 0.9):
    v = beta * v + g
    return w - lr * v, v


@hookimpl
def register_optimizers(register):
    register(mine)
'''


def tiny(**changes: Any) -> Study:
    return Study(**{**TINY, **changes})


def plugin_file(folder: Path, text: str = MINE, name: str = "mine.py") -> Path:
    file = folder / name
    file.write_text(text)
    return file
