"""From a validated study to its contenders: names looked up, hyper-parameters checked against their domains, axes multiplied out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from optlab.base import Plugin
from optlab.errors import OptlabError, nearest
from optlab.hyper import HyperParameter, Value
from optlab.identity import ByIdentity
from optlab.registry import Catalogue
from optlab.rules import Rule
from optlab.settings import Pairs, Settings, pairs
from optlab.study.schema import RUN_KEYS, STUDY_KEYS, HyperTable, SlippedKeyError, Spec
from optlab.timetable import unfit

# The order in which cells are made: the last of them, then the optimizer's own hyper-parameters, vary fastest; lr fastest of all.
AXES = (
    "dtype", "layers", "activation", "output", "cost", "initializer", "schedule", "schedule_unit", "epochs", "batch_size", "order",
    "penalise_biases", "l1_mode", "l2_mode", "l1", "l2",
)  # fmt: skip
PARTS = ("activations", "costs", "schedules", "initializers")


@dataclass(frozen=True)
class Contender:
    """One row of the ranking: a rule, and the axes over which it is tuned.

    axes: key of a study file -> values. rules: complete settings of the rule's hyper-parameters. parts: (kind, name) -> complete
    settings of that activation's, cost's, schedule's or initializer's.
    """

    label: str
    rule: Rule
    axes: Mapping[str, tuple[Any, ...]]
    protocol: Mapping[str, Any]
    rules: tuple[Pairs, ...]
    parts: Mapping[tuple[str, str], tuple[Pairs, ...]] = field(default_factory=dict)

    def cells(self, usual_cost: str) -> Iterator[Settings]:
        """Every setting of the axes once; `usual_cost` stands in where the study names none.

        Fields that are equal are the same object, which is what makes digests cheap (`identity`).
        """
        repeated: ByIdentity[tuple[str, ...]] = ByIdentity(lambda name, layers: (name,) * len(layers))
        together: ByIdentity[tuple[Pairs, ...]] = ByIdentity(lambda *hyper: hyper)
        seen: set[tuple[Any, ...]] = set()
        for values in itertools.product(*(self.axes[key] for key in AXES)):
            chosen = dict(zip(AXES, values, strict=True))
            if isinstance(chosen["activation"], str):
                chosen["activation"] = repeated(chosen["activation"], chosen["layers"])
            network = tuple(chosen.values())
            if network not in seen:  # a network without hidden layers is the same for every activation
                seen.add(network)
                yield from self._with_parts(chosen, usual_cost, together)

    def _with_parts(self, chosen: dict[str, Any], usual_cost: str, together: ByIdentity[tuple[Pairs, ...]]) -> Iterator[Settings]:
        layers, output, cost = chosen.pop("layers"), chosen.pop("output") or "identity", chosen.pop("cost") or usual_cost
        hidden = chosen.pop("activation")
        names = tuple(dict.fromkeys((*hidden, output)))
        activations = [self.parts[("activations", name)] for name in names]
        others = [self.parts[key] for key in (("costs", cost), ("schedules", chosen["schedule"]), ("initializers", chosen["initializer"]))]
        for *functions, cost_hyper, schedule_hyper, initializer_hyper in itertools.product(*activations, *others):
            function = dict(zip(names, functions, strict=True))
            activation_hyper = together(*(function[name] for name in hidden))
            for hyper in self.rules:
                yield Settings(
                    layers=layers, activation=hidden, output=output, cost=cost, optimizer=self.rule.name, hyper=hyper,
                    activation_hyper=activation_hyper, output_hyper=function[output], cost_hyper=cost_hyper,
                    schedule_hyper=schedule_hyper, initializer_hyper=initializer_hyper, **chosen, **self.protocol,
                )  # fmt: skip


def resolve(spec: Spec, catalogue: Catalogue, source: str) -> tuple[Contender, ...]:
    """The contenders of a study, in its order.

    Raises:
        OptlabError: a name that is not known, a value outside its domain, settings that cannot go together; begins with `source`.
    """
    tables = _tables(spec, catalogue, source)
    found: dict[str, Contender] = {}
    for name in spec.optimizer:
        contender = _contender(name, spec, catalogue, tables, source)
        if contender.label in found:
            raise OptlabError(f"{source}: optimizer: {name!r} is listed twice (as {contender.label!r}); drop one")
        found[contender.label] = contender
    if spec.lr is not None and not any("lr" in contender.rule.hyper for contender in found.values()):
        raise OptlabError(f"{source}: lr: none of the optimizers {', '.join(found)} has a learning rate; drop the key")
    return tuple(found.values())


def _look_up(catalogue: Catalogue, kind: str, name: str, where: str) -> Plugin:
    try:
        return catalogue.find(kind, name)
    except OptlabError as error:
        raise OptlabError(f"{where}: {error}") from error


def _tables(spec: Spec, catalogue: Catalogue, source: str) -> dict[tuple[str, str], HyperTable]:
    """The [hyper.NAME] tables by (kind, name of the plugin); every key must mean something to a plugin of that name."""
    tables: dict[tuple[str, str], HyperTable] = {}
    for name, table in spec.hyper.items():
        where = f"{source}: hyper.{name}"
        if name in spec.variant:
            raise OptlabError(f"{where}: {name!r} is a variant; write hyper = {{...}} in [variant.{name}]")
        owners = {}
        for kind in ("optimizers", *PARTS):
            try:
                owners[kind] = catalogue.find(kind, name)
            except OptlabError:
                continue
        if not owners:
            known = [one for kind in ("optimizers", *PARTS) for one in catalogue[kind]]
            raise OptlabError(f"{where}: there is no optimizer, activation, cost, schedule or initializer {name!r}{nearest(name, known)}")
        for key in table:
            if not any(key in owner.hyper for owner in owners.values()):
                raise _unknown(key, [one for owner in owners.values() for one in owner.hyper], where, f"hyper.{name}")
        for kind, owner in owners.items():
            tables[kind, owner.name] = {key: values for key, values in table.items() if key in owner.hyper}
    return tables


def complete_hyper(plugin: Plugin, given: Mapping[str, Any], where: str, table: str) -> dict[str, Value]:
    """All hyper-parameters of a plugin, the given ones checked; a fault begins with `where`."""
    for key in given:
        if key not in plugin.hyper:
            raise _unknown(key, list(plugin.hyper), where, table)
    return {name: one.check(given.get(name, one.default), where) for name, one in plugin.hyper.items()}


def _unknown(key: str, known: list[str], where: str, table: str) -> OptlabError:
    if key in STUDY_KEYS:
        return OptlabError(f"{where}: {key}: {SlippedKeyError(key, table)}")
    has = f"it has {', '.join(known)}" if known else "it has none"
    return OptlabError(f"{where}: there is no hyper-parameter {key!r}{nearest(key, known)}; {has}")


def _contender(name: str, spec: Spec, catalogue: Catalogue, tables: Mapping[tuple[str, str], HyperTable], source: str) -> Contender:
    variant = spec.variant.get(name)
    run = {key: getattr(spec, key) for key in RUN_KEYS}
    where = f"{source}: optimizer" if variant is None else f"{source}: variant.{name}"
    if variant is not None and name in catalogue["optimizers"]:
        raise OptlabError(f"{where}: there is already an optimizer called {name!r}; give the variant another name")
    if variant is None and name not in catalogue["optimizers"] and spec.variant:
        hint = nearest(name, list(spec.variant))
        if hint:
            raise OptlabError(f"{where}: there is no optimizer or variant called {name!r}{hint}")
    rule = _look_up(catalogue, "optimizers", name if variant is None else variant.of, where if variant is None else f"{where}.of")
    assert isinstance(rule, Rule)

    given: HyperTable = {"lr": spec.lr} if spec.lr is not None and "lr" in rule.hyper else {}
    given |= tables.get(("optimizers", rule.name), {})
    if variant is not None:
        own = {key: getattr(variant, key) for key in variant.model_fields_set & set(RUN_KEYS)}
        own_lr = own.pop("lr", None)
        run |= own
        own_hyper = variant.hyper | ({"lr": own_lr} if own_lr is not None else {})
        for key in own_hyper:
            if key not in rule.hyper:
                raise _unknown(key, list(rule.hyper), f"{where}.hyper", f"variant.{name}.hyper")
        given |= own_hyper
    at = f"{source}: optimizer {rule.name}" if variant is None else where
    contender = Contender(
        label=rule.name if variant is None else name,
        rule=rule,
        axes={key: (None,) if run[key] is None else run[key] for key in AXES},
        protocol={key: run[key] for key in ("evaluate_every", "divergence_bound", "time_limit")},
        rules=_settings_of(rule.hyper, given, at),
        parts=_parts(run, catalogue, tables, source),
    )
    _check_together(contender, catalogue, where, source)
    return contender


def _settings_of(hyper: Mapping[str, HyperParameter], given: HyperTable, owner: str) -> tuple[Pairs, ...]:
    """Every setting of a plugin's hyper-parameters, defaults included; lr varies fastest."""
    names = sorted(hyper, key=lambda name: name == "lr")
    values: list[list[Value]] = [[hyper[name].check(value, owner) for value in given.get(name, (hyper[name].default,))] for name in names]
    return tuple(pairs(dict(zip(names, chosen, strict=True))) for chosen in itertools.product(*values))


