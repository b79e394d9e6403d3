"""Tables of a study: CSV, Parquet, JSON lines.

A file gets the trials, a row each (columns: `optlab.study.tables`); a folder gets them as ``trials`` and the learning curves, a row per
trial and evaluated epoch, as ``curves``. Numbers are exact in all three; what is absent is empty in CSV and null in the others, where
infinite values of a curve are null, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from optlab.errors import OptlabError
from optlab.study import tables
from optlab.study.store import Store

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = ("parquet", "csv", "jsonl")


def write(store: Store, study: str, out: Path, form: str) -> int:
    """Write the trials into the file `out`, or trials and curves into the folder `out`; return the number of trials."""
    frame = store.frame(study)
    if out.suffix and not out.is_dir():
        out.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[form]([frame], out)
        return len(frame)
    out.mkdir(parents=True, exist_ok=True)
    _WRITERS[form](_curves(store, study), out / f"curves.{form}")
    _WRITERS[form]([frame], out / f"trials.{form}")
    return len(frame)


def _curves(store: Store, study: str) -> Iterator[pd.DataFrame]:
    """Learning curves some thousand trials at a time, each trial once; one empty table where there are none."""
    seen = set[bytes]()
    for rows in store.curve_blocks(study):
        found = tables.long_curves([(digest, block) for digest, block in rows if digest not in seen])
        if len(found):
            yield found
        seen.update(digest for digest, _ in rows)
    if not seen:
        yield tables.long_curves(())


@contextmanager
def _placed(path: Path) -> Iterator[Path]:
    """A name to write under; what is whole then takes its place under `path`."""
    if path.is_dir():
        raise OptlabError(f"{path} is a folder; give the path of a file with --to")
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _csv(frames: Iterable[pd.DataFrame], path: Path) -> None:
    with _placed(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        for place, frame in enumerate(frames):
            frame.to_csv(file, index=False, header=place == 0)


def _jsonl(frames: Iterable[pd.DataFrame], path: Path) -> None:
    with _placed(path) as part, part.open("w", encoding="utf-8") as file:
        for frame in frames:
            plain = frame.astype(object)
            plain = plain.where(plain.notna() & ~plain.isin([float("inf"), float("-inf")]), None)
            names = list(plain)
            file.writelines(json.dumps(dict(zip(names, row, strict=True)), allow_nan=False) + "\n" for row in plain.itertuples(index=False))


def _parquet(frames: Iterable[pd.DataFrame], path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    from optlab.report.tablefiles import one_kind

    writer = None
    with _placed(path) as part:
        try:
            for frame in frames:
                table = pyarrow.Table.from_pandas(one_kind(frame), preserve_index=False, schema=None if writer is None else writer.schema)
                writer = writer or pyarrow.parquet.ParquetWriter(part, table.schema)
                writer.write_table(table)
        finally:
            if writer is not None:
                writer.close()


_WRITERS: dict[str, Callable[[Iterable[Any], Path], None]] = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}
