"""A person's own table of numbers as a problem: a CSV file and the name of the column to predict."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from optlab import arrays
from optlab.errors import OptlabError, nearest
from optlab.sources import Problem


@dataclass(frozen=True, eq=False)
class TableProblem(Problem):
    """A problem read from a file. Its digest follows the numbers read, not the file's name or place."""

    content: str = ""

    def digest(self, options: Mapping[str, Any] = MappingProxyType({})) -> str:
        return self.content


def csv_problem(path: str | Path, target: str, *, task: str | None = None, scale: str | float = "standard", name: str = "") -> Problem:
    """Read a CSV file with a header line; `target` names the column to predict, every other column is an input.

    task: None infers it from the target column, as `optlab.data.prepare` does. scale: as there. name: the file's stem if empty.

    Raises:
        OptlabError: no such file or column, a cell that is missing or not a number (with row and column), too few columns.
    """
    import pandas as pd

    path = Path(path).expanduser()
    try:
        frame = pd.read_csv(path, skipinitialspace=True)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        cause = getattr(error, "strerror", None) or " ".join(str(error).split())
        raise OptlabError(f"the data file {path} cannot be read ({cause}); give a CSV file whose first line names the columns") from error
    columns = [str(column) for column in frame.columns]
    if target not in columns:
        raise OptlabError(f"{path} has no column {target!r}{nearest(target, columns)}; its columns are {', '.join(columns)}")
    if len(columns) < 2:
        raise OptlabError(f"{path} has no column beside the target {target!r}; at least one input is needed")
    features, wanted = frame.drop(columns=target), frame[target]
    X, y = arrays.inputs(features, str(path)), arrays.targets(wanted, f"{path}, column {target!r}")
    found = arrays.infer_task(y, task, str(path))
    digest = hashlib.blake2b(repr((X.shape, y.dtype.str, found, scale)).encode() + X.tobytes() + y.tobytes(), digest_size=12)

    def table() -> tuple[Any, Any]:
        return X.copy(), y.copy()

    about: dict[str, Any] = {"task": found, "scale": scale, "source": path.name, "content": digest.hexdigest()}
    return TableProblem(name or path.stem, table, {}, distribution=f"file {path.name}", **about)
