"""The study file as a validated record: every key, what it may hold, what it defaults to.

A key that describes a run (`Run`) is an axis when it holds a list or a grid, and a variant may override it; the others describe the
study. `read` turns any fault into one sentence with source, key, value, reason and remedy. Whether names mean something is for
`contenders.resolve`, which knows the plugins.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, field_validator

from optlab.errors import OptlabError, nearest
from optlab.settings import Settings
from optlab.study import axes, fields, procedure
from optlab.study.fields import ANY, COUNT, LIMIT, NATURAL, POSITIVE, SEED, SHARE, axis, identifier, number, one, scalar, switch, word

_DEFAULT: dict[str, Any] = {field.name: field.default for field in dataclasses.fields(Settings)}

DEFAULT_LAYERS = (50,)
HyperTable = dict[str, axes.Values]


class SlippedKeyError(ValueError):
    """A top-level key that stands below a [table]: TOML then makes it part of that table."""

    def __init__(self, key: str, table: str) -> None:
        super().__init__(
            f"it stands below [{table}], where TOML makes it part of that table; move {key!r} above the first [table] of the file"
        )


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Run(_Strict):
    """Keys that describe a run. All but the last three are axes where they hold a list. `depth` and `width` stand for `layers`."""

    layers: fields.Networks = (DEFAULT_LAYERS,)
    depth: fields.Depths | None = None
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


def _table_of_axes(value: Any, table: str) -> HyperTable:
    if not isinstance(value, Mapping):
        owner = table.rpartition(".")[2]
        if owner in Spec.model_fields:
            raise SlippedKeyError(owner, table.partition(".")[0])
        raise ValueError(f"{owner} = {value!r} is no table; write [{table}] with one line per hyper-parameter")
    found: HyperTable = {}
    for key, given in value.items():
        if isinstance(given, Mapping) and not axes.is_grid(given):  # linear.1.start = 0.1, which TOML reads as tables
            found |= {f"{key}.{name}": values for name, values in _table_of_axes(given, f"{table}.{key}").items()}
            continue
        try:
            found[str(key)] = axis(scalar)(given)
        except ValueError as error:
            raise ValueError(f"[{table}] {key}: {error}") from error
    return found


class Variant(Run):
    """One more contender: the rule `of`, with some keys and hyper-parameters of its own (`model_fields_set` tells which)."""

    of: Annotated[str, BeforeValidator(one(identifier))]
    hyper: HyperTable = {}

    @field_validator("hyper", mode="before")
    @classmethod
    def _hyper(cls, value: Any) -> HyperTable:
        return _table_of_axes(value, "hyper")


FILES = ("csv", "parquet", "npz")
"""Keys of a problem table that name a file of one's own data."""


class ProblemEntry(_Strict):
    """One problem: a name with hyper-parameters (lists make several problems), or a file of one's own."""

    name: str | None = None
    hyper: HyperTable = {}
    csv: str | None = None
    parquet: str | None = None
    npz: str | None = None
    target: str | None = None
    task: str | None = None
    scale: str | float | None = None


def _problem(value: Any) -> ProblemEntry:
    if isinstance(value, str) and value.strip():
        return ProblemEntry(name=value)
    if not isinstance(value, Mapping):
        raise ValueError(f'{value!r} is no problem; write a name such as "digits", or a table with csv and target')
    files = [key for key in FILES if key in value]
    if not files and "name" not in value:
        raise ValueError('a problem table needs csv = "FILE" and target = "COLUMN" (or parquet, or npz), or the name of a problem')
    if len(files) > 1:
        raise ValueError(f"a problem table names one file, and here are {' and '.join(files)}; make a list of two tables")
    texts = {key: value[key] for key in ("name", *FILES, "target", "task") if key in value}
    for key, text in texts.items():
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{key} = {text!r} is not allowed; it must be a text between quotes")
    rest = {key: given for key, given in value.items() if key not in texts}
    if not files:
        if "target" in rest or "target" in texts:
            raise ValueError("target names a column of a file; give csv or parquet too, or drop it")
        hyper = _table_of_axes(rest, "problem")
        for key, found in hyper.items():
            if isinstance(found, axes.Range):
                raise ValueError(f"{key}: a problem's values are listed and never searched; give points to {{{found.spacing} = ...}}")
        return ProblemEntry(name=texts["name"], hyper=hyper)
    if "target" not in texts and "npz" not in files:
        raise ValueError(f'a {files[0]} problem needs target = "COLUMN", the name of the column to predict')
    if "target" in texts and "npz" in files:
        raise ValueError("the targets of an npz archive are its array y, so target means nothing; drop it")
    if "task" in texts:
        word("classification", "regression")(texts["task"])
    chosen = fields.scale(rest.pop("scale")) if "scale" in rest else None
    for key in rest:
        if key in Spec.model_fields:
            raise SlippedKeyError(key, "problem")
        raise ValueError(f"there is no key {key!r}{nearest(key, ['name', *FILES, 'target', 'task', 'scale'])} in a problem table")
    return ProblemEntry(scale=chosen, **texts)


class Spec(Run):
    """A whole study. Only `problem` and `optimizer` have no default."""

    name: Annotated[str | None, BeforeValidator(one(fields.title))] = None
    about: str = ""
    problem: Annotated[tuple[ProblemEntry, ...], BeforeValidator(lambda value: tuple(_problem(entry) for entry in axes.values(value)))]
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
    hyper: dict[str, HyperTable] = {}
    variant: dict[str, Variant] = {}

    @field_validator("hyper", mode="before")
    @classmethod
    def _hyper(cls, value: Any) -> dict[str, HyperTable]:
        if not isinstance(value, Mapping):
            raise ValueError(f"{value!r} is no table; write [hyper.OPTIMIZER] with one line per hyper-parameter")
        return {str(owner): _table_of_axes(table, f"hyper.{owner}") for owner, table in value.items()}

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
