"""A study in the formats that other programs read: `export` writes it, `FORMATS` says which there are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from optlab.errors import OptlabError, nearest
from optlab.study.exports import mlflow, tables, tensorboard
from optlab.study.store import Store

FORMATS = (*tables.ENDINGS, "mlflow", "tensorboard")
_FOLDERS: dict[str, Callable[[Store, str, Path], int]] = {"mlflow": mlflow.write, "tensorboard": tensorboard.write}


def chosen(out: Path, form: str | None) -> str:
    """The format: the one asked for, else the one that the file's ending names.

    Raises:
        OptlabError: there is no such format, it is not told, or the ending says another.
    """
    ending = out.suffix.lower().removeprefix(".")
    if form is None and ending in tables.ENDINGS:
        return ending
    if form is None:
        raise OptlabError(f"{out} does not say in which format to write; add --format, one of {', '.join(FORMATS)}")
    if form not in FORMATS:
        raise OptlabError(f"there is no format {form!r}{nearest(form, FORMATS)}; a store is written as {', '.join(FORMATS)}")
    if ending in tables.ENDINGS and ending != form:
        raise OptlabError(f"--format {form} and the ending of {out} disagree; leave one of them out")
    return form


def export(store: Store, study: str, out: Path, form: str | None = None) -> int:
    """Write a study's trials and learning curves; return the number of trials. See the modules of this package for what goes where.

    Raises:
        OptlabError: no such format or study, no library for it, something in the way, or no room.
    """
    form = chosen(out, form)
    try:
        return _FOLDERS[form](store, study, out) if form in _FOLDERS else tables.write(store, study, out, form)
    except OSError as error:
        raise OptlabError(f"{study} cannot be written to {out} ({error.strerror or error}); give another place with --to") from error
