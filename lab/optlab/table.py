"""A person's own file of numbers as a problem: a CSV or Parquet table and the name of the column to predict, or a NumPy archive."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from optlab import arrays
from optlab.errors import OptlabError, nearest
from optlab.sources import Problem

if TYPE_CHECKING:
    import pandas as pd

Scale = str | float


@dataclass(frozen=True, eq=False)
class TableProblem(Problem):
    """A problem read from a file. Its digest follows the numbers read, not the file's name or place."""

    content: str = ""

    def digest(self, options: Mapping[str, Any] = MappingProxyType({})) -> str:
        return self.content


def csv_problem(path: str | Path, target: str, *, task: str | None = None, scale: Scale = "standard", name: str = "") -> Problem:
    """Read a CSV file with a header line; `target` names the column to predict, every other column is an input.

    task: None infers it from the target column, as `optlab.data.prepare` does. scale: as there. name: the file's stem if empty.

    Raises:
        OptlabError: no such file or column, a cell that is missing or not a number (with row and column), too few columns or rows.
    """
    import pandas as pd

    path = Path(path).expanduser()
    try:
        frame = pd.read_csv(path, skipinitialspace=True)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise _unreadable(path, error, "give a CSV file whose first line names the columns") from error
    return _of_frame(frame, path, target, task, scale, name)


def parquet_problem(path: str | Path, target: str, *, task: str | None = None, scale: Scale = "standard", name: str = "") -> Problem:
    """Read a Parquet file; the rest is as in `csv_problem`. Text is not taken for a number, even where it looks like one."""
    import pandas as pd

    path = Path(path).expanduser()
    try:
        with path.open("rb") as file:
            frame = pd.read_parquet(file)
    except Exception as error:  # a damaged file makes pyarrow raise its own kinds, and pandas whatever its metadata lead to
        raise _unreadable(path, error, "give a Parquet file") from error
    for column in frame.columns:
        if str(column) != target and not pd.api.types.is_numeric_dtype(frame[column].dtype) and len(frame):
            first = frame[column].iloc[0]
            raise OptlabError(
                f"{path}: column {str(column)!r} has type {frame[column].dtype}, such as {first!r}; all inputs must be numbers, "
                "so drop it or write it as numbers"
            )
    return _of_frame(frame, path, target, task, scale, name)


def npz_problem(path: str | Path, *, task: str | None = None, scale: Scale = "standard", name: str = "") -> Problem:
    """Read a NumPy archive with the arrays X (n, d) and y (n,) or (n, k), as `numpy.savez(file, X=X, y=y)` writes it; never pickles.

    Raises:
        OptlabError: no such file or array, an array of Python objects, shapes that do not fit, a value that is not finite.
    """
    import numpy as np

    path = Path(path).expanduser()
    remedy = "give an archive that numpy.savez(file, X=X, y=y) wrote"
    found: dict[str, Any] = {}
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise OptlabError(f"{path} holds a single array, not an archive with X and y; {remedy}")
            for one in ("X", "y"):
                if one not in archive.files:
                    has = f"its arrays are {', '.join(archive.files)}" if archive.files else "it is empty"
                    raise OptlabError(f"{path} has no array {one!r}; {has}; {remedy}")
                found[one] = _array(archive, one, path)
    except (OSError, EOFError, ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:  # zipfile knows no encryption
        raise _unreadable(path, error, remedy) from error
    if found["X"].dtype.kind not in "biuf":
        raise OptlabError(f"{path}: X has type {found['X'].dtype}; all inputs must be real numbers")
    return _made(found["X"], found["y"], path, "", task, scale, name)


def _array(archive: Any, name: str, path: Path) -> Any:
    try:
        return archive[name]
    except ValueError as error:
        if "pickle" not in str(error):
            raise
        raise OptlabError(
            f"{path}: {name} is an array of Python objects, which is never loaded because a pickle can run code; save it as numbers or text"
        ) from error


def _unreadable(path: Path, error: Exception, remedy: str) -> OptlabError:
    cause = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
    return OptlabError(f"the data file {path} cannot be read ({cause}); {remedy}")


def _of_frame(frame: pd.DataFrame, path: Path, target: str, task: str | None, scale: Scale, name: str) -> Problem:
    columns = [str(column) for column in frame.columns]
    if target not in columns:
        raise OptlabError(f"{path} has no column {target!r}{nearest(target, columns)}; its columns are {', '.join(columns)}")
    if len(columns) < 2:
        raise OptlabError(f"{path} has no column beside the target {target!r}; at least one input is needed")
    if columns.count(target) > 1:
        raise OptlabError(f"{path} has {columns.count(target)} columns called {target!r}; give the one to predict a name of its own")
    place = columns.index(target)
    features = frame.drop(columns=frame.columns[place])
    return _made(features, frame.iloc[:, place], path, f", column {target!r}", task, scale, name)


def _made(inputs: Any, targets: Any, path: Path, at: str, task: str | None, scale: Scale, name: str) -> Problem:
    X, y = arrays.inputs(inputs, str(path)), arrays.targets(targets, f"{path}{at}")
    arrays.check_same_rows(X, y, str(path))
    found = arrays.infer_task(y, task, str(path))
    digest = hashlib.blake2b(repr((X.shape, y.dtype.str, found, scale)).encode() + X.tobytes() + y.tobytes(), digest_size=12)

    def table() -> tuple[Any, Any]:
        return X.copy(), y.copy()

    about: dict[str, Any] = {"task": found, "scale": scale, "source": path.name, "content": digest.hexdigest()}
    return TableProblem(name or path.stem, table, {}, distribution=f"file {path.name}", **about)
