"""What trials on the same data that differ in numbers alone have in common: a wired network, its memory and first weights, a tuned rule.

Wiring a network, a workspace and the initial draw take about 150 us, laying out a rule 60: a tenth of a short training.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from optlab import abi
from optlab.data import Dataset
from optlab.derived import arrays, constant_cost
from optlab.errors import OptlabError
from optlab.hyper import Value
from optlab.identity import ByIdentity
from optlab.kernel import layout
from optlab.kinds import Activation
from optlab.loop import Ran
from optlab.registry import Catalogue
from optlab.rules import Rule
from optlab.settings import Pairs, Settings
from optlab.stages import Arrangement, arrange, tensors_of
from optlab.streams import Streams
from optlab.wiring import Wiring, layer_table

Array = npt.NDArray[Any]

_common = operator.attrgetter(
    "layers", "activation", "activation_hyper", "output", "output_hyper", "cost", "cost_hyper", "initializer", "initializer_hyper",
    "batch_size", "dtype",
)  # fmt: skip

MOST_KEPT = 1 << 17
"""Parameters of all the first weights that are kept: those of a few small networks, never those of a large one."""


def activations_of(settings: Settings, catalogue: Catalogue) -> list[tuple[Activation, dict[str, Value]]]:
    """The activation of each layer, output included, with its hyper-parameters."""
    hidden = settings.activation_hyper or ((),) * len(settings.activation)
    found = []
    for name, given in zip((*settings.activation, settings.output), (*hidden, settings.output_hyper), strict=True):
        activation = catalogue.activation(name)
        found.append((activation, activation.values(dict(given))))
    return found


def penalty_flops(settings: Settings, weights: int) -> int:
    """Operations per step of the penalties on this many weights."""
    return weights * (2 * bool(settings.l2) + 3 * bool(settings.l1))


def wire(settings: Settings, dataset: Dataset, catalogue: Catalogue) -> Wiring:
    """The compiled network for these settings on this data."""
    sizes = (dataset.train.X.shape[1], *settings.layers, dataset.train.Y.shape[1])
    activations = activations_of(settings, catalogue)
    cost = catalogue.cost(settings.cost)
    return Wiring(sizes, activations, settings.dtype, cost, cost.values(dict(settings.cost_hyper)), dataset.task)


def start(settings: Settings, sizes: Sequence[int], streams: Streams, catalogue: Catalogue) -> Array:
    """The initial flat parameter vector, float64: the initializer's W and b of each layer.

    Raises:
        OptlabError: the initializer returns another shape.
    """
    initializer = catalogue.initializer(settings.initializer)
    hyper, rng = initializer.values(dict(settings.initializer_hyper)), streams.initialisation()
    parts = []
    for n_in, n_out in itertools.pairwise(sizes):
        drawn = initializer(rng, n_in, n_out, **hyper)
        W, b = drawn if isinstance(drawn, tuple) else (drawn, np.zeros(n_out))
        if np.shape(W) != (n_in, n_out) or np.shape(b) != (n_out,):
            raise OptlabError(
                f"initializer {initializer.name} returned shapes {np.shape(W)}, {np.shape(b)} for a layer {n_in} -> {n_out}; "
                f"return W ({n_in}, {n_out}), or (W, b)"
            )
        parts += [np.asarray(W, dtype=np.float64).ravel(), np.asarray(b, dtype=np.float64)]
    return np.concatenate(parts)


@dataclass(frozen=True, eq=False)
class Tuned:
    """A rule at its hyper-parameters on a network. step_flops: of its update."""

    rule: Rule
    arrangement: Arrangement
    step_flops: float


class Prepared:
    """A network ready to be trained on a data set, by one thread at a time. Everything whose address the kernel gets lives here.

    Attributes:
        wiring: the network. layers: its layer table. parts: training, validation and test rows. batch: rows of a full mini-batch.
        model: the kernel's `model` array. parameters, weights: how many there are, biases in and out. flops_per_row: of a gradient.
    """

    def __init__(self, settings: Settings, dataset: Dataset, catalogue: Catalogue) -> None:
        self._settings, self._dataset, self._catalogue = settings, dataset, catalogue
        self.wiring = wire(settings, dataset, catalogue)
        self.layers = layer_table(self.wiring.sizes)
        self.parts = (dataset.train, dataset.validation, dataset.test)
        rows = len(dataset.train)
        self.batch = rows if settings.batch_size == "full" else min(settings.batch_size, rows)
        self._workspace, self._capacity = self.wiring.workspace(self.batch, max(len(part) for part in self.parts if part is not None))
        self._data = [arrays(part, settings.dtype) if part is not None else None for part in self.parts]
        self._contexts = [self.wiring.training_context(*pair, self._workspace, self._capacity) if pair else None for pair in self._data]
        self.model = np.zeros(layout.MODEL_COLUMNS, dtype=np.int64)
        self.model[layout.MODEL_GRADIENT] = self.wiring.kernel.network_gradient.address
        self.model[layout.MODEL_EVALUATE] = self.wiring.kernel.network_evaluate.address
        columns = (layout.MODEL_TRAIN, layout.MODEL_VALIDATION, layout.MODEL_TEST)
        for column, context, part in zip(columns, self._contexts, self.parts, strict=True):
            if context is not None and part is not None:
                self.model[column], self.model[column + 1] = context.ctypes.data, len(part)
        self.model[layout.MODEL_CONTEXT] = self.model[layout.MODEL_TRAIN]
        self.model[layout.MODEL_L2] = self.model[layout.MODEL_TRAIN] + abi.NET_L2 * 8
        self.parameters = layout.parameter_count(self.wiring.sizes)
        self.weights = self.parameters - sum(self.wiring.sizes[1:])
        self.flops_per_row = self.wiring.flops_per_row()
        self._starts: dict[Streams, Array] = {}
        self._tuned = ByIdentity(self._tune)

    def fits(self, settings: Settings, dataset: Dataset, catalogue: Catalogue) -> bool:
        """Whether this is what `Prepared(settings, dataset, catalogue)` would make. 0.0 and -0.0, 1 and True count as different."""
        if dataset is not self._dataset or catalogue is not self._catalogue:
            return False
        wanted, here = _common(settings), _common(self._settings)
        return all(map(operator.is_, wanted, here)) or repr(wanted) == repr(here)

    def tuned(self, settings: Settings) -> Tuned:
        """The rule of these settings.

        Raises:
            OptlabError: an unknown rule, or a hyper-parameter outside its domain.
        """
        found: Tuned = self._tuned(settings.optimizer, settings.hyper)
        return found

    def _tune(self, optimizer: str, hyper: Pairs) -> Tuned:
        rule = self._catalogue.optimizer(optimizer)
        values = rule.values(dict(hyper))
        arrangement = arrange(rule, values, self.parameters, self._settings.dtype, self.layers)
        return Tuned(rule, arrangement, rule.step_flops(tensors_of(self.layers, self.parameters), values))

    def start(self, streams: Streams) -> Array:
        """The first weights in the network's dtype, read-only. Trials that share a replicate share them."""
        drawn = self._starts.get(streams)
        if drawn is None:
            drawn = start(self._settings, self.wiring.sizes, streams, self._catalogue).astype(self._settings.dtype)
            drawn.flags.writeable = False
            if len(drawn) * (len(self._starts) + 1) > MOST_KEPT:
                self._starts.clear()
            if len(drawn) <= MOST_KEPT:
                self._starts[streams] = drawn
        return drawn

    def outputs_left(self) -> Array | None:
        """Where the training loop leaves the outputs for the test rows, which it evaluates last: (n * n_out,), a part of the workspace.

        None without such rows, and where they are too many to be there all at once: `wiring.outputs` computes them.
        """
        if self._data[2] is None or len(self._data[2][0]) > min(layout.CHUNK_ROWS, self._capacity):
            return None
        sizes = self.wiring.sizes
        blocks = [layout.block(self._capacity * width) for width in sizes]
        first = blocks[0] + blocks[-1] + 2 * sum(blocks[1:]) - blocks[-1]
        return self._workspace[first : first + len(self._data[2][0]) * sizes[-1]]

    def test_outputs(self, ran: Ran) -> Array | None:
        """Outputs (n, n_out) for the test rows at the weights that were evaluated last; None without such rows."""
        if self._data[2] is None:
            return None
        X = self._data[2][0]
        return ran.outputs.reshape(len(X), -1) if ran.outputs.size else self.wiring.outputs(ran.evaluated, X)

    @functools.cached_property
    def baseline(self) -> float:
        """Training cost of the best constant prediction."""
        return constant_cost(self._dataset.train, self.wiring.cost, dict(self.wiring.cost_hyper))
