"""The public functions for one run: train, gradient, trajectory."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from optlab import abi
from optlab.blas import single_threaded
from optlab.registry import Catalogue, installed
from optlab.data import Dataset, prepare, problem_dataset
from optlab.errors import OptlabError
from optlab.execution import execute
from optlab.hyper import Value
from optlab.kernel import layout
from optlab.kernel.load import load as load_kernel
from optlab.kinds import Activation, Cost, Optimizer, Plugin, Problem, RowCost
from optlab.outcome import Outcome
from optlab.settings import Order, Settings, pairs
from optlab.streams import Streams
from optlab.wiring import Wiring, layer_table

Array = npt.NDArray[Any]
Dtype = Literal["float32", "float64"]


def name_of(plugin: str | Plugin) -> str:
    """The name a plugin goes by."""
    return plugin if isinstance(plugin, str) else plugin.name


def catalogue_with(*plugins: Any) -> Catalogue:
    """The installed plugins and the decorated functions among the arguments."""
    return installed().including([plugin for plugin in plugins if isinstance(plugin, Plugin)])


def inferred_cost(dataset: Dataset) -> str:
    """The usual cost of a data set: on logits for classes, squared error for numbers."""
    if dataset.task == "regression":
        return "squared_error"
    return "binary_cross_entropy" if dataset.train.Y.shape[1] == 1 else "softmax_cross_entropy"


def _positive(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise OptlabError(f"train: {name} = {value!r} is not allowed; it must be a whole number >= {least}")
    return int(value)


def _strength(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not (np.isfinite(value) and value >= 0):
        raise OptlabError(f"train: {name} = {value!r} is not allowed; it must be a finite number >= 0")
    return float(value)


def _choice(name: str, value: Any, allowed: Sequence[str]) -> Any:
    if value not in allowed:
        raise OptlabError(f"train: {name} = {value!r} is not allowed; it must be one of {', '.join(allowed)}")
    return value


def train(
    problem: Any,
    layers: Sequence[int] = (50,),
    activation: str | Activation | Sequence[str | Activation] = "sigmoid",
    output: str | Activation | None = None,
    cost: str | Cost | RowCost | None = None,
    optimizer: str | Optimizer = "adam",
    hyper: Mapping[str, Value] | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    epochs: int = 100,
    batch_size: int | Literal["full"] = 64,
    order: Order = "fresh",
    seed: int = 0,
    dtype: Dtype = "float64",
    evaluate_every: int = 1,
    initial: Any = None,
    orders: Any = None,
    *,
    validation: Any = None,
    test: Any = None,
    scale: str | float | None = None,
    task: Literal["classification", "regression"] | None = None,
    l1_mode: Literal["subgradient", "proximal"] = "subgradient",
    l2_mode: Literal["coupled", "decoupled"] = "coupled",
    penalise_biases: bool = False,
    activation_hyper: Mapping[str, Value] | Sequence[Mapping[str, Value]] | None = None,
    output_hyper: Mapping[str, Value] | None = None,
    cost_hyper: Mapping[str, Value] | None = None,
    schedule: str = "constant",
    schedule_hyper: Mapping[str, Value] | None = None,
    initializer: str = "glorot_uniform",
    initializer_hyper: Mapping[str, Value] | None = None,
    divergence_bound: float = 1e4,
    time_limit: float = 0.0,
    running: bool = False,
    replicate: int = 0,
    quiet: bool = False,
) -> Outcome:
    """Train a dense network once.

    Args:
        problem: a problem's name, an object made by ``@problem``, or arrays (X, y): X (n, d), y (n,) or (n, k). Arrays are used as
            given: no split and no scaling unless `validation`, `test` or `scale` ask for it. Problems are split 60/20/20.
        layers: nodes of each hidden layer; () for none.
        activation: one for all hidden layers, or one for each. `output`: the last layer's (default identity).
        cost: default by task: squared_error, binary_cross_entropy or softmax_cross_entropy (both on logits).
        hyper: the optimizer's hyper-parameters; the others keep their defaults. Likewise `cost_hyper`, `output_hyper`, and
            `activation_hyper`, which is one mapping for all hidden layers or one for each.
        l1, l2, l1_mode, l2_mode, penalise_biases, order, evaluate_every, divergence_bound, time_limit: see `Settings`.
        batch_size: rows per mini-batch, or "full".
        seed, replicate: key all chance; runs that share them share start, split and mini-batches.
        initial: flat start vector. orders: (epochs, n) indices. With both, a run is fully determined.
        validation, test: a share of the rows, or (X, y).
        running: keep the mean cost of each mini-batch before its update.
        quiet: do not print what was inferred.

    Raises:
        OptlabError: an argument that does not fit, in one sentence.
    """
    catalogue = catalogue_with(optimizer, cost, output, *((activation,) if isinstance(activation, str | Activation) else activation))
    streams = Streams(_positive("seed", seed, 0), _positive("replicate", replicate, 0))
    dataset = _dataset(problem, streams, catalogue, validation, test, scale, task)
    layers = tuple(_positive("layers", nodes, 1) for nodes in layers)
    names = [name_of(activation)] * len(layers) if isinstance(activation, str | Activation) else [name_of(one) for one in activation]
    if len(names) != len(layers):
        raise OptlabError(f"train: {len(names)} activations for {len(layers)} hidden layers; give one name, or one per hidden layer")
    given = [activation_hyper or {}] * len(layers) if activation_hyper is None or isinstance(activation_hyper, Mapping) else activation_hyper
    if len(given) != len(layers):
        raise OptlabError(f"train: {len(given)} activation_hyper for {len(layers)} hidden layers; give one mapping, or one per hidden layer")
    chosen_cost, chosen_output = name_of(cost or inferred_cost(dataset)), name_of(output or "identity")
    if not quiet and (cost is None or output is None):
        print(f"optlab.train: {dataset.description}; output {chosen_output}, cost {chosen_cost}", file=sys.stderr)
    rule = catalogue.optimizer(name_of(optimizer))
    settings = Settings(
        layers=layers,
        activation=tuple(names),
        output=chosen_output,
        cost=chosen_cost,
        activation_hyper=tuple(pairs(catalogue.activation(name).values(dict(one))) for name, one in zip(names, given, strict=True)),
        output_hyper=pairs(catalogue.activation(chosen_output).values(dict(output_hyper or {}))),
        cost_hyper=pairs(catalogue.cost(chosen_cost).values(dict(cost_hyper or {}))),
        optimizer=rule.name,
        hyper=pairs(rule.values(dict(hyper or {}))),
        l1=_strength("l1", l1),
        l2=_strength("l2", l2),
        l1_mode=_choice("l1_mode", l1_mode, ("subgradient", "proximal")),
        l2_mode=_choice("l2_mode", l2_mode, ("coupled", "decoupled")),
        penalise_biases=bool(penalise_biases),
        epochs=_positive("epochs", epochs, 0),
        batch_size="full" if batch_size == "full" else _positive("batch_size", batch_size, 1),
        order=_choice("order", order, ("fresh", "fixed", "cumulative", "replacement")),
        schedule=catalogue.schedule(schedule).name,
        schedule_hyper=pairs(catalogue.schedule(schedule).values(dict(schedule_hyper or {}))),
        initializer=catalogue.initializer(initializer).name,
        initializer_hyper=pairs(catalogue.initializer(initializer).values(dict(initializer_hyper or {}))),
        dtype=_choice("dtype", dtype, ("float32", "float64")),
        evaluate_every=_positive("evaluate_every", evaluate_every, 0),
        divergence_bound=_strength("divergence_bound", divergence_bound),
        time_limit=_strength("time_limit", time_limit),
    )
    check_penalties(settings, rule)
    with single_threaded():
        return execute(settings, dataset, streams, catalogue, initial=initial, orders=orders, running=running)


def check_penalties(settings: Settings, rule: Optimizer) -> None:
    """Refuse penalties that the rule cannot carry.

    Raises:
        OptlabError: decoupled L2 with a rule that has no lr or its own weight_decay; proximal L1 with a rule that has no lr.
    """
    if settings.l2 and settings.l2_mode == "decoupled" and ("lr" not in rule.hyper or "weight_decay" in rule.hyper):
        why = "has its own weight_decay" if "weight_decay" in rule.hyper else "has no lr"
        raise OptlabError(f"optimizer {rule.name} {why}, so decoupled L2 has no meaning for it; use l2_mode = 'coupled'")
    if settings.l1 and settings.l1_mode == "proximal" and "lr" not in rule.hyper:
        raise OptlabError(f"optimizer {rule.name} has no lr, so proximal L1 has no meaning for it; use l1_mode = 'subgradient'")


def _dataset(problem: Any, streams: Streams, catalogue: Catalogue, validation: Any, test: Any, scale: Any, task: Any) -> Dataset:
    if isinstance(problem, str | Problem):
        plugin = catalogue.problem(problem) if isinstance(problem, str) else problem
        shares = {"validation": 0.2 if validation is None else validation, "test": 0.2 if test is None else test}
        return problem_dataset(plugin, {}, streams.split(), streams.noise(), **shares)
    if not (isinstance(problem, tuple | list) and len(problem) == 2):
        raise OptlabError(f"train: the problem must be a name, a @problem or arrays (X, y), not {type(problem).__name__}")
    return prepare(
        problem[0], problem[1], task=task, validation=validation or 0.0, test=test or 0.0, scale=scale or "none", rng=streams.split()
    )


def gradient(
    parameters: Any,
    X: Any,
    Y: Any,
    sizes: Sequence[int],
    activations: Sequence[str | Activation],
    cost: str | Cost | RowCost,
    l1: float = 0.0,
    l2: float = 0.0,
) -> tuple[float, Array]:
    """(training objective, its gradient) of a network at flat `parameters`, over all rows of X (n, d) and Y (n, k).

    The objective is the mean cost plus l2 * sum(W^2) / 2 + l1 * sum(|W|) over weights. `activations` has one name per layer, output
    included. The dtype is that of `parameters`: float64 or float32.

    Raises:
        OptlabError: shapes that do not fit each other.
    """
    w = np.array(parameters)
    if w.dtype not in (np.float32, np.float64):
        w = w.astype(np.float64)
    X, Y = np.ascontiguousarray(X, dtype=w.dtype), np.ascontiguousarray(Y, dtype=w.dtype)
    sizes = tuple(int(size) for size in sizes)
    needed = layout.parameter_count(sizes)
    if X.ndim != 2 or Y.ndim != 2 or len(X) != len(Y) or not len(X) or (X.shape[1], Y.shape[1]) != (sizes[0], sizes[-1]):
        raise OptlabError(f"gradient: X {X.shape} and Y {Y.shape} do not fit a network with sizes {sizes}")
    if w.shape != (needed,) or len(activations) != len(sizes) - 1:
        raise OptlabError(
            f"gradient: sizes {sizes} need {needed} parameters and {len(sizes) - 1} activations, not {w.shape} and {len(activations)}"
        )
    catalogue = catalogue_with(cost, *activations)
    chosen = [(one, one.values({})) for one in (catalogue.activation(name_of(name)) for name in activations)]
    plugin = catalogue.cost(name_of(cost))
    wiring = Wiring(sizes, chosen, str(w.dtype), plugin, plugin.values({}), "regression")
    workspace, rows = wiring.workspace(len(X), 0)
    g, terms = np.zeros_like(w), len(X) * wiring.terms
    with single_threaded():
        address, context = wiring.kernel.network_gradient.address, wiring.training_context(X, Y, workspace, rows)
        total = wiring.kernel.gradient(address, context, w, np.arange(len(X)), len(X), g, 1.0 / terms)
    value = total / terms
    for offset, n_in, n_out, _ in layer_table(sizes):
        W = slice(offset, offset + n_in * n_out)
        g[W] += w.dtype.type(l2) * w[W] + w.dtype.type(l1) * np.sign(w[W])
        value += 0.5 * l2 * float(w[W] @ w[W]) + l1 * float(np.abs(w[W]).sum())
    return value, g


def trajectory(
    optimizer: str | Optimizer,
    gradients: Any,
    start: Any,
    hyper: Mapping[str, Value] | None = None,
    dtype: Dtype = "float64",
    *,
    sizes: Sequence[int] | None = None,
) -> Array:
    """The update rule alone on a fixed tape: gradients (T, n), start (n,) -> (T, n), row k is w after step k + 1.

    sizes: layer sizes of a network with n parameters, for layer-wise rules.

    Raises:
        OptlabError: shapes that do not fit, an unknown rule or hyper-parameter.
    """
    rule = catalogue_with(optimizer).optimizer(name_of(optimizer))
    values = rule.values(dict(hyper or {}))
    tape, w = np.array(gradients, dtype=dtype, order="C"), np.array(start, dtype=dtype)
    if tape.ndim != 2 or w.shape != (tape.shape[1],):
        raise OptlabError(f"trajectory: gradients {tape.shape} and start {w.shape} do not fit; they are (T, n) and (n,)")
    kernel = load_kernel(_choice("dtype", dtype, ("float32", "float64")))
    stages = np.zeros((1, abi.STAGE_COLUMNS), dtype=np.int64)
    stages[0, abi.STAGE_ADDRESS] = rule.compiled(dtype, rule.options(values))
    out, result = np.empty_like(tape), np.zeros(layout.RESULT_SIZE)
    slots = np.repeat(np.array([*rule.slot_starts(values), 0.0], dtype=dtype), len(w))
    layers = np.zeros((0, abi.LAYER_COLUMNS), dtype=np.int64)
    if sizes is not None:
        sizes = tuple(int(size) for size in sizes)
        if layout.parameter_count(sizes) != len(w):
            raise OptlabError(f"trajectory: sizes {sizes} have {layout.parameter_count(sizes)} parameters, start has {len(w)}")
        layers = layer_table(sizes)
    kernel.trajectory(
        np.zeros(layout.PLAN_COLUMNS, dtype=np.int64), np.zeros(layout.REAL_COLUMNS), np.zeros(layout.MODEL_COLUMNS, dtype=np.int64), tape, w,
        np.zeros(layout.memory_size(len(w), 0), dtype=dtype), slots, np.zeros(1), stages, np.array([rule.block(values)]).reshape(1, -1),
        layers, out, result,
    )  # fmt: skip
    return out
