"""Keys of a study file that hold a table of their own: a problem, a folder of published runs, hyper-parameters.

Readers raise ValueError whose text is the rest of a sentence that begins with file and key. `top`: the keys of a study file, to tell one
that slipped below a [table] from a misspelt one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from optlab.errors import nearest
from optlab.study import axes, fields
from optlab.study.fields import axis, scalar, word

HyperTable = dict[str, axes.Values]


class SlippedKeyError(ValueError):
    """A top-level key that stands below a [table]: TOML then makes it part of that table."""

    def __init__(self, key: str, table: str) -> None:
        super().__init__(
            f"it stands below [{table}], where TOML makes it part of that table; move {key!r} above the first [table] of the file"
        )


STRICT = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)
"""Of records that take no other keys than their own."""


def table_of_axes(value: Any, table: str, top: Collection[str]) -> HyperTable:
    """A [table] of axes, one per hyper-parameter, by the full names of those that TOML reads as tables within."""
    if not isinstance(value, Mapping):
        owner = table.rpartition(".")[2]
        if owner in top:
            raise SlippedKeyError(owner, table.partition(".")[0])
        raise ValueError(f"{owner} = {value!r} is no table; write [{table}] with one line per hyper-parameter")
    found: HyperTable = {}
    for key, given in value.items():
        if isinstance(given, Mapping) and not axes.is_grid(given):  # linear.1.start = 0.1, which TOML reads as tables
            found |= {f"{key}.{name}": values for name, values in table_of_axes(given, f"{table}.{key}", top).items()}
            continue
        try:
            found[str(key)] = axis(scalar)(given)
        except ValueError as error:
            raise ValueError(f"[{table}] {key}: {error}") from error
    return found


FILES = ("csv", "parquet", "npz")
"""Keys of a problem table that name a file of one's own data."""


class ProblemEntry(BaseModel):
    """One problem: a name with hyper-parameters (lists make several problems), or a file of one's own."""

    model_config = STRICT

    name: str | None = None
    hyper: HyperTable = {}
    csv: str | None = None
    parquet: str | None = None
    npz: str | None = None
    target: str | None = None
    task: str | None = None
    scale: str | float | None = None


def problems(value: Any, top: Collection[str]) -> tuple[ProblemEntry, ...]:
    """The key `problem`: one entry or a list of them."""
    return tuple(_problem(entry, top) for entry in axes.values(value))


def _problem(value: Any, top: Collection[str]) -> ProblemEntry:
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
        hyper = table_of_axes(rest, "problem", top)
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
        if key in top:
            raise SlippedKeyError(key, "problem")
        raise ValueError(f"there is no key {key!r}{nearest(key, ['name', *FILES, 'target', 'task', 'scale'])} in a problem table")
    return ProblemEntry(scale=chosen, **texts)


class Published(BaseModel):
    """A folder of published run records to show beside the study's own runs, and what its test problems are called here."""

    model_config = STRICT

    folder: str
    problems: dict[str, str] = {}


def published(value: Any, top: Collection[str]) -> Published:
    """The key `published`."""
    if not isinstance(value, Mapping) or "folder" not in value:
        raise ValueError(f'{value!r} names no folder; write {{ folder = "DIR" }}, a folder of DeepOBS run records')
    for key in value:
        if key in top and key not in Published.model_fields:
            raise SlippedKeyError(key, "published")
        if key not in Published.model_fields:
            raise ValueError(f"there is no key {key!r}{nearest(key, list(Published.model_fields))}; it takes folder and problems")
    folder, problems = value["folder"], value.get("problems", {})
    if not isinstance(folder, str) or not folder.strip():
        raise ValueError(f"folder = {folder!r} is not allowed; it must be a text between quotes")
    texts = [*problems, *problems.values()] if isinstance(problems, Mapping) else [None]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise ValueError(f'problems = {problems!r} is not allowed; write {{ THEIRS = "OURS" }}, a test problem and what the study calls it')
    return Published(folder=folder, problems=dict(problems))
