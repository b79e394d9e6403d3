"""`optlab.train`: from a few arguments to the settings, data and streams of one run."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from optlab.blas import single_threaded
from optlab.data import Dataset, prepare, problem_dataset
from optlab.errors import OptlabError
from optlab.execution import execute
from optlab.hyper import Value
from optlab.kinds import Activation, Cost, RowCost
from optlab.outcome import Outcome
from optlab.registry import Catalogue, catalogue_with, name_of
from optlab.rules import Rule
from optlab.settings import Order, Settings, pairs
from optlab.sources import Problem, Schedule
from optlab.streams import Streams

Array = npt.NDArray[Any]
Dtype = Literal["float32", "float64"]


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
    optimizer: str | Rule = "adam",
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
    schedule: str | Schedule = "constant",
    schedule_hyper: Mapping[str, Value] | None = None,
    schedule_unit: Literal["epoch", "step"] = "epoch",
    initializer: str = "glorot_uniform",
    initializer_hyper: Mapping[str, Value] | None = None,
    divergence_bound: float = 1e4,
    time_limit: float = 0.0,
    running: bool = False,
    diagnostics: bool = False,
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
        schedule: factors on lr, or on other hyper-parameters: "cosine", "warmup then cosine", "one_cycle and mu: one_cycle"; the notation
            is that of `optlab.composition`. schedule_unit: "epoch" or "step", what its hyper-parameters count.
        seed, replicate: key all chance; runs that share them share start, split and mini-batches.
        initial: flat start vector. orders: (epochs, n) indices. With both, a run is fully determined.
        validation, test: a share of the rows, or (X, y).
        running: keep the mean cost of each mini-batch before its update.
        diagnostics: look at the trained network over the training rows: gradients, dead units, sharpness (`Outcome.diagnosis`).
        quiet: do not print what was inferred.

    Raises:
        OptlabError: an argument that does not fit, in one sentence.
    """
    catalogue = catalogue_with(
        optimizer, cost, output, schedule, *((activation,) if isinstance(activation, str | Activation) else activation)
    )
    streams = Streams(_positive("seed", seed, 0), _positive("replicate", replicate, 0))
    dataset = _dataset(problem, streams, catalogue, validation, test, scale, task)
    layers = tuple(_positive("layers", nodes, 1) for nodes in layers)
    names = [name_of(activation)] * len(layers) if isinstance(activation, str | Activation) else [name_of(one) for one in activation]
    if len(names) != len(layers):
        raise OptlabError(f"train: {len(names)} activations for {len(layers)} hidden layers; give one name, or one per hidden layer")
    one_for_all = activation_hyper is None or isinstance(activation_hyper, Mapping)
    given: Sequence[Any] = [activation_hyper or {}] * len(layers) if one_for_all else activation_hyper  # type: ignore[assignment]
    if len(given) != len(layers):
        raise OptlabError(f"train: {len(given)} activation_hyper for {len(layers)} hidden layers; give one, or one each")
    chosen_cost, chosen_output = name_of(cost or inferred_cost(dataset)), name_of(output or "identity")
    if not quiet and (cost is None or output is None):
        print(f"optlab.train: {dataset.description}; output {chosen_output}, cost {chosen_cost}", file=sys.stderr)
    rule, chosen_schedule = catalogue.optimizer(name_of(optimizer)), catalogue.schedule(name_of(schedule))
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
        schedule=chosen_schedule.name,
        schedule_hyper=pairs(chosen_schedule.values(dict(schedule_hyper or {}))),
        schedule_unit=_choice("schedule_unit", schedule_unit, ("epoch", "step")),
        initializer=catalogue.initializer(initializer).name,
        initializer_hyper=pairs(catalogue.initializer(initializer).values(dict(initializer_hyper or {}))),
        dtype=_choice("dtype", dtype, ("float32", "float64")),
        evaluate_every=_positive("evaluate_every", evaluate_every, 0),
        divergence_bound=_strength("divergence_bound", divergence_bound),
        time_limit=_strength("time_limit", time_limit),
    )
    check_penalties(settings, rule)
    own = catalogue.initializer(initializer).distribution.startswith("optlab ")  # another may import scipy when it is called
    with single_threaded(scipy=not own):
        return execute(settings, dataset, streams, catalogue, initial=initial, orders=orders, running=running, diagnostics=diagnostics)


def check_penalties(settings: Settings, rule: Rule) -> None:
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
