"""From a validated study to its contenders: names looked up, hyper-parameters checked against their domains."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from optlab.base import Plugin
from optlab.errors import OptlabError, nearest
from optlab.hyper import HyperParameter, Value
from optlab.registry import Catalogue
from optlab.rules import Rule
from optlab.study.axes import Range, Values, listed
from optlab.study.cells import AXES, PARTS, Contender
from optlab.study.entries import HyperTable, SlippedKeyError
from optlab.study.procedure import MOST_EPOCHS
from optlab.study.schema import DEFAULT_LAYERS, RUN_KEYS, STUDY_KEYS, Spec
from optlab.study.search import Draw
from optlab.timetable import unfit


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
        run |= _NO_NETWORK if {"layers", "depth", "width"} & own.keys() else {}
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
        axes=_axes(run, spec),
        protocol={key: run[key] for key in ("evaluate_every", "divergence_bound", "time_limit")} | _time_limit(spec),
        hyper=_hyper(rule.hyper, given, at),
        part_hyper=_parts(run, catalogue, tables, source),
        draw=None if spec.search == "grid" else Draw(spec.search, int(spec.trials or 0), spec.seed),
    )
    _check_together(contender, catalogue, where, source)
    return contender


_NO_NETWORK: dict[str, Any] = {"layers": (DEFAULT_LAYERS,), "depth": None, "width": None}


def _axes(run: Mapping[str, Any], spec: Spec) -> dict[str, Values]:
    """The axes of a run by key; "depth" and "width" take the place of "layers" where either is given."""
    axes: dict[str, Values] = {key: (None,) if run[key] is None else run[key] for key in AXES}
    if run["depth"] is not None or run["width"] is not None:
        del axes["layers"]
        axes["depth"] = (len(DEFAULT_LAYERS),) if run["depth"] is None else run["depth"]
        axes["width"] = DEFAULT_LAYERS if run["width"] is None else run["width"]
    if spec.budget is not None and spec.budget.unit == "epochs":
        axes["epochs"] = (int(spec.budget.amount),)
    elif spec.budget is not None and spec.budget.unit == "seconds" and "epochs" not in spec.model_fields_set:
        axes["epochs"] = (MOST_EPOCHS,)
    elif spec.budget is not None and spec.budget.unit in ("steps", "flops"):
        axes["epochs"] = (1,)  # each cell's own follow from its network and data
    return axes


def _time_limit(spec: Spec) -> dict[str, float]:
    return {"time_limit": spec.budget.amount} if spec.budget is not None and spec.budget.unit == "seconds" else {}


def _hyper(hyper: Mapping[str, HyperParameter], given: HyperTable, owner: str) -> dict[str, Values]:
    """The values of all of a plugin's hyper-parameters, defaults included, each checked; lr is the last."""
    found: dict[str, Values] = {}
    for name in sorted(hyper, key=lambda name: name == "lr"):
        one, values = hyper[name], given.get(name, (hyper[name].default,))
        if isinstance(values, Range):
            found[name] = Range(values.spacing, *(float(one.check(end, owner)) for end in (values.low, values.high)))
        else:
            found[name] = tuple(one.check(value, owner) for value in values)
    return found


def _parts(
    run: Mapping[str, Any], catalogue: Catalogue, tables: Mapping[tuple[str, str], HyperTable], source: str
) -> dict[tuple[str, str], dict[str, Values]]:
    """Hyper-parameters of every activation, cost, schedule and initializer that a run may use."""
    hidden = [name for names in run["activation"] for name in ((names,) if isinstance(names, str) else names)]
    used = [("activation", "activations", name) for name in hidden]
    used += [("output", "activations", name) for name in run["output"] or ("identity",)]
    used += [("cost", "costs", name) for name in run["cost"] or catalogue["costs"]]
    used += [("schedule", "schedules", name) for name in run["schedule"]]
    used += [("initializer", "initializers", name) for name in run["initializer"]]
    parts = {}
    for key, kind, name in dict.fromkeys(used):
        plugin = _look_up(catalogue, kind, name, f"{source}: {key}")
        parts[kind, name] = _hyper(plugin.hyper, tables.get((kind, plugin.name), {}), f"{source}: hyper.{plugin.name}")
    return parts


def _check_together(contender: Contender, catalogue: Catalogue, where: str, source: str) -> None:
    axes, rule = contender.axes, contender.rule
    by_layer = [names for names in listed(axes["activation"]) if not isinstance(names, str)]
    if by_layer and any(isinstance(axes.get(key), Range) for key in ("depth", "width")):
        raise OptlabError(f"{source}: activation: {list(by_layer[0])} is for listed layers, and depth or width is a range; give one name")
    for layers, activation in itertools.product(contender.networks if by_layer else (), by_layer):
        if len(activation) != len(layers):
            raise OptlabError(
                f"{source}: activation: {list(activation)} names {len(activation)} activations, but layers = {list(layers)} "
                f"has {len(layers)} hidden layers; give one name, or one per hidden layer"
            )
    why = "has no lr" if "lr" not in rule.hyper else "has its own weight_decay" if "weight_decay" in rule.hyper else ""
    if why and "decoupled" in listed(axes["l2_mode"]) and _positive(axes["l2"]):
        raise OptlabError(f"{where}: l2_mode: {rule.name} {why}, so decoupled L2 has no meaning for it; use l2_mode = 'coupled'")
    if "lr" not in rule.hyper and "proximal" in listed(axes["l1_mode"]) and _positive(axes["l1"]):
        raise OptlabError(f"{where}: l1_mode: {rule.name} has no lr, so proximal L1 has no meaning for it; use l1_mode = 'subgradient'")
    for name in listed(axes["schedule"]):
        why = "" if name == "constant" else unfit(catalogue.schedule(name), rule)
        if why:
            raise OptlabError(f"{where}: schedule: {why}")


def _positive(values: Values) -> bool:
    return isinstance(values, Range) or any(values)
