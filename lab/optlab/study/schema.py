"""The study file as a validated record: every key, what it may hold, what it defaults to.

A key that describes a run (`Run`) is an axis when it holds a list or a grid, and a variant may override it; the others describe the
study. `read` turns any fault into one sentence with source, key, value, reason and remedy. Whether names mean something is for
`contenders.resolve`, which knows the plugins.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ValidationError, field_validator

from optlab.errors import OptlabError, nearest
from optlab.settings import Settings
from optlab.study import entries, fields, procedure
from optlab.study.entries import STRICT, HyperTable, ProblemEntry, Published, SlippedKeyError, table_of_axes
from optlab.study.fields import ANY, COUNT, LIMIT, NATURAL, POSITIVE, SEED, SHARE, axis, identifier, number, one, switch, word

_DEFAULT: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(Settings)}

DEFAULT_LAYERS = (50,)


class Run(BaseModel):
    """Keys that describe a run. All but the last three are axes where they hold a list. `depth` and `width` stand for `layers`."""

    model_config = STRICT

    layers: fields.Networks = (DEFAULT_LAYERS,)
    depth: fields.Counts | None = None
    width: fields.Sizes | None = None
    activation: fields.Activations = ("sigmoid",)
    output: fields.Names | None = None
    cost: fields.Names | None = None
    epochs: fields.Counts = (_DEFAULT["epochs"],)
    batch_size: fields.Batches = (_DEFAULT["batch_size"],)
    lr: fields.Numbers | None = None
    l1: fields.Strengths = (0.0,)
    l2: fields.Strengths = (0.0,)
    l1_mode: Annotated[tuple[str, ...], BeforeValidator(axis(word("subgradient", "proximal")))] = (_DEFAULT["l1_mode"],)
    l2_mode: Annotated[tuple[str, ...], BeforeValidator(axis(word("coupled", "decoupled")))] = (_DEFAULT["l2_mode"],)
    penalise_biases: fields.Switches = (_DEFAULT["penalise_biases"],)
    order: Annotated[tuple[str, ...], BeforeValidator(axis(word("fresh", "fixed", "cumulative", "replacement")))] = (_DEFAULT["order"],)
    schedule: fields.Names = (_DEFAULT["schedule"],)
    schedule_unit: Annotated[tuple[str, ...], BeforeValidator(axis(word("epoch", "step")))] = (_DEFAULT["schedule_unit"],)
    initializer: fields.Names = (_DEFAULT["initializer"],)
    dtype: Annotated[tuple[str, ...], BeforeValidator(axis(word("float64", "float32")))] = (_DEFAULT["dtype"],)
    evaluate_every: Annotated[int, BeforeValidator(one(number(NATURAL)))] = _DEFAULT["evaluate_every"]
    divergence_bound: Annotated[float, BeforeValidator(one(number(POSITIVE)))] = _DEFAULT["divergence_bound"]
    time_limit: Annotated[float, BeforeValidator(one(number(LIMIT)))] = _DEFAULT["time_limit"]


class Variant(Run):
    """One more contender: the rule `of`, with some keys and hyper-parameters of its own (`model_fields_set` tells which)."""

    of: Annotated[str, BeforeValidator(one(identifier))]
    hyper: HyperTable = {}

    @field_validator("hyper", mode="before")
    @classmethod
    def _hyper(cls, value: Any) -> HyperTable:
        return table_of_axes(value, "hyper", Spec.model_fields)


class Spec(Run):
    """A whole study. Only `problem` and `optimizer` have no default."""

    name: Annotated[str | None, BeforeValidator(one(fields.title))] = None
    about: str = ""
    problem: Annotated[tuple[ProblemEntry, ...], BeforeValidator(lambda value: entries.problems(value, Spec.model_fields))]
    plugin: fields.Names = ()
    optimizer: fields.Names
    seeds: Annotated[int, BeforeValidator(one(number(COUNT)))] = 3
    confirm: Annotated[int, BeforeValidator(one(number(NATURAL)))] = 10
    seed: Annotated[int, BeforeValidator(one(number(SEED)))] = 0
    validation: Annotated[float, BeforeValidator(one(number(SHARE)))] = 0.2
    test: Annotated[float, BeforeValidator(one(number(SHARE)))] = 0.2
    scale: Annotated[str | float | None, BeforeValidator(one(fields.scale))] = None
    resplit: Annotated[bool, BeforeValidator(one(switch))] = False
    diagnostics: Annotated[bool, BeforeValidator(one(switch))] = False
    baselines: Annotated[bool, BeforeValidator(one(switch))] = True
    folds: Annotated[int | None, BeforeValidator(one(number(procedure.FOLDS)))] = None
    search: Annotated[str, BeforeValidator(one(word(*procedure.SEARCHES)))] = "grid"
    trials: Annotated[int | None, BeforeValidator(one(number(COUNT)))] = None
    budget: Annotated[procedure.Budget | None, BeforeValidator(procedure.budget)] = None
    halving: Annotated[procedure.Halving | None, BeforeValidator(procedure.halving)] = None
    extend: Annotated[bool, BeforeValidator(one(switch))] = False
    select: Annotated[str, BeforeValidator(one(word(*procedure.SELECTIONS)))] = "median"
    target: Annotated[float | None, BeforeValidator(one(number(ANY)))] = None
    smallest_difference: Annotated[float | None, BeforeValidator(one(number(LIMIT)))] = None
    published: Annotated[Published | None, BeforeValidator(lambda value: entries.published(value, Spec.model_fields))] = None
    hyper: dict[str, HyperTable] = {}
    variant: dict[str, Variant] = {}

    @field_validator("hyper", mode="before")
    @classmethod
    def _hyper(cls, value: Any) -> dict[str, HyperTable]:
        if not isinstance(value, Mapping):
            raise ValueError(f"{value!r} is no table; write [hyper.OPTIMIZER] with one line per hyper-parameter")
        return {str(owner): table_of_axes(table, f"hyper.{owner}", Spec.model_fields) for owner, table in value.items()}

    @field_validator("variant", mode="before")
    @classmethod
    def _variant(cls, value: Any) -> Any:
        if not isinstance(value, Mapping):
            raise ValueError(f'{value!r} is no table; write [variant.NAME] with of = "OPTIMIZER"')
        for label, table in value.items():
            if isinstance(table, Mapping):
                continue
            if label in Spec.model_fields:
                raise SlippedKeyError(label, "variant")
            raise ValueError(f'{label} = {table!r} is no table; write [variant.{label}] with of = "OPTIMIZER"')
        return dict(value)


RUN_KEYS = tuple(Run.model_fields)
"""Keys that describe a run: what a variant may override."""

STUDY_KEYS = tuple(Spec.model_fields)
"""All top-level keys."""


def defaults() -> dict[str, Any]:
    """What an absent key stands for, as one would write it: single values not in a list. For ``--set key+=value``."""
    found = {key: field.default for key, field in Spec.model_fields.items() if not field.is_required() and field.default is not None}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()} | {"layers": list(DEFAULT_LAYERS)}


def read(study: Mapping[str, Any], source: str) -> Spec:
    """The validated record of a study's dictionary.

    Raises:
        OptlabError: the first fault as one sentence that begins with `source` and the key.
    """
    try:
        spec = Spec.model_validate(dict(study))
    except ValidationError as error:
        raise OptlabError(_sentence(error, source)) from error
    procedure.check(spec, source)
    return spec


def _sentence(error: ValidationError, source: str) -> str:
    faults: list[Any] = list(error.errors(include_url=False))
    # A misspelt key often leaves a required one missing: the misspelling is the cause and comes first.
    fault = min(faults, key=lambda one: one["type"] != "extra_forbidden")
    path = [str(part) for part in fault["loc"]]
    where, key = f"{source}: {'.'.join(path)}", path[-1] if path else ""
    kind = fault["type"]
    if kind == "extra_forbidden":
        if len(path) > 1 and key in STUDY_KEYS:
            return f"{where}: {SlippedKeyError(key, '.'.join(path[:-1]))}"
        known = STUDY_KEYS if len(path) == 1 else (*RUN_KEYS, "of", "hyper")
        return f"{where} = {fault['input']!r}: there is no such key{nearest(key, known) or '; the keys are ' + ', '.join(known)}"
    if kind == "missing":
        example = {"problem": '"digits"', "optimizer": '["gd", "adam"]', "of": '"adam"'}.get(key, "...")
        return f"{where} is missing; write {key} = {example}"
    if kind == "value_error":
        return f"{where}: {fault['ctx']['error']}"
    return f"{where} = {fault['input']!r}: {fault['msg'][0].lower()}{fault['msg'][1:]}"