def _parts(
    run: Mapping[str, Any], catalogue: Catalogue, tables: Mapping[tuple[str, str], HyperTable], source: str
) -> dict[tuple[str, str], tuple[Pairs, ...]]:
    """Settings of every activation, cost, schedule and initializer that a run may use."""
    hidden = [name for names in run["activation"] for name in ((names,) if isinstance(names, str) else names)]
    used = [("activation", "activations", name) for name in hidden]
    used += [("output", "activations", name) for name in run["output"] or ("identity",)]
    used += [("cost", "costs", name) for name in run["cost"] or catalogue["costs"]]
    used += [("schedule", "schedules", name) for name in run["schedule"]]
    used += [("initializer", "initializers", name) for name in run["initializer"]]
    parts = {}
    for key, kind, name in dict.fromkeys(used):
        plugin = _look_up(catalogue, kind, name, f"{source}: {key}")
        parts[kind, name] = _settings_of(plugin.hyper, tables.get((kind, plugin.name), {}), f"{source}: hyper.{plugin.name}")
    return parts


def _check_together(contender: Contender, catalogue: Catalogue, where: str, source: str) -> None:
    axes, rule = contender.axes, contender.rule
    for layers, activation in itertools.product(axes["layers"], axes["activation"]):
        if not isinstance(activation, str) and len(activation) != len(layers):
            raise OptlabError(
                f"{source}: activation: {list(activation)} names {len(activation)} activations, but layers = {list(layers)} "
                f"has {len(layers)} hidden layers; give one name, or one per hidden layer"
            )
    why = "has no lr" if "lr" not in rule.hyper else "has its own weight_decay" if "weight_decay" in rule.hyper else ""
    if why and "decoupled" in axes["l2_mode"] and any(axes["l2"]):
        raise OptlabError(f"{where}: l2_mode: {rule.name} {why}, so decoupled L2 has no meaning for it; use l2_mode = 'coupled'")
    if "lr" not in rule.hyper and "proximal" in axes["l1_mode"] and any(axes["l1"]):
        raise OptlabError(f"{where}: l1_mode: {rule.name} has no lr, so proximal L1 has no meaning for it; use l1_mode = 'subgradient'")
    for name in axes["schedule"]:
        why = "" if name == "constant" else unfit(catalogue.schedule(name), rule)
        if why:
            raise OptlabError(f"{where}: schedule: {why}")
